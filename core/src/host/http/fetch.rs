//! Fetches a URL that somebody else than the owner chose: with the guard's proof for each hop, at the addresses that
//! the proof names and at no others.
//!
//! Redirects are followed here, each judged like the first URL. Every wait has an end, and so has the body.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_abi as abi;
use hermes_plugin_abi::{Fault, FfiFuture, Frame, FutureExt as _, JsonFuture, ROption, RResult, RString, UnitFuture};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::host::{FETCH_LIMIT, FetchRequest, STDOUT};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::network;
use crate::flow::refuse;
use crate::guard::egress::target::Target;
use crate::guard::egress::{Egress, REDIRECTS, Requester};
use crate::guard::witness::{Authorized, Fetch};
use crate::host::scope::Scope;

/// Longest time for all of it.
const LONGEST: Duration = Duration::from_secs(300);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest `Location` and such.
const HEADERS: usize = 64 << 10;

/// What is sent to whatever server; anything else stays with the origin that it was meant for.
const EVERYWHERE: &[&str] = &["accept", "accept-language", "user-agent"];
/// What only the client itself may say.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Fetches. The head comes as JSON, the body as a stream.
pub(super) async fn fetch(
    egress: &Egress,
    request: FetchRequest,
    plugin: &str,
    scope: Scope,
) -> Result<(Value, Stream)> {
    let mut headers = headers(&request.headers)?;
    let limit = request.limit.min(FETCH_LIMIT);
    let until = Instant::now() + Duration::from_millis(request.timeout_ms).min(LONGEST);
    let (session, who) = scope.caller();
    let requester = Requester { session: &session, who: &who, plugin };
    let hops = async {
        let mut witness = egress.authorize(&request.url, None, requester).await?;
        for _ in 0..=REDIRECTS {
            let (target, response) = dial(witness, headers.clone(), until).await?;
            let Some(location) = redirect(&response) else {
                return Ok((target, response));
            };
            drop(response);
            witness = egress.authorize(&location, Some(&target), requester).await?;
            if witness.effect().target.url().origin() != target.url().origin() {
                headers = everywhere(&headers);
            }
        }
        let message = format!("`{}` redirects more than {REDIRECTS} times", shown(&request.url));
        Err(PluginError::new(ErrorCode::DENIED, message).with_hint("it may redirect in a circle: try another address"))
    };
    let (target, response) = scope.until_over(late(until, hops)).await?;
    let all = response.headers().iter().filter(|(_, value)| value.len() < HEADERS);
    let all: Vec<(String, String)> = all
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let head = json!({ "status": response.status().as_u16(), "url": without_user(target.url()), "headers": all });
    let state = State { response, left: limit, limit, over: false };
    Ok((head, Stream { state: Arc::new(Mutex::new(state)), until, scope }))
}

/// Sends one request, to an address that was judged. The proof is used up.
async fn dial(witness: Authorized<Fetch>, headers: HeaderMap, until: Instant) -> Result<(Target, Response)> {
    let Fetch { target, addresses } = witness.redeem();
    let client = super::pinned(target.url().host_str().unwrap_or_default(), &addresses)?;
    let sent = client.get(target.url().clone()).headers(headers).send();
    let sent = tokio::time::timeout(SILENCE, async { sent.await.map_err(network) });
    let silent =
        || PluginError::new(ErrorCode::TIMEOUT, format!("The server said nothing for {} s", SILENCE.as_secs()));
    let response = late(until, async { sent.await.unwrap_or_else(|_| Err(silent())) }).await?;
    // What was dialled is known only now; the pins above hold, or nothing is read.
    let at = response.remote_addr().map(|peer| peer.ip().to_canonical());
    if !addresses.iter().any(|judged| Some(judged.ip().to_canonical()) == at) {
        return Err(PluginError::new(ErrorCode::DENIED, "The connection leads to an address that was not checked"));
    }
    Ok((target, response))
}

/// Where a response sends on to.
fn redirect(response: &Response) -> Option<String> {
    let to = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let location = response.headers().get(LOCATION).filter(|_| to.contains(&response.status()))?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn headers(asked: &[(String, String)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        let wrong = || PluginError::user(format!("`{name}` is no header that may be set for a fetched URL"));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if OURS.contains(&known.as_str()) || known.as_str().starts_with("proxy-") {
            return Err(wrong());
        }
        headers.append(known, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}

fn everywhere(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| EVERYWHERE.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn without_user(url: &Url) -> String {
    let mut url = url.clone();
    let _ = (url.set_username(""), url.set_password(None));
    url.into()
}

fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| String::new(), |url| without_user(&url)).chars().take(200).collect()
}

async fn late<T>(until: Instant, work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| PluginError::new(ErrorCode::TIMEOUT, "It took longer than it may");
    timeout_at(until, work).await.map_err(late)?
}

/// The body of what was fetched, on the wire.
pub struct Stream {
    state: Arc<Mutex<State>>,
    until: Instant,
    scope: Scope,
}

struct State {
    response: Response,
    /// How many bytes may still come, and how many could at first.
    left: u64,
    limit: u64,
    over: bool,
}

impl State {
    /// The next piece, decoded; nothing is read that is beyond the limit.
    async fn next(&mut self, until: Instant) -> Result<Option<Vec<u8>>> {
        if self.over {
            return Err(self.too_long());
        }
        let read = timeout_at(until.min(Instant::now() + SILENCE), self.response.chunk());
        let late = |_| PluginError::new(ErrorCode::TIMEOUT, "The server stopped before the end of its response");
        let Some(chunk) = read.await.map_err(late)?.map_err(network)? else { return Ok(None) };
        let fits = usize::try_from(self.left).unwrap_or(usize::MAX);
        self.over = chunk.len() > fits;
        let taken = chunk.get(..fits).unwrap_or(&chunk);
        self.left -= taken.len() as u64;
        if taken.is_empty() && self.over {
            return Err(self.too_long());
        }
        Ok(Some(taken.to_vec()))
    }

    fn too_long(&self) -> PluginError {
        let message = format!("The response is longer than {} bytes", self.limit);
        PluginError::user(message).with("limit", self.limit)
    }
}

impl abi::Channel for Stream {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
        let (state, until, scope) = (self.state.clone(), self.until, self.scope.clone());
        async move {
            let mut state = state.lock().await;
            let chunk = scope.until_over(state.next(until)).await.map_err(Fault::from);
            chunk.map(|chunk| chunk.map(|data| Frame { tag: STDOUT, data: data.into() }).into()).into()
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

/// Knows no name: what is not pinned cannot be dialled.
pub(super) struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(std::future::ready(Err("this name was not checked".into())))
    }
}

/// A client that knows one name.
pub(super) fn pin(builder: reqwest::ClientBuilder, host: &str, addresses: &[SocketAddr]) -> reqwest::ClientBuilder {
    builder.resolve_to_addrs(host, addresses).dns_resolver(NoNames).pool_max_idle_per_host(0).referer(false)
}
