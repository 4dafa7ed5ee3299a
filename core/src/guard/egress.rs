//! The guard for URLs that a model chose: policies of websites first, then every address behind the name.
//!
//! It is always on. It dials nothing; what it asks is the system's resolver, once for each URL, and the addresses
//! that were judged are the ones a request may be sent to.

pub mod address;
pub mod target;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::finding::{Action, Finding, Severity, Subject};
use url::Url;

use super::audit::{Audit, Record};
use super::findings::{self, CORE};
use super::policy::{OnFailure, ScannerSlot};
use super::refusal::{Kind, Refusal};
use super::report::{Judged, Verdict};
use super::scan::Scanners;
use super::witness::{Authorized, Fetch};
use crate::host::clock;
use crate::redact::redact;
use target::{Problem, Target};

/// Most redirects that are followed.
pub const REDIRECTS: usize = 10;
/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(10);

/// The name has no address.
const UNRESOLVED: &str = "url-unresolved";
/// A chain of redirects that is not followed to its end.
const TOO_MANY: &str = "url-redirects";
/// A scanner of URLs that must be there is not.
const MISSING: &str = "url-scanner-missing";

/// Who answers for names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Dns {
    /// The system.
    #[default]
    System,
    /// These answers, and no others: a name that is not among them does not exist. Names in lower case.
    Given(BTreeMap<String, Vec<IpAddr>>),
}

/// Tells which scanners must be there now and are not, each with the reason.
pub type Missing = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// Judges URLs.
pub struct Egress {
    scanners: Scanners,
    missing: Missing,
    audit: Audit,
}

/// On whose behalf a URL is fetched, for the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The session's id.
    pub session: &'a str,
    /// Who caused it.
    pub who: &'a str,
    /// The plugin that fetches.
    pub plugin: &'a str,
}

/// What was decided about a URL and all that it redirects to.
#[derive(Clone, Debug)]
pub struct UrlReport {
    /// Whether it would be fetched; nobody is asked about a URL.
    pub verdict: Verdict,
    /// Why, in one sentence without a stop.
    pub why: String,
    /// Every finding.
    pub findings: Vec<Judged>,
}

/// One URL, judged.
struct Hop {
    findings: Vec<Judged>,
    /// Where it leads, as far as its text could be read.
    target: Option<Target>,
    /// The addresses that may be dialled.
    addresses: Vec<SocketAddr>,
}

impl Egress {
    /// A guard with these scanners of URLs. `missing` names those that must be there and are not, for each URL anew:
    /// nothing is fetched then.
    #[must_use]
    pub fn new(scanners: Vec<ScannerSlot>, missing: Missing, audit: Audit) -> Self {
        Self { missing, scanners: Scanners::new(scanners), audit }
    }

    /// Decides about a URL, or about where a redirect `from` another leads, and writes the decision down.
    ///
    /// # Errors
    /// `DENIED` with `url`, `host`, `rule`, `source` and `message` among the details.
    pub async fn authorize(
        &self,
        url: &str,
        from: Option<&Target>,
        requester: Requester<'_>,
    ) -> Result<Authorized<Fetch>, PluginError> {
        let hop = self.judge(url, from, &Dns::System).await;
        let decided = match (hop.findings.iter().find(|judged| objects(judged)), hop.target) {
            (None, Some(target)) => Ok(Fetch { target, addresses: hop.addresses }),
            (Some(against), _) => Err(refusal(url, against)),
            (None, None) => Err(PluginError::new(ErrorCode::DENIED, "The URL could not be judged")),
        };
        self.write_down(url, &hop.findings, decided.is_ok(), requester).await?;
        decided.map(Authorized::mint)
    }

    /// Nothing is fetched that is not written down.
    async fn write_down(
        &self,
        url: &str,
        findings: &[Judged],
        allowed: bool,
        requester: Requester<'_>,
    ) -> Result<(), PluginError> {
        let rules: Vec<String> = findings.iter().map(|judged| judged.finding.rule.clone()).collect();
        let [session, who, plugin] = [requester.session, requester.who, requester.plugin].map(str::to_owned);
        let (audit, time_ms, command) = (self.audit.clone(), clock::now_ms(), recorded(url));
        let write = move || {
            audit.record(&Record {
                time_ms,
                session: &session,
                who: &who,
                cwd: "",
                backend: &plugin,
                command: &command,
                allowed,
                by: "url guard",
                findings: rules.iter().map(String::as_str).collect(),
                answer: None,
            })
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(written) => written,
            Err(error) => Err(PluginError::internal(error.to_string())),
        }
    }

    /// Tells whether policy and the text of a URL let it be fetched, without resolving its name: for what is only
    /// shown. It allows nothing.
    ///
    /// # Errors
    /// As [`Self::authorize`].
    pub async fn screen(&self, url: &str) -> Result<(), PluginError> {
        let mut findings = self.scan(url).await;
        findings.extend(Target::read(url).err().map(|problem| of_problem(url, problem)));
        match findings.iter().find(|judged| objects(judged)) {
            Some(against) => Err(refusal(url, against)),
            None => Ok(()),
        }
    }

    /// Tells what would become of a URL and of the redirects that would follow it, without dialling anything.
    pub async fn check(&self, url: &str, redirects: &[String], dns: &Dns) -> UrlReport {
        let mut hop = self.judge(url, None, dns).await;
        let mut findings = std::mem::take(&mut hop.findings);
        for (followed, location) in redirects.iter().enumerate() {
            if followed == REDIRECTS {
                let title = format!("more than {REDIRECTS} redirects");
                findings.push(judged(findings::own(TOO_MANY, &title, Severity::Medium, Action::Forbid)));
                break;
            }
            hop = self.judge(location, hop.target.as_ref(), dns).await;
            findings.append(&mut hop.findings);
        }
        let against = findings.iter().find(|judged| objects(judged));
        let (verdict, why) = match against {
            Some(judged) => (Verdict::Deny, judged.finding.title.clone()),
            None => (Verdict::Allow, "nothing speaks against it".to_owned()),
        };
        UrlReport { verdict, why, findings }
    }

    /// Policies first, then what is behind the name. A redirect is read from where it stands.
    async fn judge(&self, text: &str, from: Option<&Target>, dns: &Dns) -> Hop {
        let target = match from {
            Some(from) => from.redirected(text),
            None => Target::read(text),
        };
        let asked = target.as_ref().map_or(text, |target| target.url().as_str());
        let mut hop = Hop { findings: self.scan(asked).await, target: None, addresses: Vec::new() };
        // What policy forbids is not even asked for.
        let settled = *dns == Dns::System && hop.findings.iter().any(objects);
        match target {
            Ok(target) => {
                if !settled {
                    match addresses(&target, dns).await {
                        Ok(addresses) => hop.addresses = addresses,
                        Err(problem) => hop.findings.push(of_problem(text, problem)),
                    }
                }
                hop.target = Some(target);
            }
            Err(problem) => hop.findings.push(of_problem(text, problem)),
        }
        hop
    }

    async fn scan(&self, url: &str) -> Vec<Judged> {
        let missing = |why| Finding {
            description: why,
            ..findings::own(MISSING, "a policy of websites cannot be asked", Severity::High, Action::Forbid)
        };
        let mut found: Vec<Judged> = (self.missing)().into_iter().map(missing).map(judged).collect();
        for answer in self.scanners.ask(&Subject::Url { url: url.to_owned() }).await {
            let (plugin, policy) = (&answer.slot.plugin, answer.slot.on_failure);
            match (answer.result, policy) {
                (Ok(said), _) => findings::merge(&mut found, plugin, said),
                (Err(error), OnFailure::Closed) => {
                    findings::merge(&mut found, plugin, [findings::of_failure(answer.slot, &error.to_string())]);
                }
                (Err(error), OnFailure::Open) => {
                    tracing::warn!(%error, plugin, "A scanner of URLs failed and is passed over.");
                }
            }
        }
        found
    }
}

/// Every address of a URL, none of which is refused.
async fn addresses(target: &Target, dns: &Dns) -> Result<Vec<SocketAddr>, Problem> {
    let port = target.port();
    let Some(name) = target.name() else {
        return Ok(target.address().map(|address| SocketAddr::new(address, port)).into_iter().collect());
    };
    let found = match dns {
        Dns::Given(answers) => answers.get(name).cloned().unwrap_or_default(),
        Dns::System => resolve(target.url().host_str().unwrap_or(name), port).await?,
    };
    if found.is_empty() {
        return Err(unresolved(format!("`{name}` has no address")));
    }
    for address in &found {
        if let Some(what) = address::refused(*address) {
            return Err(Problem { rule: target::ADDRESS, title: format!("`{name}` is {address}, {what}") });
        }
    }
    Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

async fn resolve(name: &str, port: u16) -> Result<Vec<IpAddr>, Problem> {
    let asked = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((name, port))).await;
    match asked {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => Err(unresolved(format!("`{name}` cannot be resolved: {error}"))),
        Err(_) => Err(unresolved(format!("`{name}` could not be resolved within {} s", RESOLVE.as_secs()))),
    }
}

/// What the model is told. Where policy forbids it, no other way to the same end is welcome.
fn refusal(url: &str, against: &Judged) -> PluginError {
    let finding = &against.finding;
    let mut why = finding.title.clone();
    if !finding.description.is_empty() {
        why = format!("{why}: {}", finding.description);
    }
    let (url, host) = (shown(url), Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned())));
    let why = format!("`{url}` is not fetched: {why}");
    let own = [UNRESOLVED, target::MALFORMED, target::SCHEME].contains(&finding.rule.as_str());
    let error = match own {
        true => PluginError::new(ErrorCode::DENIED, why),
        false => Refusal::new(Kind::Forbidden, why).into(),
    };
    let message = error.message.clone();
    let mut details = serde_json::json!({
        "url": url, "host": host, "rule": finding.rule, "source": against.source, "message": message,
    });
    // A policy says which of its own rules it was, and from where.
    if let (Some(details), Some(own)) = (details.as_object_mut(), finding.details.as_object()) {
        details.extend(own.iter().filter(|(key, _)| *key != "url").map(|(key, value)| (key.clone(), value.clone())));
    }
    let details = details.as_object().cloned().unwrap_or_default();
    details.into_iter().fold(error, |error, (key, value)| error.with(&key, value))
}

/// A URL as it may be repeated: without user name and password, and not for ever.
fn shown(url: &str) -> String {
    let clean = Url::parse(url).map(|mut url| {
        let _ = (url.set_username(""), url.set_password(None));
        url.to_string()
    });
    clean.unwrap_or_else(|_| url.to_owned()).chars().filter(|c| !c.is_control()).take(200).collect()
}

/// As the log gets it.
fn recorded(url: &str) -> String {
    let end = url.floor_char_boundary(url.len().min(16 << 10));
    format!("fetch {}", redact(&shown(url.get(..end).unwrap_or_default())))
}

fn unresolved(title: String) -> Problem {
    Problem { rule: UNRESOLVED, title }
}

fn of_problem(text: &str, problem: Problem) -> Judged {
    let mut finding = findings::own(problem.rule, &problem.title, Severity::High, Action::Forbid);
    finding.details = serde_json::json!({ "url": text.chars().take(200).collect::<String>() });
    judged(finding)
}

fn judged(finding: Finding) -> Judged {
    Judged { finding, source: CORE.to_owned(), suppressed: None }
}

/// Nobody is asked about a URL: a finding that would ask stands against it.
fn objects(judged: &Judged) -> bool {
    judged.finding.action != Action::Note
}

#[cfg(test)]
mod tests;
