//! Stories: commands run on another machine, over a real `sshd`. Both machines are this one; what the server is told
//! and what it lets in is real.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::sshd::Sshd;

const EXEC: [&str; 4] = ["exec", "--backend", "ssh", "--"];

fn exec(command: &str) -> Vec<&str> {
    EXEC.into_iter().chain([command]).collect()
}

#[test]
fn commands_run_over_there_and_share_one_connection() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let ran = run(hermes.harmless(&exec("echo out; echo err >&2; echo \"${SSH_CONNECTION##* }\"; exit 7")));
    assert_eq!((ran.code, ran.out), (Some(7), format!("out\nerr\n{}\n", sshd.port())), "{}", ran.err);
    for code in [0, 3, 255] {
        let ran = run(hermes.harmless(&exec(&format!("exit {code}"))));
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
    assert_eq!(sshd.connections(), 1, "{}", sshd.log());
}

#[test]
fn it_is_no_boundary_so_the_whole_guard_applies() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "approvals:\n  deny: ['touch *']\n");
    let victim = hermes.victim();
    let commands = [format!("rm -r {}", text(&victim)), format!("touch {}/x", text(&victim)), "rm -rf /".to_owned()];
    for command in commands {
        let ran = run(hermes.harmless(&exec(&command)));
        assert!(ran.code == Some(126) && ran.err.starts_with("hermes: denied:"), "{command}: {ran:?}");
    }
    assert!(victim.exists() && !victim.join("x").exists());
    let ran = run(hermes.harmless(&["check", "--backend", "ssh", "--", "rm -r x"]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
}

#[test]
fn a_key_that_changed_is_no_way_in() {
    let Some(mut sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    assert_eq!(run(hermes.harmless(&exec("true"))).code, Some(0));
    sshd.change_key();
    let ran = run(hermes.harmless(&exec("echo in")));
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    let told = ["The key of `127.0.0.1` is not the one it had", "hint: ", "ssh-keygen -f", "known_hosts"];
    assert!(told.iter().all(|told| ran.err.contains(told)), "{ran:?}");
}

#[test]
fn whoever_wants_keys_to_be_known_beforehand_keeps_that() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    sshd.settle(&hermes, "StrictHostKeyChecking yes");
    let ran = run(hermes.harmless(&exec("echo in")));
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains("The key of `127.0.0.1` is not known"), "{ran:?}");
    assert_eq!(sshd.connections(), 0);
}

#[test]
fn a_connection_that_is_cut_leaves_the_fate_unknown_and_the_next_command_gets_a_new_one() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let times = hermes.path("work/times");
    let command = format!("echo once >>{}; echo begun; sleep 2", text(&times));
    let mut child = hermes.harmless(&exec(&command));
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
    assert_eq!(line, "begun\n");
    sshd.cut();
    assert_eq!(child.wait().expect("waited for").code(), Some(1));
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    assert!(said.contains("whether it ended, and how, is not known"), "{said}");
    let ran = run(hermes.harmless(&exec("echo again")));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "again\n"), "{ran:?}");
    assert_eq!(sshd.connections(), 2);
    assert_eq!(std::fs::read_to_string(times).expect("read"), "once\n", "it was not run a second time");
}

#[test]
fn a_conversation_goes_on_over_a_new_connection_with_directory_variables_and_files() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "  backend: ssh\n");
    let settings = std::fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    let (work, mark) = (hermes.path("work"), hermes.path("work/mark"));
    let script = format!(
        "
- tool_calls: [{{name: terminal, arguments: {{command: 'mkdir {0}/sub; cd {0}/sub; export COLOUR=blue; unset SSH_CONNECTION'}}}}]
- tool_calls: [{{name: write_file, arguments: {{path: 'a note', content: sent there}}}}]
- tool_calls: [{{name: terminal, arguments: {{command: 'echo once >>{1}; sleep 30'}}}}]
- expect: {{last_contains: 'whether it ended, and how, is not known'}}
  tool_calls: [{{name: terminal, arguments: {{command: 'echo \"${{PWD##*/}}|$COLOUR|${{SSH_CONNECTION-none}}|$(cat a*)\"'}}}}]
- expect: {{last_contains: 'sub|blue|none|sent there'}}
  tool_calls: [{{name: read_file, arguments: {{path: 'a note'}}}}]
- expect: {{last_contains: sent there}}
  text: Done.
",
        text(&work),
        text(&mark)
    );
    let hermes = hermes.scripted(&script, &settings);
    let mut chat = hermes.harmless(&["chat", "-q", "go"]);
    let chat = chat.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let begun = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        mark.exists()
    });
    assert!(begun, "the command that is cut did not begin");
    sshd.cut();
    let output = chat.wait_with_output().expect("waited for");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Done.\n", "{output:?}");
    assert_eq!(std::fs::read_to_string(&mark).expect("read"), "once\n", "it was not run a second time");
    assert_eq!(std::fs::read_to_string(work.join("sub/a note")).expect("read"), "sent there");
    assert_eq!(sshd.connections(), 2);
}

#[test]
fn nothing_of_this_environment_goes_there_but_what_is_passed_and_that_is_on_no_command_line() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "  env_passthrough: [MINE]\n");
    let look =
        "echo \"$OTHER|$MINE\" | tr a-z n-za-m; half=wander; grep -ls \"${half}lust\" /proc/[0-9]*/cmdline; echo done";
    let mut command = hermes.harmless(&exec(look));
    command.env("OTHER", "not for there").env("MINE", "wanderlust");
    let ran = run(command);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "|jnaqreyhfg\ndone\n"), "{ran:?}");
}

#[test]
fn settings_that_ssh_would_take_for_options_are_refused() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let mark = hermes.path("work/mark");
    for (name, value) in [
        ("HERMES_TERMINAL_SSH_HOST", format!("-oProxyCommand=touch {}", text(&mark))),
        ("HERMES_TERMINAL_SSH_USER", "-oPermitLocalCommand=yes".to_owned()),
        ("HERMES_TERMINAL_SSH_KEY", "-F/dev/null".to_owned()),
        ("HERMES_TERMINAL_SSH_HOST", "127.0.0.1\nx".to_owned()),
    ] {
        let mut command = hermes.harmless(&exec("true"));
        command.env(name, &value);
        let ran = run(command);
        assert!(ran.code == Some(1) && ran.err.contains("terminal.ssh_"), "{value}: {ran:?}");
    }
    assert!(!mark.exists() && sshd.connections() == 0);
}

#[test]
fn a_key_with_a_passphrase_is_the_agents_business() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    sshd.lock_key("secret words");
    let ran = run(hermes.harmless(&exec("true")));
    assert!(ran.code == Some(1) && ran.err.contains("does not let us in") && ran.err.contains("ssh-add"), "{ran:?}");
    let agent = sshd.agent("secret words");
    let mut command = hermes.harmless(&exec("echo in"));
    command.env("SSH_AUTH_SOCK", agent.socket());
    let ran = run(command);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "in\n"), "{ran:?}");
}

#[test]
fn what_takes_too_long_ends_over_there_with_all_it_started() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "  timeout: 1\n");
    let pids = hermes.path("work/pids");
    let command = format!("(setsid sleep 600 & echo $! >{0}); sleep 600 & echo $! >>{0}; wait", text(&pids));
    let ran = run(hermes.harmless(&exec(&command)));
    assert_eq!(ran.code, Some(124), "{ran:?}");
    let pids = std::fs::read_to_string(pids).expect("read");
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }
}

#[test]
fn more_commands_at_a_time_than_one_connection_takes_open_another() {
    let Some(sshd) = Sshd::with("MaxSessions 1") else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = hermes.harmless(&exec("sleep 2; echo done"));
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("waited for");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{output:?}");
    }
    assert!((2..=3).contains(&sshd.connections()), "{}", sshd.connections());
}

#[test]
fn the_suite_of_backends_passes() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let plugin = hermes.program().parent().expect("bin").with_file_name("lib/hermes/plugins/backend-ssh");
    let mut command = hermes.harmless(&["plugins", "test", text(&plugin)]);
    command.env("HERMES_TERMINAL_SSH_HOST", "127.0.0.1").env("HERMES_TERMINAL_SSH_PORT", sshd.port().to_string());
    command.env("HERMES_TERMINAL_SSH_KEY", sshd.path("user"));
    let ran = run(command);
    assert!(ran.code == Some(0) && ran.out.contains(" 0 failed") && !ran.out.contains("skip"), "{ran:?}");
}
