use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    text_parts: Vec<String>,
    expect: String,
    #[serde(default)]
    why: String,
}

fn corpus() -> impl Iterator<Item = (String, bool, String)> {
    let cases = include_str!("../../../tests/fixtures/redaction.jsonl").lines();
    let cases = cases.chain(include_str!("../../../tests/fixtures/redaction-more.jsonl").lines());
    let cases = cases.map(|line| serde_json::from_str::<Case>(line).expect("a case"));
    cases.map(|case| (case.text_parts.concat(), case.expect == "REDACT", case.why))
}

#[test]
fn the_corpus_is_redacted_as_labelled() {
    for (text, hidden, why) in corpus() {
        assert_eq!(redact(&text) != text, hidden, "{why}: {text} became {}", redact(&text));
        assert_eq!(redact(&text).contains(REDACTED), hidden, "{why}");
    }
}

#[test]
fn redacting_twice_changes_nothing() {
    for (text, ..) in corpus() {
        let once = redact(&text).into_owned();
        assert_eq!(redact(&once), once);
    }
}

#[test]
fn only_the_value_goes() {
    let check = |text: &str, expected: &str| assert_eq!(redact(text), expected, "{text}");
    check("Authorization: Bearer abc.def rest", "Authorization: Bearer [REDACTED] rest");
    check("https://me:hunter2@host/x", "https://me:[REDACTED]@host/x");
    check("a?token=abc&x=1", "a?token=[REDACTED]&x=1");
    check("DB_PASSWORD=\"two words\" next", "DB_PASSWORD=[REDACTED] next");
    check("{\"apiKey\": \"abcd1234\", \"n\": 1}", "{\"apiKey\": \"[REDACTED]\", \"n\": 1}");
    check("x -----BEGIN PRIVATE KEY-----\nMIIE", "x [REDACTED]");
}

#[test]
fn code_that_names_no_secret_stays() {
    for text in [
        "sorted(xs, key=lambda x: x)",
        "curl -H token=$TOKEN",
        "password=${DB_PASSWORD}",
        "token=<your token>",
        "password=None",
        "key = value",
        "if key == other:",
        "monkey=1 hockey=2",
        "PWD=/work/build\nOLDPWD=/work",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn known_values_go_wherever_they_occur() {
    know([Secret::new("correct horse battery"), Secret::new("abc")]);
    assert_eq!(redact("say correct horse battery, abc"), "say [REDACTED], abc");
}

#[test]
fn a_stream_hides_what_the_whole_text_hides_however_it_is_cut() {
    let text: String = corpus().map(|(text, ..)| format!("{text} \n")).collect();
    let whole = redact(&text).into_owned();
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut stream = Stream::default();
        let chars: Vec<char> = text.chars().collect();
        let mut told: String = chars.chunks(size).map(|piece| stream.push(&piece.iter().collect::<String>())).collect();
        told.push_str(&stream.finish());
        assert_eq!(told, whole, "pieces of {size}");
    }
}

#[test]
fn a_key_of_many_pieces_is_hidden_until_its_end() {
    let mut stream = Stream::default();
    let mut told = stream.push("before\n-----BEGIN RSA PRIVATE KEY-----\n");
    for _ in 0..1000 {
        told.push_str(&stream.push("MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7\n"));
    }
    told.push_str(&stream.push("-----END RSA PRIVATE KEY-----\nafter\n"));
    told.push_str(&stream.finish());
    assert_eq!(told, "before\n[REDACTED]\nafter\n");
}

#[test]
fn a_line_without_end_is_told_in_bounds() {
    let mut stream = Stream::default();
    let told: usize = (0..1000).map(|_| stream.push(&"x".repeat(100)).len()).sum();
    assert!(told >= 100_000 - HOLD, "{told}");
}

#[test]
fn a_value_is_redacted_by_its_texts_and_their_names() {
    let mut value = serde_json::json!({
        "api_key": "abcdefgh", "command": "export TOKEN=\"x y z\"", "n": 1,
        "list": ["ghp_0123456789abcdefghijABCDEFGHIJ012345", "plain"], "secret": "${FROM_ELSEWHERE}", "token": 7,
    });
    super::value(&mut value);
    assert_eq!(
        value,
        serde_json::json!({
            "api_key": REDACTED, "command": "export TOKEN=[REDACTED]", "n": 1,
            "list": [REDACTED, "plain"], "secret": "${FROM_ELSEWHERE}", "token": 7,
        })
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_redacted_once_and_for_all(text in "[ -~\n\\PC]{0,200}") {
        let once = redact(&text).into_owned();
        proptest::prop_assert_eq!(redact(&once), once.as_str());
    }

    #[test]
    fn a_marked_key_goes_from_any_prose(before in "[a-z ,.\n]{0,80}", after in "[ ,.\n][a-z ,.\n]{0,80}") {
        let key = ["gh", "p_0123456789abcdefghij"].concat();
        let told = redact(&format!("{before} {key}{after}")).into_owned();
        proptest::prop_assert_eq!(told, format!("{before} {REDACTED}{after}"));
    }
}

#[test]
fn time_grows_with_the_text() {
    let time = |text: &str| {
        let started = crate::host::clock::now_ms();
        std::hint::black_box(redact(text));
        crate::host::clock::now_ms() - started
    };
    for unit in [
        "a:",
        "=",
        "password: ",
        "--token ",
        "<password>",
        "key=os.",
        "x=\"${",
        "http://a:b",
        "eyJa.",
        "eyJ-",
        "curl -u ",
        "Nz=",
        "sig=",
        "a1-",
        "0-",
        "M-",
        "sk-circle-",
        "/webhooks/a/b",
        "-----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----",
    ] {
        let took = time(&unit.repeat((1 << 18) / unit.len()));
        // What looks at everything again and again takes minutes.
        assert!(took < 20_000, "{unit}: {took} ms");
    }
}
