use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use hermes_plugin_api::harness;

use super::*;
use crate::rule::{Rule, host_of, read};

#[test]
fn the_manifest_says_what_the_settings_are() {
    let manifest = harness::check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert_eq!(manifest.provides[0].subjects, ["url"]);
}

#[test]
fn a_rule_is_a_host_however_it_is_written() {
    let domain = |name: &str| Ok(Some(Rule::Domain(name.to_owned())));
    for text in [
        "example.com",
        " EXAMPLE.com ",
        "example.com.",
        "www.example.com",
        ".example.com",
        "https://example.com/a?b#c",
        "example.com/path",
        "example.com:8080",
        "http://u:p@example.com:80/",
        "example.com # why",
        "example.com\t#why",
    ] {
        assert_eq!(read(text), domain("example.com"), "{text}");
    }
    assert_eq!(read("münchen.de"), domain("xn--mnchen-3ya.de"));
    assert_eq!(read("0x7f.1"), domain("127.0.0.1"));
    assert_eq!(read("[::1]:80"), domain("[::1]"));
    assert_eq!(read("www."), domain("www"));
    assert_eq!(read("*.Example.com"), Ok(Some(Rule::Below("example.com".to_owned()))));
    assert_eq!(read("*"), Ok(Some(Rule::Everything)));
    assert_eq!(["", "  ", "# x", "\t# x"].map(read), [Ok(None), Ok(None), Ok(None), Ok(None)]);
    for text in [
        "exa*ple.com",
        "*example.com",
        "example.*",
        "*.*.com",
        "0.0.0.0 example.com",
        "a b",
        "example.com:x",
        "*.",
        "://",
        "a%zz",
        "example..com",
        "%2a2.com",
        "www..example.com",
        ".",
    ] {
        assert!(read(text).is_err(), "{text}: {:?}", read(text));
    }
}

#[test]
fn the_host_of_a_url_that_may_lack_its_scheme() {
    for (url, host) in [
        ("https://EXAMPLE.com:8443/x", "example.com"),
        ("https://user:pw@example.com/", "example.com"),
        ("example.com/path", "example.com"),
        ("example.com:8080/path", "example.com"),
        ("localhost:3000", "localhost"),
        ("//example.com/", "example.com"),
        ("EXAMPLE.COM", "example.com"),
        ("https://example.com./", "example.com"),
        ("https://.example.com/", ".example.com"),
        ("http://0../", "0.0.0.0"),
        ("http://1.2.3.4.5../", "1.2.3.4.5"),
        ("http://0x7f.1/", "127.0.0.1"),
    ] {
        assert_eq!(host_of(url).as_deref(), Some(host), "{url}");
    }
    for url in ["", "  ", "mailto:a@example.com", "data:text/html,x", "javascript:alert(1)"] {
        assert_eq!(host_of(url), None, "{url}");
    }
}

/// A list from a file that changed long ago, unless a test changes it.
struct Place(tempfile::TempDir);

impl Place {
    fn with(text: &str) -> (Self, Policy) {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.write(text);
        let policy = Policy::new(vec!["config.example".to_owned()], vec!["list".to_owned()], place.0.path().to_owned());
        (place, policy)
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join("list"), text).expect("written");
    }
}

fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test has no host")]
    let now = SystemTime::now();
    u64::try_from(now.duration_since(UNIX_EPOCH).expect("later").as_millis()).expect("short")
}

fn rule(policy: &mut Policy, url: &str) -> Option<String> {
    policy.judge(url, now_ms()).map(|finding| finding.rule)
}

#[test]
fn a_list_is_read_again_when_it_changed_in_whatever_way() {
    let (place, mut policy) = Place::with("one.example\n");
    let (blocked, open) = (Some("website-blocklist".to_owned()), None);
    assert_eq!(rule(&mut policy, "https://a.one.example/"), blocked);
    assert_eq!(rule(&mut policy, "https://two.example/"), open);
    // As long as before, and on the same tick of the clock.
    place.write("two.example\n");
    assert_eq!(rule(&mut policy, "https://two.example/"), blocked);
    assert_eq!(rule(&mut policy, "https://one.example/"), open);
    // Another file in its place.
    fs::write(place.0.path().join("new"), "six.example\n").expect("written");
    fs::rename(place.0.path().join("new"), place.0.path().join("list")).expect("renamed");
    assert_eq!(rule(&mut policy, "https://six.example/"), blocked);
    fs::remove_file(place.0.path().join("list")).expect("removed");
    assert_eq!(rule(&mut policy, "https://good.example/"), Some("website-policy".to_owned()));
    place.write("");
    assert_eq!(rule(&mut policy, "https://good.example/"), open);
    assert_eq!(rule(&mut policy, "https://config.example/"), blocked);
}

#[test]
fn what_cannot_be_read_blocks_and_names_file_and_line() {
    let broken: &[(&[u8], &str)] = &[
        (b"a.example\n\nb b.example\n", "`list`, line 3: `b b.example` is no rule: it is no host"),
        (b"a.example\n\xff\xfe\n", "line 2 is not UTF-8 text"),
        (b"ok.example\nexa*ple.com", "`list`, line 2: `exa*ple.com` is no rule: a `*` stands alone"),
    ];
    for (text, why) in broken {
        let (place, mut policy) = Place::with("");
        place.write(text);
        let finding = policy.judge("https://good.example/", now_ms()).expect("blocked");
        assert!(finding.description.contains(why), "{}", finding.description);
        assert_eq!(finding.rule, "website-policy");
    }
    let (place, mut policy) = Place::with("");
    fs::remove_file(place.0.path().join("list")).expect("removed");
    fs::create_dir(place.0.path().join("list")).expect("made");
    let finding = policy.judge("", now_ms()).expect("blocked");
    assert!(finding.description.contains("/list` of") && finding.description.contains("it is no file"), "{finding:?}");
}

#[test]
fn what_blocks_is_told_with_its_place() {
    let (_place, mut policy) = Place::with("# ours\nbad.example # since May\n");
    let told = policy.judge("https://WWW.bad.example:8080/x", now_ms()).expect("blocked").details;
    assert_eq!(told["host"], "www.bad.example");
    assert_eq!((&told["rule"], &told["source"]), (&"bad.example # since May".into(), &"list".into()));
    assert!(told["message"].as_str().expect("text").ends_with("(list, line 2)"));
    let config = policy.judge("https://config.example/", now_ms()).expect("blocked").details;
    assert_eq!(config["source"], "config");
}

proptest::proptest! {
    /// Whatever a line says: it is a rule that covers its own host, or it is refused.
    #[test]
    fn hostile_lines_are_refused_or_sound(line in "(\\*\\.)?(https?://)?(\\PC{0,4}@)?[a-z0-9.\\-ü。*:\\[\\]#% ]{0,20}\\PC{0,6}") {
        if let Ok(Some(Rule::Domain(name))) = read(&line) {
            let mut policy = Policy::new(vec![line.clone()], Vec::new(), PathBuf::new());
            let url = format!("https://{name}/");
            if host_of(&url).is_some() {
                proptest::prop_assert_eq!(rule(&mut policy, &url), Some("website-blocklist".to_owned()), "{}", name);
            }
        }
    }
}
