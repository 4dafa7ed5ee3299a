//! The suites tell good from bad.

use std::sync::Arc;

use super::*;
use crate::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use crate::gate::{Admission, Sender};
use crate::harness::block_on;
use crate::model::{Completion, Delta, Request};
use crate::platform::{Inbound, Outbound, Receipt};
use crate::prelude::*;
use crate::tools::{CallResult, Progress, Tool, ToolCall};

fn failures(checks: &[Check]) -> Vec<String> {
    checks.iter().filter_map(Check::failed).collect()
}

struct Door(Admission);

impl Gate for Door {
    async fn admit(&self, _: Sender) -> Result<Admission> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_gate_that_admits_strangers_fails() {
    let judged = |admission| failures(&block_on(gate(&Inline, &Arc::new(Door(admission)), "door")));
    assert!(judged(Admission::Unknown).is_empty());
    assert!(judged(Admission::Challenge { reply: "Your code is ABCD".to_owned() }).is_empty());
    assert!(judged(Admission::Admitted)[0].ends_with("it admitted a stranger"));
    assert!(judged(Admission::Challenge { reply: " ".to_owned() })[0].ends_with("the reply is empty"));
    assert!(judged(Admission::Challenge { reply: "\u{1b}[2J".to_owned() })[0].ends_with("control characters"));
}

struct Speaker(&'static str);

impl Model for Speaker {
    async fn complete(&self, _: Request, deltas: Sink<Delta>, _: Cancel) -> Result<Completion> {
        deltas.push(&Delta::Text { text: self.0.to_owned() }).await?;
        Ok(Completion { content: "yes".to_owned(), ..Completion::default() })
    }
}

#[test]
fn a_model_that_streams_something_else_fails() {
    assert!(failures(&block_on(model(&Inline, &Arc::new(Speaker("yes")), "m"))).is_empty());
    let failed = failures(&block_on(model(&Inline, &Arc::new(Speaker("no")), "m")));
    assert_eq!(failed, [r#"model `m` streams what it answers: it streamed "no" and answered "yes""#]);
}

struct Agreeable;

impl McpServer for Agreeable {
    async fn tools(&self) -> Result<Vec<Tool>> {
        Ok(vec![Tool { name: "a b".to_owned(), ..Tool::default() }])
    }

    async fn call(&self, _: ToolCall, _: Sink<Progress>, _: Cancel) -> Result<CallResult> {
        Ok(CallResult::text("done"))
    }
}

#[test]
fn a_toolset_that_has_what_it_has_not_fails() {
    let failed = failures(&block_on(tools(&Inline, &Arc::new(Agreeable), "t")));
    assert!(failed[0].contains("`a b` is no name for a tool"), "{failed:?}");
    assert!(failed[1].ends_with("it has no description for the model"), "{failed:?}");
    assert!(failed[2].ends_with("it answered as if there were such a tool"), "{failed:?}");
}

struct Offline;

impl Platform for Offline {
    async fn run(&self, _: Sink<Inbound>, _: Cancel) -> Result<()> {
        Err(PluginError::config("`offline.token` is not set"))
    }

    async fn send(&self, _: Outbound) -> Result<Receipt> {
        Err(PluginError::internal(" "))
    }
}

#[test]
fn what_a_plugin_lacks_is_no_failure_and_is_told() {
    let checks = block_on(platform(&Inline, &Arc::new(Offline), "offline"));
    let told = Outcome::Skipped("`offline.token` is not set".to_owned());
    assert!(checks.iter().any(|check| check.outcome == told), "{checks:?}");
    assert!(failures(&checks).is_empty(), "{checks:?}");
}

#[test]
fn only_the_suites_own_commands_are_its_own() {
    let request = |argv: &[&str]| ExecRequest {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        ..ExecRequest::default()
    };
    let own = |argv: &[&str]| is_own_command(&request(argv)).is_some();
    assert!(own(&["sh", "-c", "exit \"$1\"", "sh", "3"]));
    assert!(own(&["no-such-program-anywhere"]));
    for other in [
        &["sh", "-c", "exit \"$1\"; rm -r /", "sh"][..],
        &["sh", "-c", "exit \"$1\""],
        &["sh", "-ic", "exit \"$1\"", "sh", "3"],
        &["bash", "-c", "exit \"$1\"", "sh", "3"],
        &["no-such-program-anywhere", "x"],
        &["rm", "-r", "/"],
        &[],
    ] {
        assert!(!own(other), "{other:?}");
    }
    let mut preloaded = request(&["sh", "-c", "exit \"$1\"", "sh", "3"]);
    preloaded.env.insert("LD_PRELOAD".to_owned(), "/tmp/x.so".to_owned());
    assert_eq!(is_own_command(&preloaded), None);
}

#[test]
fn only_the_suites_own_files_are_its_own() {
    for own in ["/w/hermes-conformance.aB3dE6", "/w/hermes-conformance.aB3dE6/two words"] {
        assert!(is_own_file(own), "{own}");
    }
    for other in
        ["/etc/passwd", "/w/hermes-conformance.aB3dE6/../x", "hermes-conformance.aB3dE6/x", "/hermes-conformance./x"]
    {
        assert!(!is_own_file(other), "{other}");
    }
}

struct Parrot;

impl Backend for Parrot {
    type Session = Self;

    async fn open(&self, _: SessionSpec) -> Result<Self> {
        Ok(Self)
    }
}

impl BackendSession for Parrot {
    fn facts(&self) -> SessionFacts {
        SessionFacts::default()
    }

    async fn exec(&self, request: ExecRequest, _: Channel, output: Output, _: Cancel) -> Result<Exit> {
        output.write(request.argv.join(" ")).await?;
        Ok(Exit { code: Some(0), signal: None })
    }

    async fn read_file(&self, _: &str, _: Output) -> Result<()> {
        Ok(())
    }

    async fn write_file(&self, _: &str, _: Vec<u8>) -> Result<()> {
        Ok(())
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Err(PluginError::unavailable("It cannot be closed"))
    }
}

#[test]
fn a_backend_that_runs_nothing_fails() {
    let checks = block_on(backend(&Inline, &Arc::new(Parrot), "parrot", &SessionSpec::default()));
    let failed = failures(&checks);
    assert!(failed[0].starts_with("it says where it starts, in absolute paths"), "{failed:?}");
    assert!(failed[1].starts_with("it runs a command, and its directory can be written in: exit code 0"), "{failed:?}");
    assert_eq!(failed[2], "it closes its session: It cannot be closed");
}
