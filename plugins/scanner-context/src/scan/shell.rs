//! Commands in a text that read secrets or send them away.

use super::Hit;
use super::words::Word;

/// What is found here.
pub(super) const RULES: [&str; 2] = ["exfiltration", "read-secrets"];

/// As far as a command's line is looked at.
const LINE: usize = 2048;

/// What the word at the beginning of a command does with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Send,
    Show,
    Copy,
    /// An order in prose.
    Tell,
}

fn deed(word: &str) -> Option<Deed> {
    Some(match word {
        "curl" | "wget" | "nc" | "ncat" | "http" | "xh" | "httpie" => Deed::Send,
        "cat" | "less" | "more" | "head" | "tail" | "tac" | "bat" | "base64" | "xxd" | "strings" | "nl" | "od" => {
            Deed::Show
        }
        "cp" | "scp" | "rsync" => Deed::Copy,
        "read" | "open" | "send" | "upload" | "print" | "post" | "email" | "paste" | "share" | "output" | "show"
        | "leak" | "collect" => Deed::Tell,
        _ => return None,
    })
}

/// Finds them, by the program at their beginning.
pub(super) fn find(text: &str, words: &[Word]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let (mut done, mut clean) = (0, 0);
    for (at, word) in words.iter().enumerate() {
        let Some(deed) = deed(&word.text) else { continue };
        // What an earlier program of the line does not send, a later one does not.
        if word.span.start < done || deed == Deed::Send && word.span.start < clean {
            continue;
        }
        let rest = line(text, word.span.end);
        let (is_found, rule, title) = match deed {
            Deed::Send => (sends_secret(rest), RULES[0], "a command that sends a secret away"),
            Deed::Show => (reads_secret(rest), RULES[1], "a command that reads a file of secrets"),
            Deed::Copy => {
                let copies = first_operand(rest).is_some_and(is_secret_file);
                (copies, RULES[1], "a command that copies a file of secrets")
            }
            Deed::Tell => (tells_secret(&word.text, rest), RULES[1], "an order to read a file of secrets"),
        };
        if deed == Deed::Send {
            clean = word.span.end + rest.len();
        }
        if is_found && !is_warned(words, at) {
            done = word.span.end + rest.len();
            hits.push(Hit { rule, title, span: word.span.start..done });
        }
    }
    hits
}

fn line(text: &str, from: usize) -> &str {
    let rest = &text[from..];
    let end = rest.bytes().take(LINE).position(|byte| byte == b'\n').unwrap_or(rest.len().min(LINE));
    &rest[..rest.floor_char_boundary(end)]
}

/// A variable by whose name a secret is meant.
fn sends_secret(rest: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    rest.split('$').skip(1).any(|part| {
        let name = part.trim_start_matches(['{', '(']).to_ascii_uppercase();
        let name = name.split(|c| !is_name(c)).next().unwrap_or_default();
        ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PASSWD", "AUTH"].iter().any(|mark| name.contains(mark))
    }) || ["@.env", "@~/.env", ".ssh/id_", ".aws/credentials", "@.netrc", "@~/.netrc"]
        .iter()
        .any(|file| rest.contains(file))
}

fn reads_secret(rest: &str) -> bool {
    operands(rest).any(is_secret_file)
}

fn first_operand(rest: &str) -> Option<&str> {
    operands(rest).find(|word| !word.starts_with('-'))
}

/// The words of a command, up to the next one.
fn operands(rest: &str) -> impl Iterator<Item = &str> {
    rest.split_whitespace().take_while(|word| !matches!(*word, "|" | ";" | "&&" | "||" | ">" | ">>")).take(12)
}

/// Prose needs more than a name: who asks to read `.env` names the place, or what to do with it.
fn tells_secret(verb: &str, rest: &str) -> bool {
    let mut words = rest.split_whitespace().take(9);
    let Some(file) = words.by_ref().find(|word| is_secret_file(word)) else { return false };
    let away = matches!(verb, "send" | "upload" | "post" | "email" | "paste" | "leak" | "share" | "collect");
    let then = rest.split_whitespace().take(24).any(|word| {
        matches!(word, "send" | "post" | "upload" | "include" | "email" | "output" | "print" | "exfiltrate")
    });
    away || then
        || rest.contains("contents of")
        || (file.contains('/') && !file.contains(".env"))
        || file.contains("~/")
}

/// Whether a word of a command is a file of secrets.
fn is_secret_file(word: &str) -> bool {
    let path = word.trim_matches(|c: char| "`'\"()[]<>,;:*".contains(c)).trim_end_matches(['.', '!', '?']);
    let name = path.rsplit('/').next().unwrap_or_default();
    let env = name.strip_prefix(".env").is_some_and(|rest| {
        rest.is_empty() || matches!(rest, ".local" | ".production" | ".prod" | ".staging" | ".development" | ".dev")
    });
    env || matches!(
        name,
        ".netrc"
            | ".pgpass"
            | ".npmrc"
            | ".pypirc"
            | ".git-credentials"
            | "id_rsa"
            | "id_ed25519"
            | "id_ecdsa"
            | "id_dsa"
            | "auth.json"
            | ".htpasswd"
            | ".my.cnf"
    ) || (name == "credentials" && path.len() > name.len())
        || name == "credentials.json"
        || path.ends_with("/etc/shadow")
        || path.ends_with(".kube/config")
        || path.ends_with(".docker/config.json")
        || path.contains(".ssh/id_")
        || path.contains(".gnupg/")
}

/// Whether the sentence warns of it.
fn is_warned(words: &[Word], at: usize) -> bool {
    let from = (at.saturating_sub(12)..=at).rev().find(|place| words[*place].first).unwrap_or(at.saturating_sub(12));
    words[from..at].iter().any(|word| {
        matches!(
            word.text.as_str(),
            "never"
                | "not"
                | "don't"
                | "dont"
                | "avoid"
                | "attackers"
                | "attacker"
                | "attack"
                | "malicious"
                | "injection"
                | "cannot"
                | "mustn't"
                | "without"
        )
    })
}
