//! Names that announce a secret: `API_KEY`, `dbPassword`, `auth-token`; and those that only look like it.

/// How surely a name announces a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// `key`, `token`: also a word of everyday code.
    Everyday,
    /// `api_key`, `client_secret`, `auth-token`.
    Strong,
    /// `password` and its kin: even a short word may be one.
    Password,
}

/// What makes a `key` one of everyday code.
const OTHER_KEYS: [&str; 86] = [
    "primary",
    "foreign",
    "sort",
    "partition",
    "cache",
    "public",
    "pub",
    "idempotency",
    "row",
    "group",
    "unique",
    "index",
    "routing",
    "map",
    "object",
    "hot",
    "i18n",
    "translation",
    "lookup",
    "composite",
    "natural",
    "range",
    "hash",
    "config",
    "setting",
    "settings",
    "registry",
    "event",
    "storage",
    "redis",
    "json",
    "dict",
    "order",
    "sorting",
    "grouping",
    "bucket",
    "field",
    "column",
    "metric",
    "label",
    "node",
    "message",
    "feature",
    "flag",
    "react",
    "tab",
    "arrow",
    "enter",
    "escape",
    "meta",
    "ctrl",
    "alt",
    "press",
    "any",
    "item",
    "list",
    "data",
    "context",
    "issue",
    "jira",
    "project",
    "ticket",
    "parent",
    "dedupe",
    "shard",
    "param",
    "attr",
    "attribute",
    "query",
    "state",
    "search",
    "path",
    "file",
    "locale",
    "class",
    "type",
    "prop",
    "property",
    "entity",
    "record",
    "document",
    "env",
    "variable",
    "resource",
    "i",
    "host",
];

/// What makes a `token` one of texts and lists.
const OTHER_TOKENS: [&str; 22] = [
    "eos",
    "bos",
    "pad",
    "unk",
    "mask",
    "sep",
    "cls",
    "stop",
    "max",
    "min",
    "num",
    "n",
    "per",
    "next",
    "prev",
    "page",
    "continuation",
    "sync",
    "first",
    "last",
    "end",
    "start",
];

/// What a name that announces something ends in.
const ENDS: [&str; 14] = [
    "key",
    "token",
    "secret",
    "credential",
    "credentials",
    "pass",
    "pat",
    "pw",
    "passcode",
    "passphrase",
    "pwd",
    "signature",
    "password",
    "passwd",
];

/// Words that make a name one of a secret when they end it.
const KEYS: [&str; 22] = [
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "accountkey",
    "sharedkey",
    "sharedaccesskey",
    "masterkey",
    "encryptionkey",
    "signingkey",
    "licensekey",
    "sshkey",
    "deploykey",
    "servicekey",
    "appkey",
    "subscriptionkey",
    "storagekey",
    "consumerkey",
    "functionkey",
    "instrumentationkey",
    "primaryaccesskey",
];

/// Returns what a name announces. It is the whole run of letters, digits, `_`, `-` and `.`.
pub(super) fn announces(name: &[u8]) -> Option<Name> {
    let ends =
        |end: &str| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes());
    if !ENDS.iter().any(|end| ends(end)) {
        return None;
    }
    let words = words(name);
    let last = words.last()?.as_str();
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    match last {
        "key" => match before {
            None => Some(Name::Everyday),
            Some(before) if OTHER_KEYS.contains(&before) => None,
            Some("x" | "r") if words.len() == 2 => Some(Name::Everyday),
            Some(_) => Some(Name::Strong),
        },
        "token" => match before {
            None => Some(Name::Everyday),
            Some(before) if OTHER_TOKENS.contains(&before) => None,
            Some(_) => Some(Name::Strong),
        },
        "secret" | "credential" | "credentials" => Some(Name::Strong),
        "pass" | "pat" | "pw" => {
            before.filter(|before| !["test", "first", "second", "by"].contains(before)).map(|_| Name::Password)
        }
        "passcode" | "passphrase" | "pwd" => Some(Name::Password),
        "signature" => before.filter(|before| *before == "amz" || *before == "goog").map(|_| Name::Strong),
        _ if last.ends_with("password") || last.ends_with("passwd") => Some(Name::Password),
        _ if last.ends_with("secret") || last.ends_with("token") => Some(Name::Strong),
        _ if KEYS.iter().any(|key| last.ends_with(key)) => Some(Name::Strong),
        _ => None,
    }
}

/// The words of a name in lower case, cut at separators and before capitals.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for byte in name {
        let is_upper = byte.is_ascii_uppercase();
        let cut = !byte.is_ascii_alphanumeric() || (is_upper && was_lower);
        if cut && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| byte.is_ascii_alphanumeric()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        was_lower = byte.is_ascii_lowercase() || byte.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}
