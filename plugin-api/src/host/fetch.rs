//! Fetching what a model, a page or a person named. The host's guard for URLs decides, and nothing here goes
//! around it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Host;
use crate::error::{ErrorCode, PluginError, Result};
use crate::flow::Channel;

/// Most decoded bytes of a body that may be asked for.
pub const FETCH_LIMIT: u64 = 64 << 20;

/// A page, a picture, a file to fetch. It is a `GET`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchRequest {
    /// The token of the tool call.
    pub token: String,
    /// The URL.
    pub url: String,
    /// Header names and values. All but `accept`, `accept-language` and `user-agent` are left out once a redirect
    /// leads to another origin.
    pub headers: Vec<(String, String)>,
    /// Most decoded bytes of the body, at most [`FETCH_LIMIT`].
    pub limit: u64,
    /// Milliseconds until all of it must be there, redirects included, at most 300,000.
    pub timeout_ms: u64,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self { token: String::new(), url: String::new(), headers: Vec::new(), limit: 4 << 20, timeout_ms: 60_000 }
    }
}

/// What came, its body still streaming.
pub struct Fetched {
    /// The status code.
    pub status: u16,
    /// Where the redirects led, without user name and password.
    pub url: String,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    body: Channel,
}

#[derive(Deserialize)]
struct Head {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
}

/// A body, as far as it was wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Its bytes, decoded.
    pub bytes: Vec<u8>,
    /// There was more than the limit.
    pub cut: bool,
}

impl Host {
    /// Fetches a URL that the host's guard lets through, redirects included.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the network `chosen`, the call is over, or the guard refuses: then
    /// the details say `url`, `host`, `rule`, `source` and `message`. `USER` for a header that may not be set;
    /// `UNAVAILABLE`, `TIMEOUT` from the network; `UNSUPPORTED` on a host too old for it.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<Fetched> {
        let (head, body): (Head, Channel) = self.open("fetch", request).await?;
        Ok(Fetched { status: head.status, url: head.url, headers: head.headers, body })
    }

    /// Whether policy lets a URL be shown to the model, by its text alone: no name is resolved, and nothing is
    /// allowed by it.
    ///
    /// # Errors
    /// As [`Host::fetch`], without those of the network.
    pub async fn screen_url(&self, token: &str, url: &str) -> Result<()> {
        self.call("url.screen", &json!({ "token": token, "url": url })).await
    }
}

impl Fetched {
    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// `USER` when there is more than the limit; `TIMEOUT`, `UNAVAILABLE` from the network; `CANCELLED` when the call
    /// is over.
    pub async fn chunk(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.body.recv().await?.map(|piece| piece.data))
    }

    /// The body, as much of it as the limit lets through.
    ///
    /// # Errors
    /// As [`Fetched::chunk`], but for the limit.
    pub async fn body(&self) -> Result<Body> {
        let mut body = Body::default();
        loop {
            match self.chunk().await {
                Ok(Some(chunk)) => body.bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) if is_cut(&error) => return Ok(Body { cut: true, ..body }),
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_cut(error: &PluginError) -> bool {
    error.code == ErrorCode::USER && error.details.contains_key("limit")
}
