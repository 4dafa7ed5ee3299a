use std::path::Path;

use super::verify::{Verified, verify};
use super::*;

fn decide(audit: &Audit, command: &str) {
    try_decide(audit, command).expect("written");
}

fn try_decide(audit: &Audit, command: &str) -> Result<()> {
    audit.record(&Record { command, session: "s", allowed: true, by: "no findings", ..Record::default() })
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[track_caller]
fn whole(home: &Path, decisions: usize) -> Verified {
    let verified = verify(home).expect("readable");
    assert_eq!(verified.broken, None);
    assert_eq!(verified.decisions, decisions);
    verified
}

#[track_caller]
fn broken(home: &Path, line: usize, why: &str) {
    let broken = verify(home).expect("readable").broken.expect("it is broken");
    assert_eq!(broken.line, line, "{}", broken.why);
    assert!(broken.why.contains(why), "{}", broken.why);
}

fn edit(home: &Path, change: impl FnOnce(String) -> String) {
    let log = home.join("logs/audit.jsonl");
    let text = std::fs::read_to_string(&log).expect("a log");
    std::fs::write(&log, change(text)).expect("written");
}

fn lines(text: &str, keep: impl Fn(usize) -> bool) -> String {
    text.lines().enumerate().filter(|(at, _)| keep(*at)).map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn decisions_are_written_and_read_back() {
    let home = home();
    let audit = Audit::new(home.path());
    for command in ["one", "two", "three"] {
        decide(&audit, command);
    }
    whole(home.path(), 3);
    let last = read::last(home.path(), 2, Some("s")).expect("readable");
    assert_eq!(last.iter().map(|line| line.command.as_str()).collect::<Vec<_>>(), ["two", "three"]);
    assert_eq!(read::last(home.path(), 9, Some("other")).expect("readable"), []);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(audit.path()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn no_log_is_a_whole_log() {
    whole(home().path(), 0);
}

#[test]
fn a_long_command_is_cut_and_hashed() {
    let home = home();
    decide(&Audit::new(home.path()), &"é".repeat(100_000));
    let line = read::last(home.path(), 1, None).expect("readable").remove(0);
    assert_eq!(line.command_bytes, Some(200_000));
    assert!(line.command_sha256.is_some() && line.command.len() <= 4096);
}

#[test]
fn changing_removing_and_reordering_is_noticed() {
    type Change = fn(String) -> String;
    let cases: [(Change, usize, &str); 6] = [
        (|text| text.replace("\"two\"", "\"owt\""), 3, "does not follow"),
        (|text| lines(&text, |at| at != 1), 2, "does not follow"),
        (|text| lines(&text, |at| at != 0), 1, "does not follow"),
        (|text| lines(&text, |at| at < 2), 3, "end of the log is gone"),
        (|text| text.replacen("{\"prev\"", "{\"x", 2).replacen("{\"x", "{\"prev\"", 1), 2, "not a decision"),
        (|_| String::new(), 1, "end of the log is gone"),
    ];
    for (change, line, why) in cases {
        let home = home();
        let audit = Audit::new(home.path());
        ["one", "two", "three", "four"].iter().for_each(|command| decide(&audit, command));
        edit(home.path(), change);
        broken(home.path(), line, why);
    }
}

#[test]
fn an_end_that_was_cut_off_stays_noticed_after_the_next_decision() {
    let home = home();
    ["one", "two", "three"].iter().for_each(|command| decide(&Audit::new(home.path()), command));
    edit(home.path(), |text| lines(&text, |at| at < 1));
    decide(&Audit::new(home.path()), "four");
    decide(&Audit::new(home.path()), "five");
    broken(home.path(), 2, "are gone");
}

#[test]
fn a_line_cut_short_is_set_apart_and_told() {
    let home = home();
    ["one", "two"].iter().for_each(|command| decide(&Audit::new(home.path()), command));
    edit(home.path(), |text| text + "{\"prev\":\"12");
    assert_eq!(whole(home.path(), 2).notes.len(), 1);
    decide(&Audit::new(home.path()), "three");
    decide(&Audit::new(home.path()), "four");
    let verified = whole(home.path(), 4);
    assert!(verified.notes.iter().any(|note| note.contains(":3 was cut short")), "{:?}", verified.notes);
    // The line before the torn one is still part of the chain.
    edit(home.path(), |text| text.replace("\"two\"", "\"owt\""));
    broken(home.path(), 3, "not a decision");
}

#[test]
fn a_writer_that_ended_before_the_head_was_written_is_no_damage() {
    let home = home();
    let audit = Audit::new(home.path());
    decide(&audit, "one");
    let head = std::fs::read(home.path().join("logs/audit.head")).expect("a head");
    decide(&audit, "two");
    std::fs::write(home.path().join("logs/audit.head"), head).expect("written");
    whole(home.path(), 2);
    decide(&Audit::new(home.path()), "three");
    whole(home.path(), 3);
}

#[test]
fn full_files_are_set_aside_and_the_chain_goes_on() {
    let home = home();
    let audit = Audit::new(home.path()).rotating_at(600);
    for at in 0..12 {
        decide(&audit, &format!("command {at}"));
    }
    let files = files(&home.path().join("logs")).expect("readable");
    assert!(files.len() > 2, "{files:?}");
    whole(home.path(), 12);
    assert_eq!(read::last(home.path(), 5, None).expect("readable").len(), 5);
    // A whole file removed from the middle is noticed, the oldest ones may go.
    std::fs::remove_file(&files[0]).expect("removed");
    let verified = verify(home.path()).expect("readable");
    assert_eq!((verified.broken, verified.notes.len()), (None, 1));
    std::fs::remove_file(&files[2]).expect("removed");
    assert!(verify(home.path()).expect("readable").broken.is_some());
}

#[test]
fn many_writers_make_one_chain() {
    let home = home();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let audit = Audit::new(home.path()).rotating_at(4000);
            scope.spawn(move || (0..25).for_each(|at| decide(&audit, &format!("{writer} {at}"))));
        }
    });
    whole(home.path(), 100);
}

#[test]
fn what_cannot_be_written_is_an_error_that_names_the_file() {
    let home = home();
    std::fs::write(home.path().join("logs"), "not a directory").expect("written");
    let error = try_decide(&Audit::new(home.path()), "one").expect_err("it cannot be written");
    assert!(error.message.contains("audit.jsonl") && error.hint().is_some(), "{error}");
}

#[test]
fn a_link_in_the_place_of_the_log_is_not_followed() {
    let home = home();
    std::fs::create_dir(home.path().join("logs")).expect("made");
    std::os::unix::fs::symlink("/dev/null", home.path().join("logs/audit.jsonl")).expect("linked");
    assert!(try_decide(&Audit::new(home.path()), "one").is_err());
}
