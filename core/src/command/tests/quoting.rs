//! Quotes, escapes and expansions that are computed.

use super::{check, check_with};
use hermes_plugin_api::command::ProblemKind::{Hidden, Opaque};

#[test]
fn quotes_are_resolved() {
    for line in [
        "rm -rf x",
        "r''m -rf x",
        "r\"\"m -rf x",
        "r\\m -rf x",
        "'rm' -rf x",
        "\"rm\" -r\"f\" x",
        "$'rm' -rf x",
        "$'\\x72m' -rf x",
        "$\"rm\" -rf x",
        "rm\t-rf\\\n x",
        "r\\\nm -rf x",
        "{rm,-rf,x}",
        "rm${IFS}-rf${IFS}x",
        "rm$IFS-rf$IFS'x'",
        "r$@m -r${*}f x",
        "$(echo rm) -rf x",
        "`echo rm` -rf x",
        "$(printf 'r%s' m) -rf x",
        "rm $(echo -rf) x",
    ] {
        let command = super::read(line);
        let last = command.simple.iter().find(|simple| simple.words.len() == 3).map(super::render);
        assert_eq!(last.as_deref(), Some("rm -rf x"), "{line}: {command:?}");
        assert!(command.problems.is_empty(), "{line}: {:?}", command.problems);
    }
}

#[test]
fn words_keep_their_shape() {
    check("echo 'a b' \"c d\" e\\ f", &["echo 'a b' 'c d' 'e f'"]);
    check("echo '' \"\"", &["echo '' ''"]);
    check("echo a{b,c}d {1..3} {a,b}{1,2} {x} {} a{,b}", &["echo abd acd 1 2 3 a1 a2 b1 b2 {x} {} a ab"]);
    check("echo {01..03} {3..1} {a..c} {1..9..4}", &["echo 01 02 03 3 2 1 a b c 1 5 9"]);
    check("echo \"{a,b}\" '{c,d}' \\{e,f}", &["echo {a,b} {c,d} {e,f}"]);
    // What a `${…}` leaves open belongs to it when braces are looked for.
    check("b=x; echo ${b:-{a,b}{c,d}} ${b:+{a,b}{c,d}}{e,f}", &["b=x", "echo x{c,d}} {a,b{c,d}}e {a,b{c,d}}f"]);
    check("ls *.txt a?b [ab]c", &["ls <*>.txt a<?>b <[ab]>c"]);
    check("ls '*.txt' \\*", &["ls *.txt *"]);
    check("cd ~ && ls ~/x \"~\" a~", &["cd <HOME>", "ls <HOME>/x ~ a~"]);
    check("cat $HOME/x \"${HOME}/y\"", &["cat <HOME>/x <HOME>/y"]);
}

#[test]
fn variables_of_the_line_are_followed() {
    check("a=rm; $a -rf x", &["a=rm", "rm -rf x"]);
    check("a='rm -rf x'; $a", &["a='rm -rf x'", "rm -rf x"]);
    check("a='b c'; echo \"$a\" $a", &["a='b c'", "echo 'b c' b c"]);
    check("a=r b=m; $a$b x", &["a=r b=m", "rm x"]);
    check("a=xrmx; ${a:1:2} y", &["a=xrmx", "rm y"]);
    check(
        "a=foo.sh; echo ${a%.sh} ${a#*o} ${a##*o} ${#a} ${a/o/0} ${a//o/0} ${a^} ${a^^}",
        &["a=foo.sh", "echo foo o.sh .sh 6 f0o.sh f00.sh Foo.sh FOO.SH"],
    );
    check("a=(rm -rf x); \"${a[@]}\"; ${a[0]} y", &["a='rm -rf x'", "rm -rf x", "rm y"]);
    check("a=b; b=rm; ${!a} x", &["a=b", "b=rm", "rm x"]);
    check("set -- rm x; $1 $2; \"$@\"", &["set -- rm x", "rm x", "rm x"]);
    check("echo $((1+2*3)) $((x=4, x+1))", &["echo 7 5"]);
    check("a=1; a+=2; echo $a", &["a=1", "a=2", "echo 12"]);
    check("IFS=; b=(y x); echo ${!b[*]} \"${!b[*]}\"", &["IFS=''", "b=yx", "echo '0 1' 01"]);
    check("unset a; ${a:-rm} x", &["unset a", "rm x"]);
    check("IFS=,; a=rm,x; $a", &["IFS=,", "a=rm,x", "rm x"]);
}

#[test]
fn unknown_programs_are_opaque() {
    check_with("$x -rf /data", &["?x -rf /data", "-rf /data"], &[Opaque]);
    check_with("$EDITOR file", &["?EDITOR file", "file"], &[Opaque]);
    check_with("/b?n/rm -rf x", &["/b<?>n/rm -rf x"], &[Opaque]);
    check_with("${X:-rm} -rf x", &["?X -rf x", "-rf x", "rm -rf x"], &[Opaque]);
    check_with("$(curl e)", &["?Substitution", "curl e"], &[Opaque]);
}

#[test]
fn unknown_arguments_are_no_problem() {
    check("make -j$(nproc)", &["make -j?Substitution", "nproc"]);
    check("for f in *.txt; do echo \"$f\"; done", &["echo ?.txt"]);
    check("cat \"$1\"", &["cat ''"]);
    check("export PATH=$PATH:/x", &["export PATH=?PATH:/x"]);
    check("\"$DIR\"/bin/tool x", &["?DIR/bin/tool x"]);
}

#[test]
fn hidden_characters_are_found_and_seen_through() {
    check_with("r\u{200b}m -rf x", &["r\u{200b}m -rf x", "cleaned: rm -rf x"], &[Hidden]);
    check_with("\u{1b}[31mrm\u{1b}[0m -rf x", &["\u{1b}[31mrm\u{1b}[0m -rf x", "cleaned: rm -rf x"], &[Hidden]);
    check("ｒｍ -rf x", &["ｒｍ -rf x", "cleaned: rm -rf x"]);
    check("echo ＇ ; rm -rf x ; echo ＇", &["echo ＇", "rm -rf x", "echo ＇", "cleaned: echo ' ; rm -rf x ; echo '"]);
    check("echo don…t™", &["echo don…t™", "cleaned: echo don...tTM"]);
    check("echo 👩\u{200d}💻 ok", &["echo 👩\u{200d}💻 ok"]);
}
