//! The one door to the network: HTTP and websockets, streamed.
//!
//! There are two kinds of endpoints, and neither becomes the other. A *configured* one is named in the plugin's
//! manifest or settings, never by a model; without TLS only what a setting names so, or what is on this machine, and
//! redirects are not followed. A URL that was *chosen* needs the guard's proof, for itself and for each redirect.
//! Proxies of the environment do not apply.

mod fetch;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hermes_plugin_abi as abi;
use hermes_plugin_abi::{Fault, FfiFuture, Frame, FutureExt as _, JsonFuture, ROption, RResult, RString, UnitFuture};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::host::{FetchRequest, HttpRequest, STDOUT, WS_BINARY, WS_TEXT};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::flow::refuse;
use crate::guard::egress::Egress;
use crate::host::scope::Scope;
pub use fetch::Stream;

/// Until the head of a response is there.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Chunks that wait for a plugin to read them.
const CHUNKS: usize = 16;

/// The client. One per process: it keeps connections, and is made by the first request, because the root
/// certificates that it reads take longer than many a command.
#[derive(Clone, Default)]
pub struct Http(Arc<OnceLock<Result<reqwest::Client>>>);

/// What stands among a manifest's hosts without being one: kinds of endpoints.
const KINDS: [&str; 2] = ["configured", "chosen"];

/// Endpoints that a plugin may reach.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// Host names, with a port where it matters.
    pub hosts: Vec<String>,
    /// URLs of the plugin's settings.
    pub configured: Vec<String>,
}

impl Endpoints {
    /// Whether a URL is one of them.
    ///
    /// # Errors
    /// `USER` for what is no HTTP URL, `DENIED` for one that is not permitted.
    pub fn admit(&self, url: &str) -> Result<reqwest::Url> {
        let url = reqwest::Url::parse(url).map_err(|error| PluginError::user(format!("Not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            return Err(PluginError::user(format!("`{}` is not a scheme for requests", url.scheme())));
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let with_port = format!("{host}:{port}");
        let hosts = self.hosts.iter().filter(|known| !KINDS.contains(&known.as_str()));
        let listed = hosts.into_iter().any(|known| *known == host || *known == with_port);
        let sealed = matches!(url.scheme(), "https" | "wss") || is_loopback(host);
        if listed && sealed || self.configured.iter().any(|known| same_origin(known, &url)) {
            return Ok(url);
        }
        let message = match listed {
            true => format!("`{host}` is reached without TLS only where a setting names it so"),
            false => format!("`{host}` is neither in the plugin's manifest nor in its settings"),
        };
        Err(PluginError::new(ErrorCode::DENIED, message))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn same_origin(configured: &str, url: &reqwest::Url) -> bool {
    let Ok(known) = reqwest::Url::parse(configured) else { return false };
    known.host_str().is_some()
        && known.host_str() == url.host_str()
        && known.port_or_known_default() == url.port_or_known_default()
        && known.scheme().trim_start_matches("http") == url.scheme().trim_start_matches("ws").trim_start_matches("http")
}

/// What all clients have in common.
fn builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    let builder = reqwest::Client::builder();
    builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("hermes/", env!("CARGO_PKG_VERSION")))
}

/// A client that dials a host at these addresses, and no other host.
fn pinned(host: &str, addresses: &[SocketAddr]) -> Result<reqwest::Client> {
    let client = fetch::pin(builder(), host, addresses).build();
    client.map_err(|error| PluginError::internal(format!("Failed to set up HTTP: {error}")))
}

impl Http {
    /// Fetches a URL that was chosen, if the guard lets it through, for a plugin in the scope of a call.
    ///
    /// # Errors
    /// `DENIED` by the guard; `USER` for a header that may not be set; `UNAVAILABLE`, `TIMEOUT` from the network;
    /// `CANCELLED` when the call is over.
    pub async fn fetch(egress: &Egress, request: FetchRequest, plugin: &str, scope: Scope) -> Result<(Value, Stream)> {
        fetch::fetch(egress, request, plugin, scope).await
    }

    fn client(&self) -> Result<&reqwest::Client> {
        let client = self.0.get_or_init(|| {
            builder().build().map_err(|error| PluginError::internal(format!("Failed to set up HTTP: {error}")))
        });
        client.as_ref().map_err(PluginError::clone)
    }

    /// Sends a request; the head comes as JSON, the body as a stream.
    ///
    /// # Errors
    /// `DENIED` for an endpoint that is not permitted; `UNAVAILABLE`, `TIMEOUT` from the network; `INTERNAL` when
    /// the system has no usable TLS configuration.
    pub async fn send(&self, request: HttpRequest, allowed: &Endpoints) -> Result<(Value, Body)> {
        let url = allowed.admit(&request.url)?;
        let method = reqwest::Method::from_bytes(request.method.to_ascii_uppercase().as_bytes());
        let method = method.map_err(|_| PluginError::user(format!("`{}` is no HTTP method", request.method)))?;
        let mut builder = self.client()?.request(method, url).body(request.body);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let limit = if request.timeout_ms > 0 { Duration::from_millis(request.timeout_ms) } else { HEAD_TIMEOUT };
        let sent = async { builder.send().await.map_err(network) };
        let response = crate::flow::within(limit, "The server", sent).await?;
        let headers = response.headers().iter();
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let head = json!({ "status": response.status().as_u16(), "headers": headers });
        Ok((head, Body(Arc::new(Mutex::new(response)))))
    }

    /// Opens a websocket.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn websocket(request: WebsocketRequest, allowed: &Endpoints) -> Result<(Value, Socket)> {
        use tungstenite::client::IntoClientRequest as _;
        let url = allowed.admit(&request.url)?;
        let wrong = |error: &dyn std::fmt::Display| PluginError::user(format!("Not a websocket request: {error}"));
        let mut client = url.as_str().into_client_request().map_err(|error| wrong(&error))?;
        for (name, value) in &request.headers {
            let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(&error))?;
            let value = tungstenite::http::HeaderValue::from_str(value).map_err(|error| wrong(&error))?;
            client.headers_mut().insert(name, value);
        }
        let connect = async {
            let connected = tokio_tungstenite::connect_async(client).await;
            connected.map_err(|error| PluginError::unavailable(format!("Failed to connect: {error}")))
        };
        let (socket, response) = crate::flow::within(HEAD_TIMEOUT, "The server", connect).await?;
        let (mut write, mut read) = socket.split();
        let (frames_in, frames) = mpsc::channel(CHUNKS);
        let (outgoing, mut to_send) = mpsc::channel::<Message>(CHUNKS);
        // Ends when the plugin drops the socket, which closes both queues, or when the server goes.
        tokio::spawn(async move {
            loop {
                let incoming = tokio::select! {
                    message = to_send.recv() => {
                        let Some(message) = message else { break };
                        if write.send(message).await.is_err() {
                            break;
                        }
                        continue;
                    }
                    incoming = read.next() => incoming,
                };
                let Some(received) = received(incoming) else { break };
                if let Some(received) = received
                    && frames_in.send(received).await.is_err()
                {
                    break;
                }
            }
            let _ = write.close().await;
        });
        let head = json!({ "status": response.status().as_u16() });
        Ok((head, Socket { frames: Arc::new(Mutex::new(frames)), outgoing }))
    }
}

type Received = Result<(u32, Vec<u8>)>;

/// A frame for the plugin, nothing for what the protocol keeps to itself; `None` at the end.
fn received(incoming: Option<Result<Message, tungstenite::Error>>) -> Option<Option<Received>> {
    match incoming? {
        Ok(Message::Text(text)) => Some(Some(Ok((WS_TEXT, text.as_bytes().to_vec())))),
        Ok(Message::Binary(data)) => Some(Some(Ok((WS_BINARY, data.to_vec())))),
        Ok(Message::Close(_)) => None,
        Ok(_) => Some(None),
        Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => None,
        Err(error) => Some(Some(Err(PluginError::unavailable(format!("The connection broke: {error}"))))),
    }
}

/// What a plugin asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebsocketRequest {
    /// Where.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
}

fn network(error: reqwest::Error) -> PluginError {
    let code = if error.is_timeout() { ErrorCode::TIMEOUT } else { ErrorCode::UNAVAILABLE };
    // The URL may carry a key in its query: say what failed, not where.
    let error = error.without_url();
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    PluginError::new(code, message)
}

/// The body of a response, on the wire.
pub struct Body(Arc<Mutex<reqwest::Response>>);

impl abi::Channel for Body {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
        let response = self.0.clone();
        async move {
            let chunk = response.lock().await.chunk().await.map_err(|error| Fault::from(network(error)));
            chunk.map(|chunk| chunk.map(|data| Frame { tag: STDOUT, data: data.to_vec().into() }).into()).into()
        }
        .into_ffi()
    }

    fn send(&self, _: Frame) -> UnitFuture {
        refuse("send")
    }

    fn control(&self, _: RString) -> JsonFuture {
        refuse("control")
    }
}

/// A websocket, on the wire.
pub struct Socket {
    frames: Arc<Mutex<mpsc::Receiver<Received>>>,
    outgoing: mpsc::Sender<Message>,
}

impl abi::Channel for Socket {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
        let frames = self.frames.clone();
        async move {
            match frames.lock().await.recv().await {
                Some(Ok((tag, data))) => RResult::ROk(ROption::RSome(Frame { tag, data: data.into() })),
                Some(Err(error)) => RResult::RErr(error.into()),
                None => RResult::ROk(ROption::RNone),
            }
        }
        .into_ffi()
    }

    fn send(&self, frame: Frame) -> UnitFuture {
        let outgoing = self.outgoing.clone();
        async move {
            let data: Vec<u8> = frame.data.into();
            let message = match frame.tag {
                WS_TEXT => Message::text(String::from_utf8_lossy(&data).into_owned()),
                _ => Message::binary(data),
            };
            let sent = outgoing.send(message).await;
            sent.map_err(|_| Fault::from(PluginError::unavailable("The connection is closed"))).into()
        }
        .into_ffi()
    }

    fn control(&self, _: RString) -> JsonFuture {
        refuse("control")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_and_configured_endpoints_are_admitted() {
        let hosts =
            ["api.example.com", "127.0.0.1:11434", "[::1]:11434", "configured", "chosen"].map(str::to_owned).into();
        let allowed = Endpoints { hosts, configured: vec!["http://127.0.0.1:8080/v1".into()] };
        let code = |url: &str| allowed.admit(url).err().map(|error| error.code);
        assert_eq!(code("https://api.example.com/x"), None);
        assert_eq!(code("http://127.0.0.1:8080/v1/chat"), None);
        assert_eq!(code("http://127.0.0.1:11434/v1"), None);
        assert_eq!(code("http://[::1]:11434/v1"), None);
        assert_eq!(code("http://127.0.0.1:11435/v1"), Some(ErrorCode::DENIED));
        assert_eq!(code("http://api.example.com/x"), Some(ErrorCode::DENIED));
        assert_eq!(code("ws://api.example.com/x"), Some(ErrorCode::DENIED));
        assert_eq!(code("ws://127.0.0.1:8080/v1/stream"), None);
        assert_eq!(code("http://127.0.0.1:8081/v1"), Some(ErrorCode::DENIED));
        assert_eq!(code("https://127.0.0.1:8080/v1"), Some(ErrorCode::DENIED));
        assert_eq!(code("https://api.example.com.evil.example/"), Some(ErrorCode::DENIED));
        assert_eq!(code("https://api.example.com@evil.example/"), Some(ErrorCode::DENIED));
        assert_eq!(code("https://chosen/"), Some(ErrorCode::DENIED));
        assert_eq!(code("https://configured/"), Some(ErrorCode::DENIED));
        assert_eq!(code("file:///etc/passwd"), Some(ErrorCode::USER));
    }
}
