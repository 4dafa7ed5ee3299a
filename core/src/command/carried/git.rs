//! What `git` runs: settings given with `-c`, and options of its sub-commands.

use hermes_plugin_api::command::{Simple, Word};
use hermes_plugin_api::vocabulary::Syntax;

const GIT: Syntax = Syntax {
    short_values: "Cc",
    long_values: &["git-dir", "work-tree", "namespace", "config-env", "exec-path"],
    stops_at_operand: true,
    ..Syntax::GNU
};

/// Sections and names of settings whose values are shell text, in lower case. A name of nothing is any.
const SETTINGS: &[(&str, &str)] = &[
    ("core", "pager"),
    ("core", "editor"),
    ("core", "sshcommand"),
    ("core", "fsmonitor"),
    ("core", "askpass"),
    ("core", "gitproxy"),
    ("core", "alternaterefscommand"),
    ("sequence", "editor"),
    ("diff", "external"),
    ("diff", "textconv"),
    ("diff", "command"),
    ("difftool", "cmd"),
    ("mergetool", "cmd"),
    ("merge", "driver"),
    ("filter", "clean"),
    ("filter", "smudge"),
    ("filter", "process"),
    ("gpg", "program"),
    ("interactive", "difffilter"),
    ("uploadpack", "packobjectshook"),
    ("pager", ""),
    ("browser", "cmd"),
    ("web", "browser"),
    ("sendemail", "sendmailcmd"),
];

/// The shell texts of a `git` command.
pub(super) fn texts(simple: &Simple) -> Vec<Word> {
    let mut texts: Vec<Word> = simple.parse(&GIT).values('c', "").filter_map(of_setting).collect();
    if let Some((verb, rest)) = simple.verb(&GIT) {
        texts.extend(of_verb(&verb, rest));
    }
    texts
}

/// `core.pager=TEXT`; of an alias or a credential helper, what follows `!`.
fn of_setting(setting: &Word) -> Option<Word> {
    let text = setting.leading();
    let (key, _) = text.split_once('=')?;
    let value = setting.strip_prefix(&format!("{key}="))?;
    let key = key.to_ascii_lowercase();
    let (section, rest) = key.split_once('.')?;
    let name = rest.rsplit('.').next()?;
    if section == "alias" || (section, name) == ("credential", "helper") {
        return value.strip_prefix("!");
    }
    let runs = SETTINGS.iter().any(|(own, named)| *own == section && (named.is_empty() || *named == name));
    let switch = value.is_any(&["true", "false", ""]);
    (runs && !switch).then_some(value)
}

fn of_verb(verb: &str, rest: &[Word]) -> Vec<Word> {
    const SYNTAX: Syntax = Syntax {
        short_values: "xuos",
        long_values: &[
            "exec",
            "extcmd",
            "upload-pack",
            "receive-pack",
            "tree-filter",
            "index-filter",
            "msg-filter",
            "env-filter",
            "commit-filter",
            "parent-filter",
            "tag-name-filter",
            "onto",
            "strategy",
        ],
        ..Syntax::GNU
    };
    let parsed = SYNTAX.parse(rest);
    let values = |options: &[(char, &str)]| -> Vec<Word> {
        options.iter().flat_map(|(short, long)| parsed.values(*short, long)).cloned().collect()
    };
    match verb {
        "rebase" => values(&[('x', "exec")]),
        "difftool" => values(&[('x', "extcmd")]),
        "clone" | "fetch" | "pull" | "ls-remote" => values(&[('u', "upload-pack")]),
        "push" => values(&[('\0', "receive-pack"), ('\0', "exec")]),
        "filter-branch" => values(&[
            ('\0', "tree-filter"),
            ('\0', "index-filter"),
            ('\0', "msg-filter"),
            ('\0', "env-filter"),
            ('\0', "commit-filter"),
        ]),
        "submodule" | "bisect" => after(rest, if verb == "bisect" { "run" } else { "foreach" }),
        _ => Vec::new(),
    }
}

/// `bisect run WORDS`, `submodule foreach TEXT`: what follows, joined by blanks.
fn after(rest: &[Word], verb: &str) -> Vec<Word> {
    let Some(at) = rest.iter().position(|word| word.is(verb)) else {
        return Vec::new();
    };
    let words = rest[at + 1..].iter().skip_while(|word| word.leading().starts_with("--"));
    let mut text = String::new();
    for word in words {
        let known = word.known();
        text.push_str(known.as_deref().unwrap_or("\"$unknown\""));
        text.push(' ');
    }
    vec![super::word(&text, &rest[at])]
}
