//! A service that answers JSON or a stream of events over HTTP: one request with its deadlines, bounds and typed
//! errors. What plugins that talk to models have in common.
//!
//! It does not try again: whoever asked knows whether the answer is still wanted.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::Value;

use crate::error::{ErrorCode, PluginError, Result};
use crate::flow::Cancel;
use crate::host::{Host, HttpRequest, HttpResponse};
use crate::model::Cause;
use crate::retry::retry_after;
use crate::secret::Secret;
use crate::sse::{Event, Sse};

mod failure;

/// Longest answer in one piece, in bytes.
const WHOLE: usize = 32 << 20;
/// Longest event of a stream, in bytes.
const EVENT: usize = 8 << 20;
/// Longest stream, in bytes.
const STREAM: usize = 64 << 20;
/// As much of an error's body as is read.
const ERROR: usize = 64 << 10;

/// A service.
#[derive(Clone)]
pub struct Endpoint {
    /// The host's services.
    pub host: Host,
    /// What people call it; it stands in messages.
    pub title: String,
    /// Where its paths begin.
    pub base_url: String,
    /// The setting that changes `base_url`, for hints.
    pub base_url_key: String,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// The key, and the variable that it comes from.
    pub key: Option<(String, Secret)>,
    /// Until the head of a response is there.
    pub head: Duration,
    /// Between two pieces of a response.
    pub idle: Duration,
}

/// How a service answers.
pub enum Answer {
    /// In one piece.
    Whole(Value),
    /// Bit by bit.
    Events(Events),
}

impl Endpoint {
    /// Asks for JSON.
    ///
    /// # Errors
    /// As [`Endpoint::post`].
    pub async fn get(&self, path: &str, cancel: &Cancel) -> Result<Value> {
        let response = self.send("GET", path, String::new(), cancel).await?;
        self.whole(&response, cancel).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// `CONFIG` for a key that is refused, a model that is not there or an address that is none of this service;
    /// `USER` for a request that cannot be met; `UNAVAILABLE` and `TIMEOUT` for what may pass; `PROTOCOL` for an
    /// answer that is none; `CANCELLED`. With its [`Cause`], where it has one.
    ///
    /// # Cancellation
    /// The connection is closed.
    pub async fn post(&self, path: &str, body: &Value, cancel: &Cancel) -> Result<Answer> {
        let response = self.send("POST", path, body.to_string(), cancel).await?;
        let kind = header(&response, "content-type").to_ascii_lowercase();
        if kind.contains("json") && !kind.contains("stream") {
            return Ok(Answer::Whole(self.whole(&response, cancel).await?));
        }
        if kind.is_empty() || kind.contains("event-stream") {
            let title = self.title.clone();
            let pieces = Pieces { response, host: self.host.clone(), idle: self.idle, title };
            return Ok(Answer::Events(Events { pieces, sse: Sse::new(EVENT), read: 0, ended: false }));
        }
        Err(self.no_answer(&format!("it answered with `{}`", failure::one_line(&kind, 80))))
    }

    async fn send(&self, method: &str, path: &str, body: String, cancel: &Cancel) -> Result<HttpResponse> {
        let mut headers = self.headers.clone();
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let request = HttpRequest {
            method: method.to_owned(),
            url: format!("{}{path}", self.base_url.trim_end_matches('/')),
            headers,
            body,
            timeout_ms: u64::try_from(self.head.as_millis()).unwrap_or(u64::MAX),
        };
        let response = cancel.run(self.host.http(&request)).await?.map_err(|error| self.unreachable(error))?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        let pieces = Pieces { response, host: self.host.clone(), idle: self.idle, title: self.title.clone() };
        let body = pieces.some(ERROR, cancel).await?;
        let wait = retry_after(&pieces.response.headers, self.host.now_ms());
        Err(self.failure(pieces.response.status, &body, wait))
    }

    async fn whole(&self, response: &HttpResponse, cancel: &Cancel) -> Result<Value> {
        let mut all = Vec::new();
        while let Some(piece) = next_piece(response, &self.host, self.idle, &self.title, cancel).await? {
            if all.len() + piece.len() > WHOLE {
                return Err(self.no_answer(&format!("its answer is longer than {WHOLE} bytes")));
            }
            all.extend_from_slice(&piece);
        }
        serde_json::from_slice(&all).map_err(|error| self.no_answer(&format!("its answer is no JSON: {error}")))
    }

    /// Returns the error for an answer that is none.
    #[must_use]
    pub fn no_answer(&self, why: &str) -> PluginError {
        let message = format!("{} did not give an answer as expected: {why}", self.title);
        let error = PluginError::new(ErrorCode::PROTOCOL, message);
        let hint = format!("is `{}` (`{}`) the address of its interface?", self.base_url, self.base_url_key);
        Cause::Malformed.on(error).with_hint(hint)
    }

    /// Returns the error for an answer that broke off.
    #[must_use]
    pub fn cut(&self) -> PluginError {
        let message = format!("The connection to {} ended before the answer did", self.title);
        Cause::Cut.on(PluginError::unavailable(message))
    }

    fn unreachable(&self, error: PluginError) -> PluginError {
        let message = format!("Failed to reach {} at `{}`: {}", self.title, self.base_url, error.message);
        let hint = format!("check that it runs and that `{}` is its address", self.base_url_key);
        match error.code {
            ErrorCode::CANCELLED => error,
            _ => PluginError { message, ..error }.with_hint(hint),
        }
    }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    response.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Events of a stream.
pub struct Events {
    pieces: Pieces,
    sse: Sse,
    read: usize,
    ended: bool,
}

impl Events {
    /// The next event; none at the end of the stream.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the connection breaks, `TIMEOUT` when nothing comes, `PROTOCOL` for what is too long;
    /// `CANCELLED`.
    pub async fn next(&mut self, cancel: &Cancel) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.sse.event() {
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            match self.pieces.next(cancel).await? {
                Some(piece) => {
                    self.read += piece.len();
                    if self.read > STREAM {
                        let message = format!("The answer of {} is longer than {STREAM} bytes", self.pieces.title);
                        return Err(Cause::Malformed.on(PluginError::new(ErrorCode::PROTOCOL, message)));
                    }
                    self.sse.feed(&piece).map_err(|error| Cause::Malformed.on(error))?;
                }
                None => {
                    self.ended = true;
                    self.sse.finish();
                }
            }
        }
    }
}

struct Pieces {
    response: HttpResponse,
    host: Host,
    idle: Duration,
    title: String,
}

impl Pieces {
    async fn next(&self, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
        next_piece(&self.response, &self.host, self.idle, &self.title, cancel).await
    }

    /// The beginning of the body. One that breaks off is better than none.
    async fn some(&self, limit: usize, cancel: &Cancel) -> Result<Vec<u8>> {
        let mut some = Vec::new();
        while some.len() < limit {
            match self.next(cancel).await {
                Ok(Some(piece)) => some.extend_from_slice(&piece),
                Err(error) if error.code == ErrorCode::CANCELLED => return Err(error),
                Ok(None) | Err(_) => break,
            }
        }
        some.truncate(limit);
        Ok(some)
    }
}

async fn next_piece(
    response: &HttpResponse,
    host: &Host,
    idle: Duration,
    title: &str,
    cancel: &Cancel,
) -> Result<Option<Vec<u8>>> {
    let read = async {
        let (chunk, late) = (pin!(response.chunk()), pin!(host.sleep(idle)));
        match select(chunk, late).await {
            Either::Left((chunk, _)) => chunk.map_err(|error| match error.code {
                ErrorCode::UNAVAILABLE => {
                    let message = format!("The connection to {title} broke: {}", error.message);
                    Cause::Cut.on(PluginError { message, ..error })
                }
                _ => error,
            }),
            Either::Right(_) => {
                let message = format!("{title} sent nothing for {} s", idle.as_secs());
                Err(Cause::Cut.on(PluginError::new(ErrorCode::TIMEOUT, message)))
            }
        }
    };
    cancel.run(read).await?
}

#[cfg(test)]
mod tests;
