//! No text makes the reader of URLs panic, let an address through that is not public, or change its mind about what
//! it would dial; and no line makes the reader of website lists panic, or take a rule that does not cover its own host.
#![no_main]

use std::net::IpAddr;

use hermes_core::guard::egress::address::refused;
use hermes_core::guard::egress::target::Target;
use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the plugin uses all of it")]
#[path = "../../plugins/scanner-website/src/rule.rs"]
mod rule;

fuzz_target!(|text: &str| {
    if let Ok(target) = Target::read(text) {
        sound(&target);
        if let Ok(next) = target.redirected(text.get(1..).unwrap_or("/")) {
            sound(&next);
        }
    }
    if let Ok(Some(rule::Rule::Domain(name))) = rule::read(text) {
        let covered = rule::read(&name);
        assert_eq!(covered, Ok(Some(rule::Rule::Domain(rule::without_www(&name).to_owned()))), "{name}");
        if let Some(host) = rule::host_of(&format!("https://{name}/")) {
            assert_eq!(host.trim_matches('.'), name);
        }
    }
    let _ = rule::host_of(text);
});

fn sound(target: &Target) {
    let url = target.url();
    assert!(matches!(url.scheme(), "http" | "https"));
    let host = url.host_str().expect("a host");
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    assert_eq!(address.is_some(), target.name().is_none(), "{url}");
    if let Some(address) = address {
        assert_eq!(refused(address), None, "{url}");
        assert!(!is_inside(address), "{url}");
    }
    let again = Target::read(url.as_str()).expect("what was read is read again");
    assert_eq!(&again, target);
}

/// By the standard library's own word.
fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_multicast() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    }
}
