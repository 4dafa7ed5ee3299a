//! Lines that the differential test found to be read otherwise than bash runs them, each with commands that
//! it runs.

use super::{check_with, read, simples};
use hermes_plugin_api::command::ProblemKind;

/// Checks that commands, without their launchers, are among those that a line is read as.
#[track_caller]
fn runs(line: &str, expected: &[&str]) {
    let command = read(line);
    assert!(command.problems.is_empty(), "{line}: {:?}", command.problems);
    let all = simples(&command);
    let plain: Vec<&str> = all.iter().map(|one| one.rsplit("> ").next().unwrap_or_default()).collect();
    for one in expected {
        assert!(plain.contains(one), "{line}\nruns {one}\nread {plain:?}");
    }
}

#[track_caller]
fn asks(line: &str) {
    let problems = read(line).problems;
    assert!(problems.iter().any(|problem| problem.kind == ProblemKind::Opaque), "{line}: {problems:?}");
}

#[test]
fn separators() {
    runs("IFS=' :'; a='a : b::c'; curl $a", &["curl a b '' c"]);
    runs("v=r; ${v}m @", &["rm @"]);
    runs("v=rmx; ${v:0:1}m x", &["rm x"]);
    runs("IFS=, read -r v c <<< '-rf,z'; rm $v $c", &["rm -rf z"]);
    runs("IFS=, read -r v c <<< 'x,y,z'; rm $v $c", &["rm x y,z"]);
    runs("set -- $a -v; rm x\"$@\"y", &["rm x-vy"]);
    runs("echo 'rm \"$@\"' > s; . ./s a; . ./s", &["rm a", "rm"]);
    runs("set -- $a x,y; chmod x$@y", &["chmod x?a x,yy", "chmod xx,yy"]);
}

#[test]
fn variables_get_values_in_many_ways() {
    runs("printf -v v '%s ' rm -rf /; $v", &["rm -rf /"]);
    runs("v=ls; printf -v v rm; $v x", &["rm x"]);
    runs("read -ra b <<< 'rm x'; ${b[@]}", &["rm x"]);
    runs("mapfile -t b < <(printf '%s\\n' rm x); \"${b[@]}\"", &["rm x"]);
    runs("declare -a a=(rm -rf x); ${a[*]}", &["rm -rf x"]);
    runs("declare -A m=([k]='rm x'); ${m[k]}", &["rm x"]);
    runs("declare -A m; m[k]=rm; ${m[k]} x", &["rm x"]);
    runs("declare -A m=(k rm); ${m[k]} x", &["rm x"]);
    runs("declare -n nr=a; a='rm x'; $nr", &["rm x"]);
    runs("declare -n nr=a; nr=rm; $a x", &["rm x"]);
    runs("f() { local -n to=$1; to=rm; }; f v; $v x", &["rm x"]);
    runs("b=a; b=x eval 'rm $b'", &["rm x"]);
    runs("w='rm x' bash -c 'eval \"$w\"'", &["rm x"]);
    runs("b=([2]=x [5]=z); rm \"${!b[@]}\" ${b[5]} ${b[-1]}", &["rm 2 5 z z"]);
    runs("a=(a b c); unset 'a[1]'; rm \"${a[@]}\" ${#a[@]}", &["rm a c 2"]);
    runs("a='a b'; eval rm ${a@Q} ${a@U}", &["rm 'a b' A B"]);
    runs("HOME=/other; rm ~ ~/y", &["rm /other /other/y"]);
    runs("f() { local c=~; rm $c; }; f", &["rm <HOME>"]);
    runs("r=($(ls) x); r[1]=z; r[0]=y; rm ${#r[@]}", &["rm ?r"]);
    asks("a='$(rm x)'; echo \"${a@P}\"");
    asks("declare -i c; c=1; $c");
}

#[test]
fn values_that_may_be() {
    runs("for b in x ${unset:+z}k=v; do rm $b; done", &["rm x", "rm k=v", "rm zk=v"]);
    runs("true && echo git >> s; echo ls >> s; sh s", &["git", "ls"]);
    runs("true || f() { rm x; }; f", &["rm x"]);
    runs("false || f() { local v=z; c=$v; }; f; rm $c", &["rm z"]);
}

#[test]
fn traps_run_later() {
    runs("b=a; trap 'rm $b' ERR; b=b; false; b=c", &["rm a", "rm b", "rm c"]);
    runs("f() { ls; }; trap f EXIT; f() { rm x; }", &["rm x"]);
    runs("trap -- 'rm x' EXIT", &["rm x"]);
    runs("trap 'rm a' EXIT; trap 'rm b' EXIT", &["rm a", "rm b"]);
    runs("(trap 'rm $v' EXIT; v=x)", &["rm x"]);
    asks("trap 'v=rm' DEBUG; v=ls; $v x");
}

#[test]
fn options_and_streams() {
    runs("set +B; rm {a,b}; set -B; mv {a,b}", &["rm {a,b}", "mv a b"]);
    asks("set -k; rm x=y");
    asks("echo 'rm x' > s; exec < s; sh");
    runs("exec < /dev/null; rm x", &["rm x"]);
    runs("echo 'rm $*' | sh -", &["rm"]);
    runs("f() { rm x; }; export -f f; bash -c f", &["rm x"]);
    runs("env - PATH=/bin rm x", &["PATH=/bin rm x"]);
    runs("echo Zm x | sed s/Z/r/ | sh", &["rm x"]);
    runs("echo 'QQrm x' | sed 's/^QQ//; s/x$/y/' | sh", &["rm y"]);
}

#[test]
fn aliases_and_patterns() {
    runs("shopt -s expand_aliases\nalias a1='rm '\nalias a2='x y'\na1 a2", &["rm x y"]);
    runs("shopt -s expand_aliases\nalias al='rm x'\n{ alias al=ls\nal; }", &["rm x", "ls"]);
    check_with("r@(m) x", &["r<@(m)> x"], &[ProblemKind::Opaque]);
    runs("[[ -n #x ]] && rm x", &["rm x"]);
}

#[test]
fn what_a_trap_sets_fires_too() {
    runs("trap 'v=a; trap '\\''chown $v'\\'' ERR; v=b; false' EXIT", &["chown ?v"]);
    runs("trap 'trap \"curl term\" TERM; kill $$' EXIT; rm", &["curl term"]);
    asks("f() { trap f EXIT; }; f");
}

#[test]
fn either_side_of_an_or_comes_before_an_and() {
    runs("a=b; echo x | sh || a=c && curl $a", &["curl b", "curl c"]);
    runs("a=b; true && a=c || a=d && curl $a && a=e && curl $a", &["curl c", "curl d", "curl e"]);
}

#[test]
fn an_array_stays_one() {
    runs("a=(p q); a=x; rm \"${a[@]}\"", &["rm x q"]);
    runs("a=x; a+=(y); a=z; rm \"${a[@]}\"", &["rm z y"]);
    asks("for ((i=0; i<2; i++)); do a=x; a+=(y); rm \"${a[@]}\"; \"${a[@]}\"; done");
    runs("mv \"${@: -1}\" ${@:0:1} ${@: -2}", &["mv bash bash"]);
    runs("set -- a b; mv ${@: -3} ${@: -2:1}", &["mv bash a b a"]);
}

#[test]
fn lists_do_not_reach_a_child() {
    runs("a=(x y); export a; sh -c 'rm $a z'", &["rm z"]);
    runs("declare -ax a=(x y); bash -c 'rm ${a[0]}z'", &["rm z"]);
    runs("export a=x; a=w; bash -c 'rm $a'", &["rm w"]);
}

#[test]
fn a_posix_shell_expands_no_tilde_after_an_equals_sign() {
    runs("sh -c 'dd of=~/x'", &["dd of=~/x"]);
    runs("sh -c 'a=~/x; rm $a'", &["rm <HOME>/x"]);
    runs("sh -c 'bash -c \"dd of=~/x\"'; dd of=~/x", &["dd of=<HOME>/x"]);
}

#[test]
fn shells_of_another_system_are_unwrapped() {
    runs("cmd.exe /c rm -rf x", &["rm -rf x"]);
    runs("cmd.exe /s /c 'rm -rf x && ls'", &["rm -rf x"]);
    runs("wsl.exe -d Debian rm -rf x", &["rm -rf x"]);
    runs("bash.exe -c 'rm -rf x'", &["rm -rf x"]);
}

#[test]
fn run_parts_runs_what_the_line_wrote_into_the_folder() {
    runs("echo 'rm -rf x' > /tmp/d/a; chmod +x /tmp/d/a; run-parts --umask 022 /tmp/d", &["rm -rf x"]);
    runs("echo 'rm -rf x' > d/a; run-parts -v ./d/", &["rm -rf x"]);
    check_with(
        "echo 'rm -rf x' > d/a; run-parts --test d; run-parts e",
        &["echo 'rm -rf x' 1Write:d/a", "run-parts --test d", "run-parts e"],
        &[],
    );
}

#[test]
fn a_file_is_what_it_was_under_another_name() {
    runs("cp /bin/rm x; ./x -rf y", &["/bin/rm -rf y"]);
    runs("ln -s /bin/rm /tmp/x && /tmp/x -rf y", &["/bin/rm -rf y"]);
    runs("cp -t bin /bin/rm /bin/ls; bin/rm -rf y", &["/bin/rm -rf y"]);
    runs("echo 'rm -rf y' > a; cp a b; sh b", &["rm -rf y"]);
    runs("echo 'rm -rf y' > a; mv a bin/; sh bin/a", &["rm -rf y"]);
    runs("echo 'rm -rf y' > a; install -m 755 a b; ./b", &["rm -rf y"]);
    runs("ln -s a b; echo 'rm -rf y' > a; sh b", &["rm -rf y"]);
    runs("ln -s a b; ln -s b c; echo 'rm -rf y' > a; sh c", &["rm -rf y"]);
    asks("ln -s a b; echo 'rm -rf y' > b; sh a");
    asks("mkfifo p; bash < p & echo 'rm -rf y' > p");
    check_with("cp a b; cat b; cp x.sh y.sh", &["cp a b", "cat b", "cp x.sh y.sh"], &[]);
}

#[test]
fn what_is_written_to_a_coprocess_is_not_known() {
    asks("coproc bash; echo 'rm -rf y' >&${COPROC[1]}");
    asks("coproc X { sh; }; echo 'rm -rf y' >&${X[1]}");
    check_with("coproc cat", &["cat &"], &[]);
}

#[test]
fn programs_that_run_others_for_a_build() {
    runs("cmake -E rm -rf y", &["rm -rf y"]);
    runs("cmake -E env A=1 rm -rf y", &["A=1 rm -rf y"]);
    runs("go run -exec 'rm -rf' x.go", &["rm -rf"]);
    runs("go test --exec='rm -rf y' ./...", &["rm -rf y"]);
    runs("/proc/self/exe -c 'rm -rf y'", &["rm -rf y"]);
}
