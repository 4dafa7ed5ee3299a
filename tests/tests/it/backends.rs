//! Stories: one task, done by the same scripted turn wherever commands run; and what the doctor says of each place.

use hermes_tests::apptainer;
use hermes_tests::docker::{self, Engine};
use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::podman;
use hermes_tests::sshd::Sshd;
use hermes_tests::terminal::Terminal;
use serde_json::Value;

/// Makes a small project, mends it and looks at it: directory and variables are carried, a process runs beside.
const TASK: &str = r#"
- text: I make it.
  tool_calls: [{name: terminal, arguments: {command: 'cd "$(mktemp -d)" && mkdir -p src && cd src && export COLOUR=blue && echo "printf %s red" >say.sh'}}]
- expect: {last_contains: exit code 0}
  tool_calls: [{name: terminal, arguments: {command: 'bash say.sh; exit 3'}}]
- expect: {last_contains: exit code 3}
  tool_calls: [{name: terminal, arguments: {command: 'sed -i "s/red/$COLOUR/" say.sh; bash say.sh; basename "$PWD"'}}]
- expect: {last_contains: 'bluesrc'}
  tool_calls: [{name: terminal, arguments: {command: 'read -r word; echo "heard $word"', background: true}}]
- expect: {last_contains: proc-1}
  tool_calls: [{name: process, arguments: {action: submit, process_id: proc-1, data: again}}]
- expect: {last_contains: proc-1}
  tool_calls: [{name: process, arguments: {action: wait, process_id: proc-1, timeout: 20}}]
- expect: {last_contains: 'heard again'}
  tool_calls: [{name: terminal, arguments: {command: 'sleep 60', timeout: 1}}]
- expect: {last_contains: 'Command timed out after 1s'}
- text: It says blue.
"#;

fn does_the_task(hermes: &Hermes, settings: &str) {
    let script = hermes.path("script.yaml");
    std::fs::write(&script, TASK).expect("written");
    let model = format!("model:\n  provider: scripted\n  script: {}\n", text(&script));
    std::fs::write(hermes.path("home/config.yaml"), model + settings).expect("written");
    let mut command = hermes.harmless(&["chat", "-q", "Make it say blue."]);
    command.env("APPTAINER_CONFIGDIR", hermes.path("user/apptainer"));
    let ran = run(command);
    assert!(ran.code == Some(0) && ran.out.ends_with("It says blue.\n"), "{ran:?}");
}

#[test]
fn the_task_is_done_here() {
    does_the_task(&Hermes::new(), "");
}

#[test]
fn the_task_is_done_on_another_machine() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "  backend: ssh\n");
    let settings = std::fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    does_the_task(&hermes, &settings);
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn the_task_is_done_in_a_container_of_an_engine() {
    let Some(engine) = Engine::get() else { return };
    does_the_task(&Hermes::new(), &docker::settings(engine, ""));
}

#[test]
fn the_task_is_done_in_a_container_of_podman() {
    let Some(engine) = podman::rootful() else { return };
    does_the_task(&Hermes::new(), &docker::settings(engine, ""));
}

#[test]
fn the_task_is_done_in_an_instance() {
    let Some(image) = apptainer::image() else { return };
    let settings = format!("terminal:\n  backend: singularity\n  singularity_image: {}\n", text(&image));
    does_the_task(&Hermes::new(), &settings);
}

/// A turn in the background, in a session of its own, while the conversation goes on.
fn does_something_beside(hermes: &Hermes, settings: &str) {
    let script = hermes.path("script.yaml");
    let command = "{name: terminal, arguments: {command: 'sleep 1; echo far-away'}}";
    let said = format!("- tool_calls: [{command}]\n- expect: {{last_contains: far-away}}\n  text: It is done.\n");
    std::fs::write(&script, said).expect("written");
    let model = format!("model:\n  provider: scripted\n  script: {}\n", text(&script));
    std::fs::write(hermes.path("home/config.yaml"), model + settings).expect("written");
    let mut chat = hermes.harmless(&[]);
    chat.env("APPTAINER_CONFIGDIR", hermes.path("user/apptainer"));
    let mut terminal = Terminal::running(&chat);
    terminal.until("❯ ");
    terminal.line("/background wait for it");
    terminal.until("It is done.\nGo on with it by `/resume ");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn something_is_done_beside_on_another_machine() {
    let Some(sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "  backend: ssh\n");
    let settings = std::fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    does_something_beside(&hermes, &settings);
}

#[test]
fn something_is_done_beside_in_an_instance() {
    let Some(image) = apptainer::image() else { return };
    let hermes = Hermes::new();
    let settings = format!("terminal:\n  backend: singularity\n  singularity_image: {}\n", text(&image));
    does_something_beside(&hermes, &settings);
    assert_eq!(apptainer::instances(&hermes), 0);
}

/// What the doctor says of places: how each is, what is said, and what to do.
fn doctor(mut command: std::process::Command) -> Vec<[String; 3]> {
    command.arg("--json");
    let ran = run(command);
    let checks: Vec<Value> = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let backends = checks.iter().filter(|check| check["name"] == "backend");
    backends.map(|check| ["state", "said", "fix"].map(|key| text(check, key))).collect()
}

fn says(told: &[[String; 3]], state: &str, said: &str, fix: &str) {
    let fits = |line: &&[String; 3]| line[0] == state && line[1].contains(said) && line[2].contains(fix);
    assert!(told.iter().any(|line| fits(&line)), "{state} {said} {fix}: {told:#?}");
}

#[test]
fn the_doctor_tells_what_each_place_lacks_on_this_machine_and_the_way_out() {
    let hermes = Hermes::new().configured("terminal: {docker_host: 'unix:///nowhere/docker.sock'}\n");
    let mut bare = hermes.command(&["doctor"]);
    bare.env("PATH", hermes.path("stand-ins"));
    let told = doctor(bare);
    says(&told, "ok", "commands run on `local`", "");
    let other = |name: &str, lacks: &str| format!("`{name}` is not chosen, and could not be used: {lacks}");
    says(&told, "ok", &other("docker", "`/nowhere/docker.sock` is not there"), "`terminal.docker_host`");
    let programs = "none of the programs `apptainer`, `singularity` is there";
    says(&told, "ok", &other("singularity", programs), "install Apptainer");
    says(&told, "ok", &other("ssh", "the program `ssh` is not there"), "install");
    says(&told, "ok", &other("ssh", "`terminal.ssh_host` is not set"), "`hermes config set terminal.ssh_host HOST`");
    says(&told, "ok", &other("ssh", "A key, or an agent that has one, is not there"), "ssh-add");
    let chosen = Hermes::new().configured("terminal: {backend: ssh, ssh_host: there, ssh_key: keys/none}\n");
    let key = format!("commands run on `ssh`, where `{}` is not there", text(&chosen.path("home/keys/none")));
    says(&doctor(chosen.command(&["doctor"])), "failed", &key, "`terminal.ssh_key`");
    let elsewhere = Hermes::new().configured("terminal: {docker_host: 'tcp://127.0.0.1:1'}\n");
    let told = doctor(elsewhere.command(&["doctor"]));
    assert!(!told.iter().any(|[_, said, _]| said.contains("`docker`")), "{told:?}");
}

#[test]
fn the_doctor_knows_a_socket_that_lets_one_in_from_one_that_does_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    set(folder.path(), 0o711);
    set(&socket, 0o600);
    let settings = format!("terminal: {{backend: docker, docker_host: 'unix://{}'}}\n", text(&socket));
    let hermes = Hermes::new().configured(&settings);
    says(&doctor(hermes.command(&["doctor"])), "ok", "commands run on `docker`", "");
    if apptainer::is_root() {
        let told = doctor(apptainer::ordinary(&hermes, &["doctor"]));
        says(&told, "failed", &format!("`{}` does not let you in", text(&socket)), "install and start");
    }
}

#[test]
fn the_doctor_opens_the_places_when_it_is_asked_to() {
    let Some(mut sshd) = Sshd::start() else { return };
    let hermes = sshd.reached_by(Hermes::new(), "");
    let closed = doctor(hermes.harmless(&["doctor"]));
    assert!(sshd.connections() == 0 && !closed.iter().any(|[_, said, _]| said.contains("opened")), "{closed:?}");
    let told = doctor(hermes.harmless(&["doctor", "--open"]));
    says(&told, "ok", "a session of `local` was opened in", "");
    says(&told, "ok", "a session of `ssh` was opened in", "");
    assert!(told.iter().any(|[_, said, _]| said.contains("Commands run on `127.0.0.1` as")), "{told:?}");
    sshd.stop();
    let told = doctor(hermes.harmless(&["doctor", "--open"]));
    says(&told, "warning", "no session of `ssh` can be opened: `127.0.0.1` cannot be reached", "`terminal.ssh_port`");
}

#[test]
fn the_doctor_opens_a_container() {
    let Some(engine) = Engine::get() else { return };
    let hermes = Hermes::new().configured(&docker::settings(engine, ""));
    says(&doctor(hermes.command(&["doctor", "--open"])), "ok", "a session of `docker` was opened in", "");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

/// What `approvals.deny` names runs nowhere, also where nothing else is asked about and nobody asks.
fn refuses_what_is_denied(hermes: &Hermes, settings: &str) {
    let config = format!("{settings}approvals:\n  mode: 'off'\n  deny: ['touch *']\n");
    std::fs::write(hermes.path("home/config.yaml"), config).expect("written");
    let exec = |text: &str| {
        let mut command = hermes.harmless(&["exec", "--", text]);
        command.env("APPTAINER_CONFIGDIR", hermes.path("user/apptainer"));
        run(command)
    };
    for denied in ["touch x", "true && (cd /; env A=b touch x)", "bash -c 'touch x'"] {
        let ran = exec(denied);
        assert!(ran.code == Some(126) && ran.err.contains("hermes: denied:"), "{denied}: {ran:?}");
    }
    let ran = exec("[ -e x ] || echo none");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "none\n"), "{ran:?}");
}

#[test]
fn what_is_denied_runs_nowhere() {
    refuses_what_is_denied(&Hermes::new(), "");
    if let Some(sshd) = Sshd::start() {
        let hermes = sshd.reached_by(Hermes::new(), "  backend: ssh\n");
        let settings = std::fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
        refuses_what_is_denied(&hermes, &settings);
    }
    for engine in [Engine::get(), podman::rootful()].into_iter().flatten() {
        refuses_what_is_denied(&Hermes::new(), &docker::settings(engine, "docker_network: false"));
    }
    if let Some(image) = apptainer::image() {
        let settings = format!("terminal:\n  backend: singularity\n  singularity_image: {}\n", text(&image));
        refuses_what_is_denied(&Hermes::new(), &settings);
    }
}
