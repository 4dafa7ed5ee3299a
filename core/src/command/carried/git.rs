//! What `git` and its kin run: settings given with `-c`, and options of sub-commands.

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
    let parsed = simple.parse(&GIT);
    let mut texts: Vec<Word> = parsed.values('c', "").filter_map(of_setting).collect();
    texts.extend(parsed.values('\0', "config-env").filter_map(|setting| of_named(setting, simple)));
    texts.extend(of_environment(simple));
    texts.extend(simple.args().iter().filter_map(of_remote));
    if let Some((verb, rest)) = simple.verb(&GIT) {
        texts.extend(of_verb(&verb, rest));
    }
    texts
}

/// `--config-env=core.pager=NAME`: the value is that of a variable.
fn of_named(setting: &Word, simple: &Simple) -> Option<Word> {
    let text = setting.known()?;
    let (key, name) = text.split_once('=')?;
    let value = simple.assignments.iter().find(|own| own.name == name).map(|own| own.value.clone());
    of_value(key, value?)
}

/// `git -c core.hooksPath=DIRECTORY`: what lies there runs, and cannot be known. Without a directory none does.
pub(super) fn brings_hooks(simple: &Simple) -> bool {
    let names_one = |setting: &Word| {
        let text = setting.leading();
        let named = text.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("core.hookspath"));
        named.is_some_and(|(_, value)| setting.is_unknown() || !matches!(value, "" | "/dev/null"))
    };
    simple.parse(&GIT).values('c', "").any(names_one)
}

/// `hg --config alias.x=!TEXT`, `hooks.…`, and what it edits, compares and connects with.
pub(super) fn of_mercurial(simple: &Simple) -> Vec<Word> {
    const HG: Syntax =
        Syntax { short_values: "RIXmdulrb", long_values: &["config", "repository", "cwd"], ..Syntax::GNU };
    let runs = |setting: &Word| {
        let text = setting.leading();
        let (key, _) = text.split_once('=')?;
        let value = setting.strip_prefix(&format!("{key}="))?;
        let key = key.to_ascii_lowercase();
        let (section, name) = key.split_once('.')?;
        match section {
            "alias" => value.strip_prefix("!"),
            "hooks" => (!value.leading().starts_with("python:") && !value.pieces.is_empty()).then_some(value),
            "ui" => ["editor", "ssh", "merge", "remotecmd"].contains(&name).then_some(value),
            "pager" => (name == "pager").then_some(value),
            "extdiff" => name.starts_with("cmd.").then_some(value),
            "merge-tools" => name.ends_with(".executable").then_some(value),
            _ => None,
        }
    };
    simple.parse(&HG).values('\0', "config").filter_map(runs).collect()
}

/// `svn --config-option FILE:SECTION:NAME=TEXT` of tunnels and helpers.
pub(super) fn of_subversion(simple: &Simple) -> Vec<Word> {
    const SVN: Syntax = Syntax { long_values: &["config-option", "config-dir", "username"], ..Syntax::GNU };
    let runs = |setting: &Word| {
        let text = setting.leading();
        let (key, _) = text.split_once('=')?;
        let section = key.split(':').nth(1)?;
        let value = setting.strip_prefix(&format!("{key}="))?;
        (section == "tunnels" || section == "helpers").then_some(value)
    };
    simple.parse(&SVN).values('\0', "config-option").filter_map(runs).collect()
}

/// `GIT_CONFIG_KEY_0=core.pager GIT_CONFIG_VALUE_0=TEXT`.
fn of_environment(simple: &Simple) -> Vec<Word> {
    let value = |number: &str| {
        let mut named = simple.assignments.iter();
        named.find(|own| own.name.strip_prefix("GIT_CONFIG_VALUE_") == Some(number)).map(|own| own.value.clone())
    };
    let keys =
        simple.assignments.iter().filter_map(|own| Some((own.name.strip_prefix("GIT_CONFIG_KEY_")?, &own.value)));
    keys.filter_map(|(number, key)| of_value(&key.known()?, value(number)?)).collect()
}

/// `ext::TEXT`, where `% ` is a blank.
fn of_remote(word: &Word) -> Option<Word> {
    let text = word.strip_prefix("ext::").or_else(|| word.strip_prefix("--remote=ext::"))?;
    Some(super::word(&text.leading().replace("% ", " ").replace("%S", "git-upload-pack"), word))
}

/// `core.pager=TEXT`; of an alias or a credential helper, what follows `!`.
fn of_setting(setting: &Word) -> Option<Word> {
    let text = setting.leading();
    let (key, _) = text.split_once('=')?;
    of_value(key, setting.strip_prefix(&format!("{key}="))?)
}

/// The shell text in the value of a setting.
fn of_value(key: &str, value: Word) -> Option<Word> {
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
            "setup",
            "subdirectory-filter",
            "sendmail-cmd",
            "to-cmd",
            "cc-cmd",
            "browser",
            "httpd",
            "authors-prog",
            "access-hook",
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
        "clone" => {
            let config =
                Syntax { short_values: "cbouj", long_values: &["config", "branch"], ..Syntax::GNU }.parse(rest);
            let mut texts = values(&[('u', "upload-pack")]);
            texts.extend(config.values('c', "config").filter_map(of_setting));
            texts
        }
        "fetch" | "pull" | "ls-remote" => values(&[('u', "upload-pack")]),
        "archive" => values(&[('\0', "exec")]),
        "grep" => {
            const GREP: Syntax = Syntax { short_values: "efm", short_optional: "O", ..Syntax::GNU };
            GREP.parse(rest).values('O', "open-files-in-pager").cloned().collect()
        }
        "send-email" => values(&[('\0', "sendmail-cmd"), ('\0', "to-cmd"), ('\0', "cc-cmd")]),
        "instaweb" => values(&[('b', "browser"), ('d', "httpd")]),
        "svn" => values(&[('\0', "authors-prog")]),
        "daemon" => values(&[('\0', "access-hook")]),
        // The value is run by what comes later, if not in this line.
        "config" => {
            const CONFIG: Syntax =
                Syntax { short_values: "ft", long_values: &["file", "blob", "type", "default"], ..Syntax::GNU };
            let parsed = CONFIG.parse(rest);
            let from = usize::from(parsed.operand_is(0, &["set"]));
            match parsed.operands.get(from..) {
                Some([key, value]) => {
                    key.known().and_then(|key| of_value(&key, (*value).clone())).into_iter().collect()
                }
                _ => Vec::new(),
            }
        }
        "push" => values(&[('\0', "receive-pack"), ('\0', "exec")]),
        "filter-branch" => values(&[
            ('\0', "tree-filter"),
            ('\0', "index-filter"),
            ('\0', "msg-filter"),
            ('\0', "env-filter"),
            ('\0', "commit-filter"),
            ('\0', "parent-filter"),
            ('\0', "tag-name-filter"),
            ('\0', "setup"),
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
