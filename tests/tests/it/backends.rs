//! Stories: one task, done by the same scripted turn wherever commands run.

use hermes_tests::apptainer;
use hermes_tests::docker::{self, Engine};
use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::podman;
use hermes_tests::sshd::Sshd;

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
