//! What a task keeps: files, variables and the container of a process that was lost.

use std::time::{Duration, SystemTime};

use hermes_tests::docker::{self, Engine, IMAGE, Session, exec};
use hermes_tests::hermes::run;

fn variables_are_forwarded_and_seen_nowhere_else(engine: &Engine) {
    let hermes = docker::hermes(engine, "docker_forward_env: [FORWARDED, 'no name']\nenv_passthrough: [PASSED]");
    let secret = "sesame-open-9171";
    let mut command = hermes.command(&["exec", "--", "env | grep -E '^(FORWARDED|PASSED|OTHER|HOME)=' | sort"]);
    command.env("FORWARDED", secret).env("PASSED", "too").env("OTHER", "kept back");
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.ends_with("HOME=/root\nPASSED=too\n") && !ran.out.contains("OTHER"), "{ran:?}");
    let mut command = hermes.command(&["exec", "--", "test \"$FORWARDED\" = sesame-open-9171 && sleep 60"]);
    command.env("FORWARDED", secret);
    let session = Session::run(engine, &hermes, command);
    let told = engine.ask(&["inspect", &session.container()]);
    assert!(!told.contains(secret), "{told}");
    for process in std::fs::read_dir("/proc").expect("there").flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains(secret) || line.contains("test \"$FORWARDED\""), "{line}");
    }
    session.end();
}

fn a_process_that_was_lost_finds_its_container_again(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let session = Session::begin(engine, &hermes, "echo left >/tmp/left; sleep 60");
    let container = session.container();
    session.kill();
    assert_eq!(engine.containers(&hermes), [container], "nobody took it away");
    let ran = exec(&hermes, "cat /tmp/left");
    assert_eq!(ran.out, "left\n", "it is the same one: {ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

fn what_nobody_uses_is_taken_away_and_nothing_else(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let home = hermes.path("home").display().to_string();
    let started = |labels: &[&str]| {
        let mut args = vec!["run", "-d"];
        labels.iter().for_each(|label| args.extend(["--label", label]));
        args.extend([IMAGE, "sleep", "600"]);
        engine.ask(&args)
    };
    let own = format!("hermes.home={home}");
    let old = |task: &str| {
        let folder = hermes.path(&format!("home/sandboxes/docker/{task}"));
        std::fs::create_dir_all(&folder).expect("made");
        let lock = std::fs::File::create(folder.join(".lock")).expect("made");
        lock.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).expect("set");
        lock
    };
    let (orphan_lock, used_lock) = (old("orphan"), old("used"));
    drop(orphan_lock);
    used_lock.lock_shared().expect("locked");
    let orphan = started(&[&own, "hermes.task=orphan"]);
    let used = started(&[&own, "hermes.task=used"]);
    let recent = started(&[&own, "hermes.task=recent"]);
    std::fs::create_dir_all(hermes.path("home/sandboxes/docker/recent")).expect("made");
    std::fs::write(hermes.path("home/sandboxes/docker/recent/.lock"), "").expect("written");
    let climbing = started(&[&own, "hermes.task=../orphan"]);
    let other_home = started(&["hermes.home=/elsewhere", "hermes.task=orphan"]);
    let foreign = started(&[]);
    assert_eq!(exec(&hermes, "echo done").out, "done\n");
    let left = engine.ask(&["ps", "-aq", "--no-trunc"]);
    for (id, stays) in
        [(&orphan, false), (&used, true), (&recent, true), (&climbing, true), (&other_home, true), (&foreign, true)]
    {
        assert_eq!(left.contains(id.as_str()), stays, "{id}");
    }
    let _ = engine.ask(&["rm", "-f", &used, &recent, &climbing, &other_home, &foreign]);
}

on_each_engine! {
    variables_are_forwarded_and_seen_nowhere_else,
    a_process_that_was_lost_finds_its_container_again,
    what_nobody_uses_is_taken_away_and_nothing_else,
}
