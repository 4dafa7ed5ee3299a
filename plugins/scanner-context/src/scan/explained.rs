//! Whether a text speaks of an order instead of giving it: denies it, or reports it where attacks are explained.

use super::words::{Word, within};

/// Whether the order is denied: `never ignore …`.
pub(super) fn is_denied(words: &[Word], at: usize) -> bool {
    if words[at].first || is_denial(&words[at].text) || words[at].text == "without" {
        return false;
    }
    let before = |back: usize| {
        at.checked_sub(back).filter(|from| within(words, *from, at)).map_or("", |from| words[from].text.as_str())
    };
    let linked =
        matches!(before(1), "to" | "ever" | "blindly" | "simply" | "just" | "be" | "you" | "or" | "try" | "always");
    is_denial(before(1))
        || (linked
            && (is_denial(before(2))
                || (before(1) == "to" && matches!(before(2), "try" | "attempt") && is_denial(before(3)))))
}

pub(super) fn is_denial(word: &str) -> bool {
    matches!(
        word,
        "never"
            | "not"
            | "don't"
            | "dont"
            | "cannot"
            | "can't"
            | "won't"
            | "shouldn't"
            | "mustn't"
            | "doesn't"
            | "without"
            | "avoid"
            | "refuse"
            | "isn't"
    )
}

/// The sentence before and after a place.
pub(super) fn sentence(words: &[Word], at: usize) -> (&[Word], &[Word]) {
    let start = (at.saturating_sub(40)..=at).rev().find(|place| words[*place].first).unwrap_or(at.saturating_sub(40));
    let end =
        (at + 1..(at + 40).min(words.len())).find(|place| words[*place].first).unwrap_or((at + 40).min(words.len()));
    (&words[start..at], &words[at..end])
}

/// Whether the text speaks of the order instead of giving it.
pub(super) fn is_explained(words: &[Word], at: usize, end: usize) -> bool {
    let (before, rest) = sentence(words, at);
    let after = rest.get(end + 1 - at..).unwrap_or_default();
    let about = |word: &Word| is_about(&word.text);
    let said = |word: &Word| is_said(&word.text);
    let quoted = words[at].quoted;
    let near = words[at.saturating_sub(30)..at].iter().any(about)
        || words[end + 1..(end + 20).min(words.len())].iter().any(|word| about(word) && !word.quoted);
    let in_sentence = before.iter().chain(after).filter(|word| !word.quoted);
    let (mut talks, mut reports) = (false, false);
    for word in in_sentence {
        talks |= about(word);
        reports |= said(word);
    }
    if quoted {
        return talks || reports || near;
    }
    // A report: somebody else is told to, or tries to.
    let prior = |back: usize| before.len().checked_sub(back).map_or("", |place| before[place].text.as_str());
    let infinitive = prior(1) == "to"
        || words[at].text.ends_with("ing")
        || matches!((prior(2), prior(1)), ("to", "secretly" | "simply" | "just" | "also"));
    let listed = matches!((prior(2), prior(1)), ("such", "as") | (_, "like" | "eg" | "saying" | "says"))
        || (prior(2) == "e" && prior(1) == "g");
    let before_talks = before.iter().any(about);
    (infinitive
        || listed
        || matches!(
            prior(1),
            "that" | "which" | "who" | "they" | "attackers" | "can" | "might" | "may" | "could" | "would"
        ))
        && before_talks
        || infinitive
            && before.iter().any(said)
            && before.iter().any(|word| {
                matches!(word.text.as_str(), "if" | "when" | "that" | "which" | "anything" | "text" | "files" | "any")
            })
            && after.iter().any(|word| {
                matches!(
                    word.text.as_str(),
                    "refuse"
                        | "report"
                        | "stop"
                        | "reject"
                        | "untrusted"
                        | "data"
                        | "not"
                        | "never"
                        | "flag"
                        | "warn"
                        | "don't"
                        | "tell"
                )
            })
}

/// Words of texts about attacks.
fn is_about(word: &str) -> bool {
    matches!(
        word,
        "attack"
            | "attacks"
            | "attacker"
            | "attackers"
            | "injection"
            | "injections"
            | "jailbreak"
            | "jailbreaks"
            | "malicious"
            | "adversary"
            | "adversarial"
            | "adversaries"
            | "phishing"
            | "exploit"
            | "exploits"
            | "scanner"
            | "scanners"
            | "detect"
            | "detects"
            | "detection"
            | "detector"
            | "untrusted"
            | "hostile"
            | "payload"
            | "payloads"
            | "suspicious"
            | "blocks"
            | "blocked"
            | "flags"
            | "flagged"
            | "vulnerability"
            | "poisoned"
            | "rejects"
            | "sanitize"
            | "regex"
            | "heuristic"
            | "heuristics"
            | "injected"
            | "inject"
    )
}

/// Words that report what somebody says.
fn is_said(word: &str) -> bool {
    matches!(
        word,
        "say"
            | "says"
            | "saying"
            | "said"
            | "like"
            | "phrase"
            | "phrases"
            | "phrasing"
            | "text"
            | "string"
            | "strings"
            | "pattern"
            | "patterns"
            | "example"
            | "examples"
            | "asks"
            | "asking"
            | "tells"
            | "telling"
            | "claims"
            | "contains"
            | "containing"
            | "reads"
            | "such"
            | "instructs"
            | "tries"
            | "trying"
            | "attempts"
            | "attempting"
            | "matches"
            | "match"
            | "refuse"
            | "sentence"
            | "sentences"
            | "wording"
            | "prompts"
            | "test"
            | "tests"
            | "fixture"
    )
}
