//! A model server on the loopback interface that answers by a script, good or bad, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /v1/chat/completions`.
    pub what: String,
    /// Headers, one a line, names in lower case.
    pub headers: String,
    /// The body; null when it is no JSON.
    pub body: Value,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The head and the body.
    pub bytes: Vec<u8>,
    /// Then these bytes again and again, this often.
    pub flood: (Vec<u8>, usize),
    /// Then nothing, until the client goes.
    pub hangs: bool,
}

impl Answer {
    /// An answer of a content type, which says nothing of its length: the end of the connection is its end.
    #[must_use]
    pub fn new(status: u16, kind: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n");
        Self { bytes: format!("{head}\r\n{body}").into_bytes(), ..Self::default() }
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", &body.to_string())
    }

    /// A stream of events.
    #[must_use]
    pub fn events(body: &str) -> Self {
        Self::new(200, "text/event-stream", body)
    }

    /// With another header.
    #[must_use]
    pub fn header(mut self, header: &str) -> Self {
        let text = String::from_utf8(self.bytes).expect("a script is text");
        self.bytes = text.replacen("\r\n", &format!("\r\n{header}\r\n"), 1).into_bytes();
        self
    }

    /// The connection is closed without a word.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    /// Bytes that a flood brought out.
    flooded: usize,
    /// The client went while the server still had something to say.
    left: bool,
}

/// A server.
pub struct ModelServer {
    address: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl ModelServer {
    /// Starts one that gives these answers, one a request; then the last one for ever.
    ///
    /// # Panics
    /// When the system gives no port.
    #[must_use]
    pub fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let shared = state.clone();
        // Ends with the process of the test.
        std::thread::spawn(move || {
            let answers = Arc::new(answers);
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, shared) = (answers.clone(), shared.clone());
                std::thread::spawn(move || serve(stream, &answers, &shared));
            }
        });
        Self { address, state }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    ///
    /// # Panics
    /// Never: the server does not panic with the lock held.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.state.0.lock().expect("unharmed").asked.clone()
    }

    /// How many bytes of a flood it got rid of.
    ///
    /// # Panics
    /// As [`ModelServer::asked`].
    #[must_use]
    pub fn flooded(&self) -> usize {
        self.state.0.lock().expect("unharmed").flooded
    }

    /// Waits until somebody has asked something.
    ///
    /// # Panics
    /// When nobody does.
    pub fn until_asked(&self) {
        self.until("nobody asked", |state| !state.asked.is_empty());
    }

    /// Waits until this much was asked.
    ///
    /// # Panics
    /// When it is not.
    pub fn until_asked_often(&self, times: usize) {
        self.until("nobody asked so often", |state| state.asked.len() >= times);
    }

    /// Waits until a client has gone that it still had something to say to.
    ///
    /// # Panics
    /// When none goes.
    pub fn until_left(&self) {
        self.until("the connection was not closed", |state| state.left);
    }

    fn until(&self, fault: &str, holds: impl Fn(&State) -> bool) {
        let (state, changed) = &*self.state;
        let waited = changed.wait_timeout_while(state.lock().expect("unharmed"), PATIENCE, |state| !holds(state));
        assert!(!waited.expect("unharmed").1.timed_out(), "{fault}");
    }
}

fn serve(mut stream: TcpStream, answers: &[Answer], state: &(Mutex<State>, Condvar)) {
    let Some(asked) = read(&stream) else { return };
    let number = {
        let mut state = state.0.lock().expect("unharmed");
        state.asked.push(asked);
        state.asked.len() - 1
    };
    state.1.notify_all();
    let answer = &answers[number.min(answers.len() - 1)];
    let mut left = stream.write_all(&answer.bytes).is_err();
    for _ in 0..answer.flood.1 {
        if stream.write_all(&answer.flood.0).is_err() {
            left = true;
            break;
        }
        state.0.lock().expect("unharmed").flooded += answer.flood.0.len();
    }
    if answer.hangs {
        // The end of input, or a reset, is the client's going.
        let _ = stream.read(&mut [0]);
        left = true;
    }
    if left {
        state.0.lock().expect("unharmed").left = true;
        state.1.notify_all();
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let what = line.rsplit_once(' ')?.0.to_owned();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { what, headers, body: serde_json::from_slice(&body).unwrap_or_default() })
}
