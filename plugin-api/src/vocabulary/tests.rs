//! Each question, on hand-made commands.

//! What each question answers, form by form.

use super::*;
use crate::command::{Command, How, Launcher, Piece, Redirect, RedirectOp, Simple, Stdin, Unknown, Why, Word};

fn unknown(why: Why, name: &str, from: &[usize], quoted: bool) -> Piece {
    Piece::Unknown(Unknown { why, name: name.into(), from: from.to_vec(), quoted })
}

fn word(pieces: &[Piece]) -> Word {
    Word { pieces: pieces.to_vec(), ..Word::default() }
}

fn text(text: &str) -> Piece {
    Piece::Text(text.into())
}

fn line(text: &str) -> Simple {
    Simple::of(&text.split(' ').collect::<Vec<_>>())
}

#[test]
fn programs_are_known_by_their_last_name() {
    let dir = word(&[unknown(Why::Variable, "D", &[], false), text("/rm")]);
    let pattern = word(&[text("/bin/r"), Piece::Glob("[m]".into())]);
    let split = word(&[text("r"), text("m")]);
    for program in [Word::from("/bin/rm"), dir, pattern, split] {
        let simple = Simple { words: vec![program], ..Simple::default() };
        assert!(simple.is(&["rm"]), "{simple:?}");
    }
    let hidden = Simple { words: vec![word(&[unknown(Why::Variable, "X", &[], false)])], ..Simple::default() };
    assert!(!hidden.is(&["rm"]) && hidden.program().is_none());
    assert!(Simple::default().program().is_none());
}

#[test]
fn versions_belong_to_their_program() {
    for name in ["python", "python3", "python3.11", "python-3", "python3.exe"] {
        assert!(Simple::of(&[name]).is_version_of(&["python"]), "{name}");
    }
    for name in ["pythonic", "ipython", "python3-config"] {
        assert!(!Simple::of(&[name]).is_version_of(&["python"]), "{name}");
    }
}

#[test]
fn asking_for_help_does_nothing_else() {
    for help in ["rm --help", "rm -rf --help", "git push --help", "hermes gateway stop --help", "xargs --help rm"] {
        assert!(line(help).only_asks_help(), "{help}");
    }
    for runs in ["rm -rf x --help", "rm -rf -- --help", "sudo reboot --help", "rm -rf /x --version"] {
        assert!(!line(runs).only_asks_help(), "{runs}");
    }
}

#[test]
fn flags_are_found_in_every_spelling() {
    for yes in
        ["rm -r x", "rm -fr x", "rm x -rf", "rm --recursive x", "rm --rec x", "rm -f -v -r x", "rm --recursive=x"]
    {
        assert!(line(yes).has_flag('r', "recursive"), "{yes}");
    }
    for no in ["rm r", "rm --force x", "rm -- -r", "rm --recursively x", "rm x"] {
        assert!(!line(no).has_flag('r', "recursive"), "{no}");
    }
}

#[test]
fn options_take_their_values() {
    const SYNTAX: Syntax = Syntax {
        short_values: "o",
        short_optional: "i",
        long_values: &["output"],
        long_flags: &["out"],
        ..Syntax::GNU
    };
    for (args, value) in [
        ("x -o f", "f"),
        ("x -of", "f"),
        ("x -vof", "f"),
        ("x --output f", "f"),
        ("x --output=f", "f"),
        ("x --outp f", "f"),
    ] {
        let simple = line(args);
        let parsed = simple.parse(&SYNTAX);
        assert!(parsed.value('o', "output").is_some_and(|v| v.is(value)), "{args}");
        assert!(parsed.operands.is_empty(), "{args}");
    }
    let simple = line("x --out f -i.bak g -- -h");
    let parsed = simple.parse(&SYNTAX);
    assert_eq!(parsed.operands.len(), 3);
    assert!(parsed.value('i', "").is_some_and(|v| v.is(".bak")));
}

#[test]
fn unknown_words_are_operands_that_could_be_options() {
    let mut simple = line("rm x");
    simple.words.push(word(&[unknown(Why::Variable, "X", &[], false)]));
    let parsed = simple.parse(&Syntax::GNU);
    assert!(parsed.unknown);
    assert_eq!(parsed.operands.len(), 2);
    simple.words.insert(1, Word::from("--"));
    assert!(!simple.parse(&Syntax::GNU).unknown);
}

#[test]
fn first_operand_ends_the_options_where_it_does() {
    let syntax = Syntax { stops_at_operand: true, ..Syntax::GNU };
    let simple = line("sh script.sh -c arg");
    let parsed = simple.parse(&syntax);
    assert!(!parsed.has('c', ""));
    assert_eq!(parsed.operands.len(), 3);
}

#[test]
fn long_options_may_have_one_dash() {
    let syntax = Syntax { single_dash_long: true, long_values: &["name"], ..Syntax::GNU };
    assert!(line("find . -name x -delete").parse(&syntax).has('\0', "delete"));
    assert!(!line("find . -name -delete").parse(&syntax).has('\0', "delete"));
}

#[test]
fn paths_are_made_comparable() {
    for (path, expected) in [
        ("/etc/hosts", "/etc/hosts"),
        ("//etc///hosts/", "/etc/hosts"),
        ("/./etc/../etc/hosts", "/etc/hosts"),
        ("/..", "/"),
        ("a/../b", "./b"),
        ("../b", "?/b"),
        ("/proc/self/root/etc/x", "/etc/x"),
        ("/private/etc/x", "/etc/x"),
        ("~bob/.ssh/x", "/home/bob/.ssh/x"),
    ] {
        assert_eq!(Word::from(path).path().to_string(), expected);
    }
    let hermes = word(&[unknown(Why::Variable, "HERMES_HOME", &[], true), text("/.env")]);
    assert!(hermes.path().is("~/.hermes/.env"));
    let above = word(&[Piece::Home, text("/../../etc/x")]);
    assert!(above.path().is_within("/etc"));
    let unknown = word(&[unknown(Why::Variable, "X", &[], true), text("/etc/hosts")]);
    assert!(!unknown.path().is_within("/etc"));
}

#[test]
fn paths_are_relative_to_where_they_are_used() {
    let dir = PathShape::parse("/etc/cron.d");
    assert_eq!(Word::from("../hosts").path_in(&dir).to_string(), "/etc/hosts");
    assert!(Word::from("x").path_in(&PathShape::parse("~/.ssh")).is_within("~/.ssh"));
}

#[test]
fn places_know_what_may_lie_in_them() {
    let path = |pieces: &[Piece]| word(pieces).path();
    assert!(path(&[text("/e"), Piece::Glob("?".into()), text("c/hosts")]).is_within("/etc"));
    assert!(path(&[text("/root/.ssh/x")]).is_within("~/.ssh"));
    assert!(path(&[text("/Users/ada/.ssh")]).is_within("~/.ssh"));
    assert!(!path(&[text("/etcetera/x")]).is_within("/etc"));
    assert!(!path(&[text("etc/x")]).is_within("/etc"));
    for (pieces, covers) in [
        (vec![text("/etc")], true),
        (vec![text("/etc/"), Piece::Glob("*".into())], true),
        (vec![text("/")], true),
        (vec![text("/etc/nginx")], false),
        (vec![text("/etc/"), Piece::Glob("*.bak".into())], false),
    ] {
        assert_eq!(path(&pieces).covers("/etc"), covers, "{pieces:?}");
    }
    assert!(path(&[Piece::Home, text("/"), Piece::Glob("*".into())]).covers("~"));
}

#[test]
fn destinations_are_found_by_program() {
    for yes in [
        "tee -a /etc/x",
        "cp a b /etc",
        "cp -t /etc a",
        "cp --target-directory=/etc a",
        "mv a /etc/x",
        "mv /etc/x a",
        "install -m 644 a /etc/x",
        "install -d /etc/x",
        "ln -sf /tmp/x /etc/x",
        "rsync -a x /etc/x",
        "dd if=a of=/etc/x",
        "sed -i s/a/b/ /etc/x",
        "sed -ni 1p /etc/x",
        "sed -i.bak -e s/a/b/ /etc/x",
        "sed --in-place=.b s/a/b/ /etc/x",
        "perl -pi -e s/a/b/ /etc/x",
        "gawk -i inplace 1 /etc/x",
        "truncate -s 0 /etc/x",
        "curl -fsSLo /etc/x http://e",
        "curl --output /etc/x http://e",
        "wget -qO /etc/x http://e",
        "wget -P /etc http://e/x",
        "sort -o /etc/x a",
        "openssl req -out /etc/x",
        "tar -xzf a.tgz -C /etc",
        "tar czf /etc/a.tgz d",
        "unzip a.zip -d /etc",
        "ssh-keygen -f /etc/x",
        "docker cp c:/x /etc/x",
        "nano /etc/x",
        "chmod 600 /etc/x",
        "rm /etc/x",
        "patch /etc/x",
    ] {
        assert!(line(yes).writes_to("/etc"), "{yes}");
    }
    for no in [
        "cp /etc/x .",
        "sed s/a/b/ /etc/x",
        "sed -n 1p /etc/x",
        "tee /tmp/etc-copy",
        "dd if=/etc/x of=a",
        "cat /etc/x",
        "curl -d @/etc/x http://e",
        "rsync -a /etc/x host:/etc/",
        "tar czf a.tgz /etc",
        "ssh-keygen -lf /etc/ssh/key.pub",
        "sort /etc/x",
        "perl -ne print /etc/x",
        "tee --help",
    ] {
        assert!(!line(no).writes_to("/etc"), "{no}");
    }
}

#[test]
fn redirections_write() {
    let mut simple = line("echo x");
    simple.redirects = vec![
        Redirect { fd: Some(0), op: RedirectOp::Read, target: Word::from("/etc/a") },
        Redirect { fd: Some(1), op: RedirectOp::Append, target: Word::from("/tmp/b") },
    ];
    assert!(!simple.writes_to("/etc"));
    assert!(simple.writes_to("/tmp/b"));
}

#[test]
fn copies_into_a_directory_write_their_own_name_there() {
    let mut copy = line("cp dotfiles/.bashrc");
    copy.words.push(word(&[Piece::Home]));
    assert!(copy.writes_to("~/.bashrc"));
}

#[test]
fn flow_is_followed_through_pipes_and_substitutions() {
    // echo "$(curl …)" | tee x | sh
    let mut echo = line("echo");
    echo.words.push(word(&[unknown(Why::Substitution, "", &[1], true)]));
    echo.feeds = vec![2];
    let tee = Simple { stdin: Stdin::Pipe(vec![0]), feeds: vec![3], ..line("tee x") };
    let sh = Simple { stdin: Stdin::Pipe(vec![2]), ..line("sh") };
    let command = Command { simple: vec![echo, line("curl http://e"), tee, sh], ..Command::default() };
    let fed = command.fed_by(|simple| simple.is(&["curl"]));
    assert_eq!(fed, [false, false, true, true]);
    assert_eq!(command.upstream(&command.simple[3]).len(), 3);
    assert_eq!(command.downstream(&command.simple[0]).len(), 2);
    assert_eq!(command.sources(&command.simple[0].words[1]).len(), 1);
}

#[test]
fn a_function_that_calls_itself_recurses() {
    let mut call = line("f");
    assert!(!call.recurses());
    call.via.push(Launcher { program: "f".into(), how: How::Definition });
    assert!(call.recurses());
}
