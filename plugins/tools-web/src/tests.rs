use hermes_plugin_api::harness::check_manifest;
use proptest::prelude::*;
use url::Url;

use crate::config::Config;
use crate::html;
use crate::search;
use crate::text::{Kind, decoded, kind, visible, window};

fn text(html: &str) -> String {
    html::read(html, Url::parse("https://site.example/a/").ok().as_ref()).text
}

#[test]
fn the_manifest_says_what_the_settings_are_and_every_provider_is_whole() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    let providers = manifest.provides[0].facts["search"].as_object().expect("providers").clone();
    for name in providers.keys() {
        let config = Config { provider: name.clone(), base_url: "http://127.0.0.1:1".into(), max_chars: 1000 };
        assert!(search::provider(&config).expect(name).is_some(), "{name}");
    }
    for (_, provider) in &providers {
        let host = provider["base_url"].as_str().and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_owned));
        assert!(host.is_none_or(|host| manifest.permissions.network.contains(&host)), "{provider}");
        assert!(provider["secret"].as_str().is_none_or(|name| manifest.secrets.iter().any(|known| known == name)));
    }
    let wrong = Config { provider: "alta vista".into(), base_url: String::new(), max_chars: 1000 };
    assert!(
        search::provider(&wrong).expect_err("unknown").message.contains("expected one of brave, exa, searxng, tavily")
    );
    let lost = Config { provider: "searxng".into(), ..wrong };
    assert!(search::provider(&lost).is_err());
}

#[test]
fn a_page_becomes_readable_text() {
    let page = "<!doctype html><html><head><title> A  page </title><style>p{}</style><script>alert('<p>no</p>')</script></head>
        <body><nav><a href=/x>Menu</a></nav><h1>Head&amp;line</h1><p>One <b>two</b>
        three.</p><ul><li>first<li>second <a href='../b?c=1&amp;d#e'>link</a></ul><table><tr><td>a<td>b</table>
        <pre>  kept
   blanks</pre><img alt='a cat'><footer>Imprint</footer></body>";
    let read = html::read(page, Url::parse("https://site.example/a/").ok().as_ref());
    assert_eq!(read.title, "A page");
    assert_eq!(
        read.text,
        "# Head&line\n\nOne two three.\n\n- first\n- second link (https://site.example/b?c=1&d#e)\n\na | b\n\n  kept\n   blanks\n\n[picture: a cat]"
    );
}

#[test]
fn what_no_reader_sees_is_not_read() {
    for hidden in [
        "<div hidden>evil</div>",
        "<p style='display: none'>evil</p>",
        "<span aria-hidden=true>evil</span>",
        "<!-- evil -->",
        "<div style='font-size:0'>a<div>evil</div>b</div>",
        "<template>evil</template>",
        "<noscript>evil</noscript>",
        "<script>evil</script>",
        "<p hidden>evil<p>",
        "<svg><text>evil</text></svg>",
    ] {
        let read = text(&format!("<p>before</p>{hidden}<p>after</p>"));
        assert!(!read.contains("evil") && read.contains("before") && read.contains("after"), "{hidden}: {read:?}");
    }
}

#[test]
fn the_main_part_is_preferred_where_it_is_enough() {
    let long = "word ".repeat(60);
    assert_eq!(text(&format!("<div>around</div><main>{long}</main>")), long.trim());
    assert_eq!(text("<div>around</div><main>short</main>"), "around\nshort");
    assert_eq!(text("<nav>only a menu</nav>"), "only a menu");
    // A page that never ends its head.
    assert_eq!(text("<head><title>t<body><p>x"), "");
    assert_eq!(text("<head><title>t</title><body><p>x"), "x");
}

#[test]
fn disorder_and_depth_cost_no_more_than_length() {
    for (part, times) in
        [("<div>", 100_000), ("<a href=x>", 20_000), ("</p>", 100_000), ("<b><p>", 50_000), ("<ul><li>", 50_000)]
    {
        assert!(text(&part.repeat(times)).len() < 64 << 20, "{part}");
    }
}

#[test]
fn bodies_are_what_their_server_or_their_beginning_says() {
    assert_eq!(kind(Some("Text/HTML; charset=x"), b""), Kind::Html);
    assert_eq!(kind(None, b"\n<!DOCTYPE html>"), Kind::Html);
    assert_eq!(kind(Some("application/octet-stream"), b"%PDF-1.7"), Kind::Pdf);
    assert_eq!(kind(Some("application/ld+json"), b""), Kind::Plain);
    assert_eq!(kind(Some("image/png"), b""), Kind::Picture);
    assert_eq!(kind(None, b"ab\0c"), Kind::Other);
    assert_eq!(kind(Some("application/zip"), b"PK"), Kind::Other);
}

#[test]
fn characters_are_those_that_were_meant() {
    assert_eq!(decoded(Some("text/html; charset=\"ISO-8859-1\""), b"caf\xe9"), "café");
    assert_eq!(
        decoded(None, b"<meta http-equiv=x content='text/html; charset=shift_jis'>\x83\x65"),
        "<meta http-equiv=x content='text/html; charset=shift_jis'>テ"
    );
    assert_eq!(decoded(Some("text/plain; charset=iso-8859-1"), b"\xef\xbb\xbfcaf\xc3\xa9"), "café");
    assert_eq!(decoded(None, b"\xff\xfeh\0i\0"), "hi");
    assert_eq!(decoded(None, "naïve".as_bytes()), "naïve");
    assert_eq!(decoded(None, b"na\xefve"), "naïve");
    assert_eq!(decoded(Some("text/plain; charset=nonsense"), "é".as_bytes()), "é");
}

#[test]
fn a_window_is_counted_in_characters() {
    assert_eq!(window("äöü", 1, 1), ("ö", 3));
    assert_eq!(window("äöü", 2, 9), ("ü", 3));
    assert_eq!(window("äöü", 9, usize::MAX), ("", 3));
    assert_eq!(visible("a\u{202e}b\u{e0041}\x1b[2Jc\n"), "ab[2Jc\n");
}

proptest! {
    /// Whatever a page is: it is read, and no tag is left.
    #[test]
    fn hostile_pages_are_read(page in "(</?[a-z1-6]{1,8}( (hidden|href=x|style='display:none'))?/?>|<!--|-->|&[a-z#0-9]{0,6};?|\\PC{0,6}){0,40}") {
        let read = html::read(&page, None);
        prop_assert!(read.text.len() <= page.len() * 20 + 1000);
    }
}
