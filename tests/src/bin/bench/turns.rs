//! What a person waits for beside the model: until they can write, and until an answer stands on their screen.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hermes_tests::hermes::Hermes;
use hermes_tests::model_server::{Answer, ModelServer};
use hermes_tests::terminal::Terminal;

use crate::Result;
use crate::rows::{Rows, quantile};

/// Turns of one measurement.
const TURNS: usize = 50;
/// Starts of the program.
const STARTS: usize = 15;
/// What the model answers.
const ANSWER: &str = "certainly";
/// What stands where a message is typed.
const PROMPT: &str = "❯";

/// Adds the rows of turns, over a model server on this machine that answers at once.
pub(crate) fn rows(rows: &mut Rows) -> Result<()> {
    let delta = |delta: &str| format!("data: {{\"choices\": [{{\"index\": 0, \"delta\": {delta}}}]}}\n\n");
    let words = delta(&format!("{{\"content\": \"{ANSWER}\\n\\n\"}}"));
    let server = ModelServer::start(vec![Answer::events(&format!("{words}data: [DONE]\n\n"))]);
    let url = server.url();
    let hermes = Hermes::new().configured(&format!(
        "model: {{provider: openai-compatible, name: fast}}\nopenai:\n  endpoints: {{openai-compatible: '{url}/v1'}}\n"
    ));
    hermes.secret("OPENAI_COMPATIBLE_API_KEY=none\n");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut terminal = Terminal::able(&hermes, &[], (24, 80));
        terminal.until(PROMPT);
        starts.push(begun.elapsed());
        terminal.line("/quit");
        let _ = terminal.end();
    }
    rows.time("start to prompt, median", quantile(&mut starts, 0.5), None);

    let mut terminal = Terminal::able(&hermes, &[], (24, 80));
    terminal.until(PROMPT);
    terminal.line("hello");
    terminal.until(ANSWER);
    // With a title of its own the session asks the model for none.
    terminal.line("/title measured");
    terminal.until("measured");
    std::thread::sleep(Duration::from_secs(1));
    let (mut turns, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let begun = Instant::now();
        terminal.line("hello");
        terminal.until(ANSWER);
        turns.push(begun.elapsed());
        terminal.until(PROMPT);
        bare.push(asked_directly(url.trim_start_matches("http://"))?);
    }
    terminal.line("/quit");
    let _ = terminal.end();
    let (turn, bare) = (quantile(&mut turns, 0.5), quantile(&mut bare, 0.5));
    rows.time("first words of an answer, by a bare client, median", bare, None);
    rows.time("first words of an answer on the screen, median", turn, None);
    rows.time("first words of an answer, over the bare client", turn.saturating_sub(bare), None);
    Ok(())
}

/// The time to the first words of the same answer without the program.
fn asked_directly(address: &str) -> Result<Duration> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    let body = r#"{"model": "fast", "stream": true, "messages": [{"role": "user", "content": "hello"}]}"#;
    let length = body.len();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while !answer.windows(ANSWER.len()).any(|text| text == ANSWER.as_bytes()) {
        match stream.read(&mut part)? {
            0 => return Err("the server broke off".into()),
            n => answer.extend_from_slice(&part[..n]),
        }
    }
    Ok(begun.elapsed())
}
