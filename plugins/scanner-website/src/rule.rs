//! One rule of a list, and the host of a URL: both in the form in which they are compared.

use url::{Host, Url};

/// What a rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Every host.
    Everything,
    /// A host and its subdomains.
    Domain(String),
    /// The subdomains of a host alone.
    Below(String),
}

/// Reads a line of a list. Comments and blank lines are no rules.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(line: &str) -> Result<Option<Rule>, String> {
    let text = without_comment(line).trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text == "*" {
        return Ok(Some(Rule::Everything));
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let name = authority(name);
    let parse = |name: &str| Host::parse(name).map_err(|_| "it is no host".to_owned());
    let host = parse(without_port(name)?)?.to_string();
    // `.example.com` says what `example.com` does.
    let host = without_end(host.trim_start_matches('.')).ok_or("it has no host")?;
    let host = parse(&host)?.to_string();
    // Looked for where encoded ones are read too.
    if host.contains('*') {
        return Err("a `*` stands alone, or as `*.` before a host".to_owned());
    }
    if host.contains("..") {
        return Err("it has an empty part between two dots".to_owned());
    }
    Ok(Some(match below {
        true => Rule::Below(host),
        false => Rule::Domain(without_www(&host).to_owned()),
    }))
}

/// A host without the dots at its end. Without them it may be an address: `0..`.
fn without_end(host: &str) -> Option<String> {
    let bare = host.trim_end_matches('.');
    let read = (bare.len() < host.len()).then(|| Host::parse(bare).ok()).flatten();
    let host = read.map_or_else(|| bare.to_owned(), |host| host.to_string());
    (!host.is_empty()).then_some(host)
}

/// The host of a URL, which may lack its scheme: `None` where it has none.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let url = url.trim();
    let parsed = Url::parse(url);
    let host = match &parsed {
        Ok(parsed) if parsed.has_host() => parsed.host_str().map(str::to_owned),
        // `example.com:8080/x` reads as a scheme and a path.
        Ok(parsed) if !parsed.scheme().contains('.') && !is_port(parsed.path()) => None,
        _ => Url::parse(&format!("http://{}", url.trim_start_matches('/'))).ok()?.host_str().map(str::to_owned),
    };
    host.and_then(|host| without_end(&host))
}

fn is_port(path: &str) -> bool {
    let end = path.find(['/', '?', '#']).unwrap_or(path.len());
    end > 0 && path.bytes().take(end).all(|b| b.is_ascii_digit())
}

/// A rule given as a URL means its host.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_scheme, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_user, host)| host)
}

fn without_port(host: &str) -> Result<&str, String> {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.bytes().all(|b| b.is_ascii_digit()) {
            true => Ok(name),
            false => Err(format!("`{port}` is no port")),
        },
        _ => Ok(host),
    }
}

/// A `#` at the start, or after a blank, begins a comment.
fn without_comment(line: &str) -> &str {
    let begins =
        |at: usize| line.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace));
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| begins(*at));
    line.get(..comment.unwrap_or(line.len())).unwrap_or_default()
}

/// A host without `www.`.
pub(crate) fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").filter(|rest| !rest.is_empty()).unwrap_or(host)
}
