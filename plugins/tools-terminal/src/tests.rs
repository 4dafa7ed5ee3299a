use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, ToolCall};
use serde_json::{Value, json};

use crate::Terminal;
use crate::config::Config;
use crate::terminal::Places;

struct Fixture {
    harness: Harness,
    terminal: Terminal,
}

impl Fixture {
    fn new() -> Self {
        let harness = Harness::default();
        let host = harness.context("tools-terminal").host;
        Self { harness, terminal: Terminal { host, places: Places::default() } }
    }

    fn call(&self, name: &str, arguments: Value) -> Result<CallResult> {
        let context = CallContext { token: "t".to_owned(), session: "s".to_owned() };
        let call = ToolCall { name: name.to_owned(), arguments, context };
        block_on(self.terminal.call(call, Collected::default().sink(), Cancel::never()))
    }

    fn shell(&self, answer: Value) -> String {
        self.harness.answer("shell.run", Ok(answer));
        self.call("terminal", json!({ "command": "make" })).expect("a result").joined()
    }

    fn process(&self, answer: Value) -> String {
        self.harness.answer("shell.process", Ok(answer));
        self.call("process", json!({ "action": "poll", "process_id": "proc-1" })).expect("a result").joined()
    }
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "terminal"));
}

#[test]
fn the_tools_are_described() {
    let tools = block_on(Fixture::new().terminal.tools()).expect("tools");
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["terminal", "process"]);
    for tool in tools {
        assert_eq!(tool.input_schema["additionalProperties"], false);
        assert!(!tool.read_only && !tool.description.is_empty());
    }
}

#[test]
fn arguments_and_token_reach_the_host() {
    let t = Fixture::new();
    t.harness.answer("shell.run", Ok(json!({})));
    t.call("terminal", json!({ "command": "ls", "workdir": "/x", "timeout": 5 })).expect("a result");
    t.harness.answer("shell.process", Ok(json!({})));
    t.call("process", json!({ "action": "submit", "process_id": "p", "data": "y" })).expect("a result");
    let calls = t.harness.calls();
    let expected = json!({ "token": "t", "command": "ls", "workdir": "/x", "timeout": 5, "background": false });
    assert_eq!(calls[0], ("shell.run".to_owned(), expected));
    assert_eq!((&calls[1].1["token"], &calls[1].1["process"]), (&json!("t"), &json!("p")));
}

#[test]
fn a_result_shows_output_exit_code_and_a_new_directory() {
    let t = Fixture::new();
    assert_eq!(
        t.shell(json!({ "output": "done\n", "exit_code": 0, "cwd": "/a" })),
        "done\n[exit code 0]\n[working directory /a]"
    );
    assert_eq!(t.shell(json!({ "output": "", "exit_code": 2, "cwd": "/a" })), "(no output)\n[exit code 2]");
    assert_eq!(
        t.shell(json!({ "output": "", "exit_code": 0, "cwd": "/b" })),
        "(no output)\n[exit code 0]\n[working directory /b]"
    );
    let started = t.shell(json!({ "process": "proc-1", "cwd": "/b" }));
    assert_eq!(started, "Started in the background as proc-1. Use the tool `process` to look after it.");
}

#[test]
fn a_process_is_shown_with_its_end() {
    let t = Fixture::new();
    let mut answer =
        json!({ "process_id": "proc-1", "status": "running", "seconds": 3, "command": "make", "output": "x\n" });
    assert_eq!(t.process(answer.clone()), "x\n[proc-1 running, 3 s: make]");
    answer["exit_code"] = json!(2);
    answer["status"] = json!("exited");
    answer["output"] = json!("");
    assert_eq!(t.process(answer.clone()), "(no new output)\n[proc-1 exited, exit code 2, 3 s: make]");
    answer.as_object_mut().expect("an object").remove("output");
    assert_eq!(t.process(json!({ "processes": [answer] })), "[proc-1 exited, exit code 2, 3 s: make]");
    assert_eq!(t.process(json!({ "processes": [] })), "(no background processes)");
}

#[test]
fn a_refusal_is_told_to_the_model_in_the_guards_words() {
    let t = Fixture::new();
    let denied = PluginError::new(ErrorCode::DENIED, "BLOCKED (hardline): recursive delete of /");
    t.harness.answer("shell.run", Err(denied));
    let result = t.call("terminal", json!({ "command": "rm -rf /" })).expect("a result");
    assert!(result.is_error);
    assert_eq!(result.joined(), "BLOCKED (hardline): recursive delete of /");
    t.harness.answer("shell.process", Err(PluginError::user("No background process `p`").with_hint("there are none")));
    let result = t.call("process", json!({ "action": "poll", "process_id": "p" })).expect("a result");
    assert_eq!(result.joined(), "No background process `p`\nhint: there are none");
}

#[test]
fn arguments_that_do_not_fit_are_told_too() {
    let result = Fixture::new().call("terminal", json!({ "cmd": "ls" })).expect("a result");
    assert!(result.is_error && result.joined().contains("unknown field `cmd`"), "{}", result.joined());
}

#[test]
fn an_interruption_is_no_result() {
    let t = Fixture::new();
    t.harness.answer("shell.run", Err(PluginError::cancelled()));
    let error = t.call("terminal", json!({ "command": "make" })).expect_err("no result");
    assert_eq!(error.code, ErrorCode::CANCELLED);
}
