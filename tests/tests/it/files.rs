//! Stories: a scripted model reads, writes, patches and searches files through the installed program.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use hermes_tests::hermes::{Hermes, Ran, run, text};
use hermes_tests::terminal::{ENTER, Terminal};

const SIGN: &str = "❯ ";
const QUESTION: &str = "Choice [o/D]: ";

fn scripted(script: &str) -> Hermes {
    Hermes::new().scripted(script, "")
}

fn query(hermes: &Hermes) -> Ran {
    run(hermes.command(&["-q", "do it"]))
}

#[track_caller]
fn answers(hermes: &Hermes, answer: &str) -> Ran {
    let ran = query(hermes);
    assert_eq!(ran.out, format!("{answer}\n"), "{ran:?}");
    ran
}

#[test]
fn a_model_edits_a_small_project() {
    let hermes = scripted(
        r#"
- tool_calls: [{name: search_files, arguments: {pattern: 'fn \w+', globs: ['*.rs']}}, {name: read_file, arguments: {path: src/main.rs}}]
- expect: {last_contains: "     2|\tgreet();"}
  tool_calls: [{name: patch, arguments: {path: src/main.rs, old_string: "    greet();", new_string: "    greet(\"you\");"}}]
- expect: {last_contains: "the indentation differed; this is what was really changed):\n--- "}
  tool_calls: [{name: write_file, arguments: {path: src/deep/greet.rs, content: "pub fn greet(who: &str) {}\n"}}]
- expect: {last_contains: "Created `"}
  tool_calls:
  - name: patch
    arguments:
      patch: |
        --- a/src/deep/greet.rs
        +++ b/src/deep/greet.rs
        @@
        -pub fn greet(who: &str) {}
        +pub fn greet(who: &str) {
        +    println!("hello {who}");
        +}
        --- /dev/null
        +++ b/README.md
        @@ -0,0 +1 @@
        +A greeting.
- expect: {last_contains: "+A greeting."}
  tool_calls: [{name: search_files, arguments: {pattern: greet, context: 0}}]
- expect: {last_contains: "src/main.rs:2:\tgreet(\"you\");"}
  tool_calls: [{name: terminal, arguments: {command: 'sed -i s/you/us/ src/main.rs'}}]
- expect: {last_contains: exit code 0}
  tool_calls: [{name: write_file, arguments: {path: src/main.rs, content: gone}}]
- expect: {last_contains: has changed since you read it}
  text: Done.
"#,
    );
    fs::create_dir(hermes.path("work/src")).expect("made");
    fs::write(hermes.path("work/src/main.rs"), "fn main() {\n\tgreet();\n}\n").expect("written");
    fs::write(hermes.path("work/.gitignore"), "secret.rs\n").expect("written");
    fs::write(hermes.path("work/secret.rs"), "fn greet() {}\n").expect("written");
    let ran = answers(&hermes, "Done.");
    assert_eq!(ran.code, Some(0));
    let read = |path: &str| fs::read_to_string(hermes.path(path)).expect("there");
    assert_eq!(read("work/src/main.rs"), "fn main() {\n\tgreet(\"us\");\n}\n");
    assert_eq!(read("work/src/deep/greet.rs"), "pub fn greet(who: &str) {\n    println!(\"hello {who}\");\n}\n");
    assert_eq!(read("work/README.md"), "A greeting.\n");
}

#[test]
fn secrets_are_refused_whatever_the_path() {
    for path in ["$/home/.env", "../home/.env", "notes", "docs/.env", "~/.netrc", ".env", "$/user/.ssh/id_ed25519"] {
        let hermes = Hermes::new();
        let root = text(&hermes.path("")).trim_end_matches('/').to_owned();
        let asked = path.replace('$', &root);
        let hermes = hermes.scripted(
            &format!(
                "
- tool_calls: [{{name: read_file, arguments: {{path: '{asked}'}}}}]
- expect: {{last_contains: 'BLOCKED: '}}
  tool_calls: [{{name: write_file, arguments: {{path: '{asked}', content: mine}}}}]
- expect: {{last_contains: 'nobody can be asked here'}}
  tool_calls: [{{name: search_files, arguments: {{pattern: sesame, path: '{root}', all: true}}}}]
- expect: {{last_contains: 'nothing found'}}
  text: Refused.
"
            ),
            "",
        );
        fs::create_dir(hermes.path("user/.ssh")).expect("made");
        for file in ["home/.env", "user/.netrc", "work/.env", "user/.ssh/id_ed25519"] {
            fs::write(hermes.path(file), "WORD=open-sesame\n").expect("written");
            fs::set_permissions(hermes.path(file), fs::Permissions::from_mode(0o600)).expect("set");
        }
        // The script says the word itself.
        fs::rename(hermes.path("script.yaml"), hermes.path("home/.env.script")).expect("moved");
        symlink(hermes.path("home/.env.script"), hermes.path("script.yaml")).expect("linked");
        symlink(hermes.path("home/.env"), hermes.path("work/notes")).expect("linked");
        symlink(hermes.path("home"), hermes.path("work/docs")).expect("linked");
        let ran = query(&hermes);
        assert_eq!(ran.out, "Refused.\n", "{path}: {ran:?}");
        for file in ["home/.env", "user/.netrc", "work/.env"] {
            assert_eq!(fs::read_to_string(hermes.path(file)).expect("there"), "WORD=open-sesame\n", "{path}");
        }
    }
}

#[test]
fn the_agents_own_settings_are_asked_about_once_each_time() {
    let hermes = Hermes::new();
    let call =
        "- tool_calls: [{name: write_file, arguments: {path: docs/config.yaml, content: 'approvals: {mode: off}'}}]";
    let script = format!("{call}\n- expect: {{last_contains: 'Do not retry it'}}\n  text: No.\n{call}\n- text: Yes.\n");
    let hermes = hermes.scripted(&script, "approvals: {timeout: 30}\n");
    symlink(hermes.path("home"), hermes.path("work/docs")).expect("linked");
    let before = fs::read_to_string(hermes.path("home/config.yaml")).expect("there");
    // Yolo does not lift it.
    let mut terminal = Terminal::open(&hermes, &["--yolo"]);
    terminal.until(SIGN);
    terminal.line("go");
    let seen = terminal.until(QUESTION);
    assert!(seen.contains("write to the agent's own settings") && seen.contains("home/config.yaml"), "{seen}");
    terminal.keys(ENTER);
    terminal.until("No.");
    terminal.until(SIGN);
    assert_eq!(fs::read_to_string(hermes.path("home/config.yaml")).expect("there"), before);
    terminal.line("again");
    terminal.until(QUESTION);
    terminal.line("o");
    terminal.until("Yes.");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(fs::read_to_string(hermes.path("home/config.yaml")).expect("there"), "approvals: {mode: off}");
    let audit = fs::read_to_string(hermes.path("home/logs/audit.jsonl")).expect("there");
    assert_eq!(audit.matches("home/config.yaml").count(), 2, "{audit}");
}

#[test]
fn odd_files_neither_hang_nor_break_anything() {
    let hermes = scripted(
        r#"
- tool_calls: [{name: read_file, arguments: {path: pipe}}]
- expect: {last_contains: is not a regular file}
  tool_calls: [{name: write_file, arguments: {path: pipe, content: x}}]
- expect: {last_contains: is not a regular file}
  tool_calls: [{name: read_file, arguments: {path: /dev/zero}}]
- expect: {last_contains: is not a regular file}
  tool_calls: [{name: read_file, arguments: {path: huge}}]
- expect: {last_contains: is a binary file of 1073741824 bytes}
  tool_calls: [{name: patch, arguments: {path: huge, old_string: a, new_string: b}}]
- expect: {last_contains: is longer than}
  tool_calls: [{name: search_files, arguments: {pattern: needle}}]
- expect: {last_contains: "long:70001:needle\n"}
  tool_calls: [{name: read_file, arguments: {path: long, offset: 70001, limit: 1}}]
- expect: {last_contains: " 70001|needle\n"}
  tool_calls: [{name: patch, arguments: {path: windows, old_string: zwei, new_string: drei}}]
- expect: {last_contains: Changed}
  tool_calls: [{name: write_file, arguments: {path: locked, content: x}}]
- expect: {last_contains: it is read-only}
  tool_calls: [{name: read_file, arguments: {path: wide}}]
- expect: {last_contains: "     1|café\n[UTF-16LE]"}
  tool_calls: [{name: write_file, arguments: {path: loop/x, content: x}}]
- expect: {last_contains: Failed to look at}
  tool_calls: [{name: write_file, arguments: {path: dead, content: x}}]
- expect: {last_contains: is not a regular file}
  text: Still here.
"#,
    );
    let work = |name: &str| hermes.path("work").join(name);
    #[expect(clippy::disallowed_methods, reason = "a story makes a pipe as a person would")]
    let made = Command::new("mkfifo").arg(work("pipe")).status().expect("run");
    assert!(made.success());
    fs::File::create(work("huge")).expect("made").set_len(1 << 30).expect("sparse");
    fs::write(work("long"), format!("{}needle\n", "hay\n".repeat(70_000))).expect("written");
    fs::write(work("windows"), "eins\r\nzwei\r\n").expect("written");
    fs::write(work("wide"), b"\xff\xfec\0a\0f\0\xe9\0\n\0").expect("written");
    fs::write(work("locked"), "mine\n").expect("written");
    fs::set_permissions(work("locked"), fs::Permissions::from_mode(0o444)).expect("set");
    symlink("loop", work("loop")).expect("linked");
    symlink("nowhere", work("dead")).expect("linked");
    answers(&hermes, "Still here.");
    assert_eq!(fs::read(work("windows")).expect("there"), b"eins\r\ndrei\r\n");
    assert_eq!(fs::read(work("locked")).expect("there"), b"mine\n");
    assert!(!work("nowhere").exists());
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let hermes = scripted(
        "
- tool_calls: [{name: write_file, arguments: {path: small/kept, content: \"much more than there was before, and than fits\"}}]
- expect: {last_contains: No space left on device}
  text: It is full.
",
    );
    fs::create_dir(hermes.path("work/small")).expect("made");
    let script = r#"mount -t tmpfs -o size=16k tmpfs small || exit 99
        printf before > small/kept
        cat /dev/zero > small/fill 2>/dev/null
        "$HERMES" -q go; echo "hermes: $?"
        cat small/kept; echo; ls -A small"#;
    let mut command = hermes.command(&[]);
    let environment: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    #[expect(clippy::disallowed_methods, reason = "a story runs the program in a namespace of its own")]
    let mut own = Command::new("unshare");
    own.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).env_clear();
    own.envs(environment.into_iter().filter_map(|(name, value)| Some((name, value?))));
    own.env("HERMES", hermes.program()).current_dir(hermes.path("work"));
    std::mem::swap(&mut command, &mut own);
    let ran = run(command);
    assert_ne!(ran.code, Some(99), "user and mount namespaces are needed here: {ran:?}");
    assert_eq!(ran.out, "It is full.\nhermes: 0\nbefore\nfill\nkept\n", "{ran:?}");
}

#[test]
fn what_was_changed_is_taken_back_after_it_was_shown() {
    let hermes = scripted(
        r#"
- tool_calls: [{name: write_file, arguments: {path: a, content: "two\n"}}, {name: write_file, arguments: {path: new/b, content: "b\n"}}]
- text: First.
- tool_calls: [{name: write_file, arguments: {path: a, content: "three\n"}}, {name: write_file, arguments: {path: c, content: "c\n"}}]
- text: Second.
"#,
    );
    fs::write(hermes.path("work/a"), "one\n").expect("written");
    fs::set_permissions(hermes.path("work/a"), fs::Permissions::from_mode(0o640)).expect("set");
    let read = |name: &str| fs::read_to_string(hermes.path("work").join(name)).ok();
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    for (say, shown, answer) in
        [("the first change", "-one\n+two\n", "First."), ("the second change", "-two\n+three\n", "Second.")]
    {
        terminal.line(say);
        terminal.until(shown);
        terminal.until(answer);
        terminal.until(SIGN);
    }
    terminal.line("/rollback list");
    let list = terminal.until("new/b");
    assert!(list.contains("1  the second change") && list.contains("2  the first change"), "{list}");
    terminal.until(SIGN);
    // Somebody else goes on with one of them.
    fs::write(hermes.path("work/c"), "theirs\n").expect("written");
    terminal.line("/rollback");
    let asked = terminal.until("Choice [o/L]: ");
    assert!(asked.contains("-three") && asked.contains("+two") && asked.contains("-theirs"), "{asked}");
    terminal.keys(ENTER);
    terminal.until("c: left alone: somebody else changed it since");
    terminal.until(SIGN);
    assert_eq!((read("a").as_deref(), read("c").as_deref()), (Some("two\n"), Some("theirs\n")));
    terminal.line("/rollback 9");
    terminal.until("Choice [o/L]: ");
    terminal.line("o");
    terminal.until("c: taken back");
    terminal.until(SIGN);
    assert_eq!((read("a").as_deref(), read("new/b"), read("c")), (Some("one\n"), None, None));
    let mode = fs::metadata(hermes.path("work/a")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    terminal.line("/rollback");
    terminal.until("No tool changed a file in this session");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}
