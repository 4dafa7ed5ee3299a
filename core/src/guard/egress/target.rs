//! Reads the text of a URL that a model chose: what it names, or why nothing can be fetched from it.
//!
//! The parser is the one whose result is dialled, so that there are no two readings. Texts on which parsers are
//! known to differ are refused before. It asks nobody: names are not resolved here.

use std::net::IpAddr;

use url::{Host, Url};

use super::address;

/// Longer texts are no URLs that anybody fetches.
const LONGEST: usize = 16 << 10;

/// Names under which clouds tell machines their secrets, those below them included.
const METADATA: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "metadata.tencentyun.com",
    "instance-data",
    "instance-data.ec2.internal",
];

/// What a URL names, as far as its text tells. Where it is an address, the address is none that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    name: Option<String>,
}

/// Why a URL is refused for its text alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule's id.
    pub rule: &'static str,
    /// What is wrong, without a stop.
    pub title: String,
}

/// The text is no URL.
pub(super) const MALFORMED: &str = "url-malformed";
/// The scheme is not one of the web.
pub(super) const SCHEME: &str = "url-scheme";
/// It reaches something that is not on the public Internet.
pub(super) const ADDRESS: &str = "url-address";
/// A name under which clouds tell machines their secrets.
pub(super) const METADATA_NAME: &str = "url-metadata";

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, Problem> {
        unambiguous(text)?;
        let url = Url::parse(text).map_err(|error| malformed(format!("it is no URL: {error}")))?;
        Self::of(url)
    }

    /// Reads where a redirect leads.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn redirected(&self, location: &str) -> Result<Self, Problem> {
        if location.len() > LONGEST {
            return Err(malformed("it is too long"));
        }
        let url = self.url.join(location).map_err(|error| malformed(format!("the redirect is no URL: {error}")))?;
        Self::of(url)
    }

    fn of(url: Url) -> Result<Self, Problem> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Problem { rule: SCHEME, title: format!("`{}` is not http or https", url.scheme()) });
        }
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Self::numeric(url, address.into()),
            Some(Host::Ipv6(address)) => return Self::numeric(url, address.into()),
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            None => return Err(malformed("it has no host")),
        };
        let below = |known: &str| name.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if name.is_empty() {
            return Err(malformed("it has no host"));
        }
        if below("localhost") {
            return Err(Problem { rule: ADDRESS, title: format!("`{name}` is this machine") });
        }
        if METADATA.iter().any(|known| below(known)) {
            return Err(Problem { rule: METADATA_NAME, title: format!("`{name}` is a cloud's metadata service") });
        }
        Ok(Self { url, name: Some(name) })
    }

    fn numeric(url: Url, address: IpAddr) -> Result<Self, Problem> {
        match address::refused(address) {
            Some(what) => Err(Problem { rule: ADDRESS, title: format!("{address} is {what}") }),
            None => Ok(Self { url, name: None }),
        }
    }

    /// The URL as it would be dialled.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The name to resolve, without a dot at its end; `None` where the host is an address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address that stands in the URL.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }
}

/// Refuses what one parser reads as a host and another does not.
fn unambiguous(text: &str) -> Result<(), Problem> {
    if text.len() > LONGEST {
        return Err(malformed(format!("it is longer than {} KiB", LONGEST >> 10)));
    }
    if text.chars().any(|c| c.is_control()) {
        return Err(malformed("it has control characters"));
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(malformed("it has no scheme"));
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(letter) {
        return Err(malformed("it has no scheme"));
    }
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(Problem { rule: SCHEME, title: format!("`{}` is not http or https", scheme.to_ascii_lowercase()) });
    }
    let authority = rest.strip_prefix("//").ok_or_else(|| malformed("it has no host"))?;
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let authority = authority.get(..end).unwrap_or_default();
    match authority {
        "" => Err(malformed("it has no host")),
        _ if authority.contains('\\') => Err(malformed("it has a backslash before its path")),
        _ if authority.contains(char::is_whitespace) => Err(malformed("it has a blank before its path")),
        _ => Ok(()),
    }
}

fn malformed(title: impl Into<String>) -> Problem {
    Problem { rule: MALFORMED, title: title.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Option<&'static str> {
        Target::read(text).err().map(|problem| problem.rule)
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        for spelling in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7F.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "１２７.０.０.１",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "127．0．0．1",
            "[::1]",
            "[0:0::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "u:p@127.0.0.1",
            "a@b@127.0.0.1",
            "%31%32%37.0.0.1",
            "1\u{ad}27.0.0.1",
        ] {
            assert_eq!(rule(&format!("http://{spelling}/x")), Some(ADDRESS), "{spelling}");
            assert_eq!(rule(&format!("HTTPS://{spelling}:8080?q#f")), Some(ADDRESS), "{spelling}");
        }
        assert_eq!(rule("http://0300.0250.1.1/"), Some(ADDRESS));
    }

    #[test]
    fn what_parsers_disagree_about_is_refused() {
        for text in [
            "",
            "x",
            "http",
            "http:",
            "http:/10.0.0.1",
            "http:example.com",
            "http:///example.com",
            "http://",
            "http://?q",
            "http://a\\@b/",
            "http://a b/",
            "http://a\tb/",
            "http://exa\nmple.com/",
            " http://example.com/",
            "//example.com/",
            "http://[::1",
            "http://[::1%25eth0]/",
            "http://1.2.3.4.5/",
            "http://256.1.1.1/",
            "http://a..b:x/",
            "http://%00/",
            "http://./",
            "1http://example.com/",
            "127.0.0.1:80/",
            "http://xn--/",
            "http://a%2fb/",
        ] {
            assert_eq!(rule(text), Some(MALFORMED), "{text:?}");
        }
        for text in
            ["file:///etc/passwd", "FTP://example.com/", "javascript:alert(1)", "data:text/html,x", "localhost:80"]
        {
            assert_eq!(rule(text), Some(SCHEME), "{text:?}");
        }
    }

    #[test]
    fn names_that_mean_this_machine_or_its_cloud() {
        for name in ["localhost", "LOCALHOST.", "a.localhost", "ＬＯＣＡＬＨＯＳＴ"] {
            assert_eq!(rule(&format!("http://{name}/")), Some(ADDRESS), "{name}");
        }
        for name in ["metadata.google.internal", "Metadata.Goog.", "metadata", "x.metadata.goog"] {
            assert_eq!(rule(&format!("http://{name}/")), Some(METADATA_NAME), "{name}");
        }
        for name in ["notlocalhost", "metadata.example.com", "mymetadata"] {
            assert_eq!(rule(&format!("http://{name}/")), None, "{name}");
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_stands() {
        let target = Target::read("https://example.com/a/b?q").expect("public");
        let to = |location: &str| target.redirected(location).map(|to| to.url().to_string());
        assert_eq!(to("c"), Ok("https://example.com/a/c".to_owned()));
        assert_eq!(to("//other.example/"), Ok("https://other.example/".to_owned()));
        assert!(to("//127.0.0.1/").is_err() && to("file:///etc/passwd").is_err() && to("http://0/").is_err());
        assert!(to("/\\127.1/").is_err(), "a backslash is a slash to the one who dials");
    }

    proptest::proptest! {
        /// Whatever text: it is read or refused, and what is read names nothing that is refused.
        #[test]
        fn hostile_text_is_refused_or_sound(text in "(https?://)?(\\PC{0,12}@)?[0-9a-fx.:\\[\\]%①。１\\PC]{0,24}(:[0-9]{0,6})?/?\\PC{0,12}") {
            if let Ok(target) = Target::read(&text) {
                proptest::prop_assert!(target.address().is_none_or(|address| address::refused(address).is_none()));
                proptest::prop_assert!(matches!(target.url().scheme(), "http" | "https"));
                proptest::prop_assert_eq!(target.name().is_some(), target.address().is_none());
                let again = Target::read(target.url().as_str());
                proptest::prop_assert!(again.is_ok(), "{:?}", again);
            }
        }
    }
}
