//! Processes in the background.

use serde_json::json;

use super::*;

impl Fixture {
    fn background(&self, command: &str) -> String {
        let started = self.shell.start(self.witness(command)).expect("starts");
        assert_eq!((started.exit_code, started.output.as_str()), (None, ""));
        started.process.expect("an id")
    }

    async fn act(&self, id: &str, action: &str) -> Value {
        self.act_with(id, ProcessAction { action: action.to_owned(), ..ProcessAction::default() }).await.expect(action)
    }

    async fn act_with(&self, id: &str, action: ProcessAction) -> Result<Value> {
        self.shell.process(&ProcessAction { process: Some(id.to_owned()), ..action }, &Cancel::never()).await
    }

    async fn data(&self, id: &str, action: &str, data: &str) -> Result<Value> {
        let action =
            ProcessAction { action: action.to_owned(), data: Some(data.to_owned()), ..ProcessAction::default() };
        self.act_with(id, action).await
    }

    /// Polls until the output so far ends in `end`.
    async fn until(&self, id: &str, end: &str) -> String {
        let mut output = String::new();
        let polls = async {
            while !output.ends_with(end) {
                output.push_str(self.act(id, "poll").await["output"].as_str().unwrap_or_default());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), polls).await.expect("the output comes");
        output
    }
}

#[tokio::test]
async fn a_process_is_started_looked_at_and_waited_for() {
    let t = Fixture::new().await;
    let id = t.background("echo begun; read -r line; echo got $line; exit 5");
    assert_eq!(t.until(&id, "begun\n").await, "begun\n");
    let list = ProcessAction { action: "list".to_owned(), ..ProcessAction::default() };
    let list = t.shell.process(&list, &Cancel::never()).await.expect("listed");
    assert_eq!(list["processes"][0]["process_id"], json!(id));
    assert_eq!(list["processes"][0]["status"], "running");
    t.data(&id, "submit", "it").await.expect("written");
    let end = t.act(&id, "wait").await;
    assert_eq!((&end["status"], &end["exit_code"]), (&json!("exited"), &json!(5)));
    assert_eq!(end["output"], "got it\n", "what was polled is not told twice");
    assert_eq!(t.act(&id, "log").await["output"], "begun\ngot it");
    let error = t.data(&id, "write", "more").await.expect_err("it is gone");
    assert!(error.message.contains("takes no more input"), "{error}");
}

#[tokio::test]
async fn closing_the_input_ends_it() {
    let t = Fixture::new().await;
    let id = t.background("cat; echo end");
    t.data(&id, "write", "part").await.expect("written");
    t.act(&id, "close").await;
    assert_eq!(t.act(&id, "wait").await["output"], "partend\n");
}

#[tokio::test]
async fn killing_ends_the_whole_tree() {
    let t = Fixture::new().await;
    let id = t.background(FAMILY);
    let family = pids(&t.until(&id, "\n").await);
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 3);
    let end = t.act(&id, "kill").await;
    assert_eq!((&end["status"], &end["exit_code"]), (&json!("exited"), &json!(143)));
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 0);
}

#[tokio::test]
async fn closing_the_session_ends_and_awaits_all() {
    let t = Fixture::new().await;
    let ids = [t.background(FAMILY), t.background(FAMILY)];
    let mut family = Vec::new();
    for id in &ids {
        family.extend(pids(&t.until(id, "\n").await));
    }
    t.shell.close(Keep::Files).await.expect("closed");
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 0, "{family:?}");
}

#[tokio::test]
async fn waiting_has_a_limit_and_can_be_interrupted() {
    let t = Fixture::new().await;
    let id = t.background("sleep 1000");
    let action = ProcessAction { action: "wait".to_owned(), timeout: Some(0), ..ProcessAction::default() };
    assert_eq!(t.act_with(&id, action).await.expect("a status")["status"], "running");
    let source = CancelSource::new();
    source.cancel();
    let wait = ProcessAction { action: "wait".to_owned(), process: Some(id.clone()), ..ProcessAction::default() };
    let error = t.shell.process(&wait, &source.handle()).await.expect_err("interrupted");
    assert_eq!(error.code, ErrorCode::CANCELLED);
    t.act(&id, "kill").await;
}

#[tokio::test]
async fn the_log_is_shown_by_lines() {
    let t = Fixture::new().await;
    let id = t.background("seq 1 1000; echo token=abcdef");
    t.act(&id, "wait").await;
    let log = |offset, limit| ProcessAction { action: "log".to_owned(), offset, limit, ..ProcessAction::default() };
    let shown = t.act_with(&id, log(Some(10), Some(2))).await.expect("shown");
    assert_eq!(
        (&shown["output"], &shown["first_line"], &shown["total_lines"]),
        (&json!("11\n12"), &json!(10), &json!(1001))
    );
    let shown = t.act_with(&id, log(None, Some(2))).await.expect("shown");
    assert_eq!(shown["output"], "1000\ntoken=[REDACTED]");
    let shown = t.act_with(&id, log(Some(5000), None)).await.expect("shown");
    assert_eq!(shown["output"], "");
}

#[tokio::test]
async fn a_long_output_keeps_its_end() {
    let t = Fixture::new().await;
    let id = t.background("seq 1 200000");
    t.act(&id, "wait").await;
    let log = t.act(&id, "log").await;
    assert!(log["output"].as_str().expect("text").ends_with("199999\n200000"));
    let lines = log["total_lines"].as_u64().expect("a number");
    assert!((20_000..40_000).contains(&lines), "{lines}");
}

#[tokio::test]
async fn what_cannot_be_is_said() {
    let t = Fixture::new().await;
    let error = t.act_with("proc-9", ProcessAction { action: "poll".to_owned(), ..ProcessAction::default() }).await;
    let error = error.expect_err("unknown");
    assert_eq!((error.code, error.hint()), (ErrorCode::USER, Some("there are none")));
    let id = t.background("true");
    let error = t.data(&id, "dance", "").await.expect_err("unknown");
    assert!(error.message.contains("`dance`"));
    let witness =
        Authorized::for_test(Exec { command: "x".into(), cwd: "/".into(), backend: "b".into(), session: "s".into() });
    let id = t.shell.start(witness).expect("starts").process.expect("an id");
    assert!(t.act(&id, "wait").await["error"].as_str().expect("an error").contains("authorized"));
}

#[tokio::test]
async fn there_is_a_limit_and_ended_ones_make_room() {
    let t = Fixture::new().await;
    let first = t.background("true");
    t.act(&first, "wait").await;
    for _ in 0..64 {
        t.background("exec sleep 1000");
    }
    let error = t.shell.start(t.witness("true")).expect_err("too many");
    assert!(error.message.contains("64 background processes"), "{error}");
    t.shell.close(Keep::Files).await.expect("closed");
}
