//! What conversations do in containers, and the list of what tasks keep.

use hermes_tests::docker::{self, Engine, Session, exec};
use hermes_tests::hermes::{Hermes, run};
use serde_json::Value;

fn a_scripted_turn_works_in_one_container(engine: &Engine) {
    let script = "
- text: I start it.
  tool_calls: [{name: terminal, arguments: {command: 'echo begun; sleep 0.2; echo ready', background: true}}]
- expect: {last_contains: proc-1}
  tool_calls: [{name: terminal, arguments: {command: 'export COLOUR=blue; mkdir -p deep/er; cd deep'}}]
- tool_calls: [{name: terminal, arguments: {command: 'echo $COLOUR in $PWD; (exit 3)'}}]
- expect: {last_contains: blue in /workspace/deep}
  tool_calls: [{name: write_file, arguments: {path: note, content: kept}}]
- tool_calls: [{name: terminal, arguments: {command: 'rm -rf /workspace/deep/er && cat note'}}]
- expect: {last_contains: kept}
  tool_calls: [{name: process, arguments: {action: wait, process_id: proc-1}}]
- expect: {last_contains: ready}
  text: Done.
";
    let hermes = Hermes::new().scripted(script, &docker::settings(engine, ""));
    let ran = run(hermes.command(&["chat", "-q", "go"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("Done."), "{ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new(), "{ran:?}");
}

fn sandboxes_are_listed_and_taken_away(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let sandboxes = |args: &[&str]| {
        let ran = run(hermes.command(&[&["sandboxes"], args].concat()));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out
    };
    let listed = || serde_json::from_str::<Value>(&sandboxes(&["list", "--json"])).expect("JSON");
    assert_eq!(sandboxes(&["list"]), "There are no sandboxes.\n");
    let session = Session::begin(engine, &hermes, "echo kept >file; sleep 60");
    let told = listed();
    assert_eq!((&told[0]["task"], &told[0]["in_use"]), (&"exec".into(), &true.into()), "{told}");
    assert_eq!(told[0]["containers"][0]["state"], "running");
    assert_eq!(sandboxes(&["prune", "--files"]), "Nothing to take away.\n", "it is in use");
    session.kill();
    assert_eq!(listed()[0]["in_use"], false);
    assert!(sandboxes(&["prune"]).contains("taken away"));
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
    assert_eq!(exec(&hermes, "cat file").out, "kept\n", "files stay until they are named");
    assert!(sandboxes(&["prune", "--files"]).contains("taken away"));
    assert_eq!(listed(), serde_json::json!([]));
    let ran = run(hermes.command(&["sandboxes", "prune", "--everything"]));
    assert!(ran.code == Some(1) && ran.err.contains("usage: hermes sandboxes"), "{ran:?}");
}

on_each_engine! {
    a_scripted_turn_works_in_one_container,
    sandboxes_are_listed_and_taken_away,
}
