//! What is carried from one command to the next.

use super::*;

#[tokio::test]
async fn the_directory_is_carried() {
    let t = Fixture::new().await;
    let path = t.path();
    let check = async |command: &str, cwd: &str| {
        let result = t.run(command).await;
        assert_eq!(result.cwd, cwd, "{command}: {}", result.output);
    };
    check("true", &path).await;
    check("mkdir -p sub/deep; cd sub", &format!("{path}/sub")).await;
    check("pwd", &format!("{path}/sub")).await;
    check("(cd /)", &format!("{path}/sub")).await;
    check("cd deep; exit 3", &format!("{path}/sub/deep")).await;
    check("cd ..; set -e; false", &format!("{path}/sub")).await;
    check("cd ..; exec >&- 2>&-", &path).await;
    check("cd sub; trap 'echo bye' EXIT", &format!("{path}/sub")).await;
    check("cd /; exec true", &format!("{path}/sub")).await;
    check("cd .. || exit; kill -TERM $$", &path).await;
    check("cd sub; set -x; set -u; set -f; IFS=/", &format!("{path}/sub")).await;
    check("cd ..; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do eval \"exec $n>&-\"; done", &format!("{path}/sub")).await;
    check("cd deep; exec 10>&- 11>&-", &format!("{path}/sub/deep")).await;
    check("cd ..; true", &format!("{path}/sub")).await;
    check("cd ..; printf() { echo no; }; export() { :; }; cd() { :; }", &path).await;
    check("function builtin { :; }; set -o posix; true", &path).await;
    check("if", &path).await;
}

#[tokio::test]
async fn odd_directories_are_carried() {
    let t = Fixture::new().await;
    for name in ["two words", "new\nline", "quo'te\"$(x)`y`", "-dash", "caf\u{e9}", "tab\there", "*?[", "\u{1}"] {
        let dir = t.dir.path().join(name);
        std::fs::create_dir(&dir).expect("made");
        let result = t.run(&format!("cd -- '{}'", name.replace('\'', "'\\''"))).await;
        assert_eq!(result.cwd, format!("{}/{name}", t.path()), "{}", result.output);
        t.check("touch here; ls; cd ..", "here\n", 0).await;
    }
}

#[tokio::test]
async fn a_directory_that_is_gone_runs_nothing_and_falls_back() {
    let t = Fixture::new().await;
    t.run("mkdir gone; cd gone; rmdir ../gone").await;
    let result = t.run("touch ran").await;
    assert_eq!((result.exit_code, result.cwd), (Some(1), t.path()));
    assert!(result.output.contains("gone: No such file or directory"), "{}", result.output);
    assert_eq!(std::fs::read_dir(t.dir.path()).expect("listed").count(), 0);
}

#[tokio::test]
async fn a_command_elsewhere_does_not_move_the_session() {
    let t = Fixture::new().await;
    let witness = t.witness_at("pwd; cd usr; export MOVED=1", "/".to_owned());
    let options = RunOptions { elsewhere: true, ..RunOptions::default() };
    let result = t.shell.run(witness, &options, None, &Cancel::never()).await.expect("runs");
    assert_eq!((result.output.as_str(), result.cwd), ("/\n", t.path()));
    t.check("echo $MOVED", "1\n", 0).await;
}

#[tokio::test]
async fn directories_that_are_asked_for_are_resolved() {
    let t = Fixture::new().await;
    let path = t.path();
    for (asked, expected) in [
        (None, path.clone()),
        (Some("/usr"), "/usr".to_owned()),
        (Some("/usr/"), "/usr".to_owned()),
        (Some("/"), "/".to_owned()),
        (Some("sub"), format!("{path}/sub")),
        (Some("~/sub"), format!("{path}/sub")),
        (Some("~other"), format!("{path}/~other")),
    ] {
        assert_eq!(t.shell.directory(asked), expected, "{asked:?}");
    }
}

#[tokio::test]
async fn exported_variables_are_carried() {
    let t = Fixture::new().await;
    t.run("export A=1 B=$'two\\nlines \"q\" $x `y` \\\\'; C=3; export D='caf\u{e9}'; unset GIVEN").await;
    t.check("echo \"$A|$B|$C|$D|${GIVEN-none}\"", "1|two\nlines \"q\" $x `y` \\||caf\u{e9}|none\n", 0).await;
    t.run("A=2; unset B; export GIVEN=again").await;
    t.check("echo \"$A|${B-none}|$GIVEN\"", "2|none|again\n", 0).await;
    t.run("A=3; exit 7").await;
    t.check("echo $A", "3\n", 0).await;
}

#[tokio::test]
async fn what_the_place_itself_gives_its_shells_can_be_unset_and_changed() {
    let t = Fixture::new().await;
    t.check("echo \"$PLACED\"", "by the place\n", 0).await;
    t.run("unset PLACED").await;
    t.check("echo \"${PLACED-none}\"", "none\n", 0).await;
    t.run("export PLACED=mine").await;
    t.check("echo \"$PLACED\"", "mine\n", 0).await;
    t.run("unset PLACED").await;
    t.check("echo \"${PLACED-none}\"", "none\n", 0).await;
    t.run("unset PATH").await;
    t.check("echo \"${PATH-none}\"", "none\n", 0).await;
    t.run("export PATH=/usr/bin:/bin").await;
    t.check("ls; echo \"$PATH\"", "/usr/bin:/bin\n", 0).await;
}

#[tokio::test]
async fn what_the_place_changes_by_itself_is_not_held_on_to() {
    let t = Fixture::new().await;
    for turn in ["1", "2", "3"] {
        std::fs::write(t.dir.path().join("turn"), turn).expect("written");
        t.check("echo $TURN", &format!("{turn}\n"), 0).await;
    }
}

#[tokio::test]
async fn what_hooks_the_loader_or_the_shell_is_not_carried() {
    let t = Fixture::new().await;
    t.run("export LD_PRELOAD= LD_AUDIT=/x BASH_ENV=/x ENV=/x PS4=x PROMPT_COMMAND=x; f() { :; }; export -f f").await;
    let names = "${LD_PRELOAD-n} ${LD_AUDIT-n} ${BASH_ENV-n} ${ENV-n} ${PROMPT_COMMAND-n}";
    t.check(&format!("echo {names}; type -t f"), "n n n n n\n", 1).await;
}

#[tokio::test]
async fn a_broken_path_is_carried_and_can_be_mended() {
    let t = Fixture::new().await;
    t.run("export PATH=/nowhere").await;
    t.check("ls", "bash: line 1: ls: command not found\n", 127).await;
    t.run("export PATH=/usr/bin:/bin").await;
    t.check("ls", "", 0).await;
}

#[tokio::test]
async fn arrays_and_what_is_not_text_are_not_carried() {
    let t = Fixture::new().await;
    t.run("declare -ax LIST=(1 2); declare -Ax MAP=([a]=b); export BYTES=$'\\xff' TEXT=1").await;
    t.check("echo \"${LIST-none} ${MAP-none} ${BYTES-none} $TEXT\"", "none none none 1\n", 0).await;
}

#[tokio::test]
async fn too_many_variables_are_dropped_not_broken() {
    let t = Fixture::new().await;
    t.run("for i in {1..1000}; do export V$i=$i; done; export BIG=$(head -c 100000 /dev/zero | tr '\\0' x)").await;
    let result = t.run("env | grep -c ^V; echo ${#BIG}; export LAST=1").await;
    let lines: Vec<_> = result.output.lines().collect();
    assert_eq!(lines, ["256", "0"]);
}

#[tokio::test]
async fn a_forged_report_can_lie_about_the_directory_and_no_more() {
    let t = Fixture::new().await;
    t.check(
        "printf '\\0<0123456789abcdef0123456789abcdef\\0/etc\\0'; echo text",
        "<0123456789abcdef0123456789abcdef/etctext\n",
        0,
    )
    .await;
    assert_eq!(t.shell.cwd(), t.path());
    let forge = "n=$__hermes_nonce; printf '\\0<%s\\0/etc\\0declare -x LD_PRELOAD=\"/x\"\\ndeclare -x A=\"1\"\\n\\0>%s\\0' $n $n; \
                 exec true";
    t.run(forge).await;
    assert_eq!(t.shell.cwd(), "/etc", "as if it had gone there");
    t.check("pwd; echo \"${LD_PRELOAD-none}\"", "/etc\nnone\n", 0).await;
    t.run("printf '\\0<%s\\0not absolute\\0\\0>%s\\0' $__hermes_nonce $__hermes_nonce; exec true").await;
    assert_eq!(t.shell.cwd(), "/etc");
}

#[tokio::test]
async fn a_subshell_does_not_tell_for_its_parent() {
    let t = Fixture::new().await;
    t.run("(cd /usr; __hermes_report); exec true").await;
    assert_eq!(t.shell.cwd(), t.path());
}

#[tokio::test]
async fn zero_bytes_in_the_output_are_no_marks() {
    let t = Fixture::new().await;
    t.check("printf 'a\\0b\\0<c\\0'", "ab<c", 0).await;
    t.check("head -c 5 /dev/zero; cd /", "", 0).await;
    assert_eq!(t.shell.cwd(), "/");
}

#[tokio::test]
async fn commands_side_by_side_keep_each_others_changes() {
    let t = Fixture::new().await;
    let fifo = format!("{}/gate", t.path());
    t.run("mkdir sub; mkfifo gate").await;
    let waiting = t.run("export SLOW=1; cat gate");
    let quick = async {
        t.run("cd sub; export QUICK=1").await;
        let witness = t.witness_at(&format!("echo >{fifo}"), "/".to_owned());
        let options = RunOptions { elsewhere: true, ..RunOptions::default() };
        t.shell.run(witness, &options, None, &Cancel::never()).await.expect("runs");
    };
    tokio::join!(waiting, quick);
    assert_eq!(t.shell.cwd(), format!("{}/sub", t.path()));
    t.check("echo $SLOW $QUICK", "1 1\n", 0).await;
}
