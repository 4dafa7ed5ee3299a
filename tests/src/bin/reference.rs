//! Prints a generated reference: `reference configuration CATALOGUE`, `reference environment CATALOGUE` or
//! `reference rules`.
//!
//! `cargo xtask docs` calls it and keeps what it prints under `docs/reference`. It runs no plugin.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "what it prints is the reference")]

use std::path::Path;
use std::process::ExitCode;
use std::{env, fmt::Write as _};

use hermes_core::config::keys::{Claim, Key, KeyPath, KeySpace, Owner};
use hermes_core::config::settings::{DEFAULTS, Settings};
use hermes_core::env_policy::{Added, Base, Child, INJECTING, LOADER_PATHS, MARKS, OWN, Removed, TABLE};
use hermes_core::plugin::catalogue::Catalogue;
use hermes_plugin_api::manifest::{Kind, Provide};
use serde_json::Value;

#[path = "../../../plugins/scanner-commands/src"]
mod scanner_commands {
    // The rules are data, and a plugin's library can only be opened by a host.
    pub(crate) mod rules;
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let text = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["backends", catalogue] => backends(Path::new(catalogue)),
        ["configuration", catalogue] => configuration(Path::new(catalogue)),
        ["environment", catalogue] => environment(Path::new(catalogue)),
        ["rules"] => Ok(rules()),
        _ => Err("usage: reference backends|configuration|environment CATALOGUE | reference rules".into()),
    };
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn configuration(catalogue: &Path) -> Result<String, Failure> {
    let catalogue = Catalogue::read(catalogue)?;
    let planned = |id: &str| catalogue.find(id).is_some_and(|listed| !listed.available);
    let claims = catalogue.plugins.iter().flat_map(|listed| {
        listed.settings.iter().map(|(path, schema)| Claim {
            plugin: listed.id.clone(),
            installed: listed.available,
            available: listed.available,
            path: KeyPath::of(path.split('.')),
            schema: schema.clone(),
            default: schema.get("default").cloned(),
            secret: schema["secret"] == Value::Bool(true),
            env: None,
        })
    });
    let space = KeySpace::new(&claims.collect::<Vec<_>>())?;
    let defaults: Value = serde_yaml::from_str(DEFAULTS)?;

    let mut text = String::from(
        "# Configuration\n\nEvery key of `config.yaml`, made from the code by `cargo xtask docs`.\n\
         A variable overrides the file; a name in angle brackets is yours to choose.\n",
    );
    let mut plugins: Vec<&str> = space.keys().iter().filter_map(|key| plugin(key)).collect();
    plugins.sort_unstable();
    plugins.dedup();
    let schema = Settings::schema();
    let in_core = |path: &KeyPath| path.keys().iter().fold(&schema, |schema, key| &schema["properties"][key]);
    let keys = space.keys().iter().filter(|key| plugin(key).is_none());
    section(&mut text, "Core", keys, &defaults, |path| in_core(path).clone())?;
    for id in plugins {
        let title = if planned(id) { format!("`{id}` (planned)") } else { format!("`{id}`") };
        let settings = catalogue.find(id).map(|listed| listed.settings.clone()).unwrap_or_default();
        let keys = space.keys().iter().filter(|key| plugin(key) == Some(id));
        section(&mut text, &title, keys, &Value::Null, |path| {
            settings.get(&path.to_string()).cloned().unwrap_or_default()
        })?;
    }
    Ok(text)
}

fn plugin(key: &Key) -> Option<&str> {
    match &key.owner {
        Owner::Plugin { id, .. } => Some(id),
        Owner::Core => None,
    }
}

fn section<'a>(
    text: &mut String,
    title: &str,
    keys: impl Iterator<Item = &'a Key>,
    defaults: &Value,
    schema_at: impl Fn(&KeyPath) -> Value,
) -> Result<(), Failure> {
    write!(text, "\n## {title}\n\n| key | type | default | variables | meaning |\n|---|---|---|---|---|\n")?;
    let mut rows: Vec<&Key> = keys.collect();
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    for key in rows {
        let default = key.path.lookup(defaults).or(key.schema.get("default"));
        let default = default.map_or_else(String::new, |value| format!("`{value}`"));
        let variables: Vec<String> = key.env.iter().map(|name| format!("`{name}`")).collect();
        let named = match key.path.keys().split_last() {
            Some((last, parent)) if last == "*" => schema_at(&KeyPath::of(parent.to_vec())),
            _ => Value::Null,
        };
        let meaning = key.schema["description"].as_str().or(named["description"].as_str()).unwrap_or_default();
        let path = key.path.to_string().replace('*', "<name>");
        let cells = [format!("`{path}`"), kind(&key.schema), default, variables.join(", "), meaning.replace('\n', " ")];
        writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))?;
    }
    Ok(())
}

/// Returns what may stand at a key, in a few words.
fn kind(schema: &Value) -> String {
    let variants = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).into_iter().flatten();
    let choices = variants.filter_map(|variant| variant["const"].as_str()).collect::<Vec<_>>();
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    for choices in [choices, listed] {
        if !choices.is_empty() {
            return choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ");
        }
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(schema)),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

fn kind_of_items(schema: &Value) -> String {
    match schema.get("items") {
        Some(items) => kind(items),
        None => "any".to_owned(),
    }
}

/// The table of what child processes see, and the backends that each row of commands stands for.
fn environment(catalogue: &Path) -> Result<String, Failure> {
    let catalogue = Catalogue::read(catalogue)?;
    let offers = catalogue.plugins.iter().flat_map(|listed| &listed.provides);
    let backends: Vec<_> = offers.filter(|offer| offer.kind == Kind::Backend).collect();
    let of = |child: Child| {
        let here = |offer: &Provide| offer.facts.get("environment").and_then(Value::as_str) == Some("process");
        let fits = |offer: &&&Provide| match child {
            Child::Here => here(offer),
            Child::Away => !here(offer),
            _ => false,
        };
        let mut names: Vec<String> = backends.iter().filter(fits).map(|offer| format!("`{}`", offer.name)).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let mut text = String::from(
        "# Environment\n\nWhat each kind of child process sees of the environment, made from the code by `cargo xtask \
         docs`.\n\n| child | begins with | taken away | added |\n|---|---|---|---|\n",
    );
    for row in &TABLE {
        let which = Some(of(row.child)).filter(|names| !names.is_empty());
        let about = which.map_or(row.about.to_owned(), |names| format!("{}: {names}", row.about));
        let [removed, added] = [row.removed.iter().map(without).collect(), row.added.iter().map(with).collect()]
            .map(|words: Vec<&str>| if words.is_empty() { "nothing".to_owned() } else { words.join("; ") });
        writeln!(text, "| {about} | {} | {removed} | {added} |", base(&row.from))?;
    }
    let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    write!(
        text,
        "\nNames are compared whole: `HOMEBREW_PREFIX` is not `HOME`. A name that ends in `*` stands for all that \
         begin so and go on.\n\n\
         **Secrets** are the variables that the manifest of any plugin declares, installed or only known; those of \
         settings that are secret; and {own}.\n\n\
         **Called like a secret** is a name that holds {marks}, in any case.\n\n\
         **Runs code** what makes a loader or a shell run it: {injecting}, `BASH_FUNC_*`, and everything that begins \
         with `LD_` or `DYLD_` but {paths}.\n\n\
         **Passed through** are the variables that `terminal.env_passthrough` names and that are set, in the process or \
         in `.env`. They must be called `[A-Za-z_][A-Za-z0-9_]*`; others are left out with a warning. You may name a \
         secret there: then every command that a model runs can read it.\n\n\
         **Forwarded** are the variables that a setting of the backend names and that are set, such as \
         `terminal.docker_forward_env`. Its manifest says which setting that is: `facts: {{forward_env: KEY}}`.\n\n\
         **Of its manifest** are the variables of `permissions.env` of the plugin that starts the program, secrets and \
         what runs code left out. A plugin hands a program what it needs of all this and adds what is its own, such as \
         the secret that it declared.\n",
        own = code(&OWN),
        marks = code(&MARKS),
        injecting = code(&INJECTING),
        paths = code(&LOADER_PATHS),
    )?;
    Ok(text)
}

/// What the manifests of backends declare, beside each other.
fn backends(catalogue: &Path) -> Result<String, Failure> {
    let catalogue = Catalogue::read(catalogue)?;
    let mut text = String::from(
        "# Backends\n\nWhere commands can run, made from what plugins declare by `cargo xtask docs`.\n\n\
         | backend | plugin | isolation | dangerous commands | best for |\n|---|---|---|---|---|\n",
    );
    let mut rows = Vec::new();
    let mut unless = String::new();
    for listed in &catalogue.plugins {
        for offer in listed.provides.iter().filter(|offer| offer.kind == Kind::Backend) {
            let fact = |name: &str| offer.facts.get(name).and_then(Value::as_str).unwrap_or("-");
            let closed = offer.facts.get("boundary").and_then(Value::as_bool) == Some(true);
            let checked = if closed { "not checked: the session is the boundary" } else { "checked" };
            let planned = if listed.available { "" } else { " (planned)" };
            let (name, id) = (&offer.name, &listed.id);
            let row = format!(
                "| **{name}** | `{id}`{planned} | {} | {checked} | {} |\n",
                fact("isolation"),
                fact("best_for")
            );
            rows.push((closed, row));
            let entries = offer.facts.get("boundary_unless").and_then(Value::as_array).into_iter().flatten();
            let keys: Vec<String> = entries.map(opening).collect();
            if !keys.is_empty() {
                writeln!(unless, "* {name}: {}", keys.join("; "))?;
            }
            let files = offer.facts.get("boundary_unless_writable").and_then(Value::as_array).into_iter().flatten();
            let files: Vec<String> = files.filter_map(Value::as_str).map(|file| format!("`{file}`")).collect();
            if !files.is_empty() {
                writeln!(unless, "* {name}, where you may write to one of these, as root may: {}", files.join(", "))?;
            }
        }
    }
    rows.sort();
    text.extend(rows.into_iter().map(|(_, row)| row));
    write!(
        text,
        "\nA boundary is what the session that was opened says it is. `hermes check` predicts it from the settings, and \
         predicts none where one of these is given:\n\n{unless}\n\
         Deny rules of `approvals.deny` hold on every backend.\n"
    )?;
    Ok(text)
}

/// What a manifest says that opens a session.
fn opening(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if let Some(key) = entry.as_str() {
        format!("`{key}`")
    } else if let Some(key) = text("mounts") {
        format!(
            "`{key}` with something outside `<home>/sandboxes` that can be written, or that holds sockets or devices"
        )
    } else if let Some(key) = text("working_directory") {
        format!("`{key}`, where the working directory is not inside `<home>/sandboxes`")
    } else {
        let known = entry.get("beyond").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let known: Vec<String> = known.map(|value| format!("`{value}`")).collect();
        format!("`{}` with others than {}", text("values").unwrap_or_default(), known.join(" "))
    }
}

fn base(base: &Base) -> String {
    match base {
        Base::Process => "all of it".to_owned(),
        Base::Listed { names: [], families: [] } => "nothing".to_owned(),
        Base::Listed { names, families } => {
            let families = families.iter().map(|family| format!("`{family}*`"));
            names.iter().map(|name| format!("`{name}`")).chain(families).collect::<Vec<_>>().join(" ")
        }
    }
}

fn without(removed: &Removed) -> &'static str {
    match removed {
        Removed::Secrets => "secrets",
        Removed::MarkedInFile => "what stands in `.env` too and is called like a secret",
        Removed::Marked => "what is called like a secret",
        Removed::Injecting => "what runs code",
    }
}

fn with(added: &Added) -> &'static str {
    match added {
        Added::Passthrough => "what is passed through",
        Added::Forwarded => "what is forwarded",
        Added::Declared => "what its manifest names",
        Added::Own => "what its own settings set",
    }
}

fn rules() -> String {
    let mut text = String::from(
        "# Command rules\n\nThe rules of `scanner-commands`, made from the code by `cargo xtask docs`.\n\
         `approvals.rules` switches one off by its id.\n\n| id | finds | severity | a yes may last |\n|---|---|---|---|\n",
    );
    for rule in scanner_commands::rules::ALL.iter() {
        let row = format!("| `{}` | {} | {:?} | {:?} |\n", rule.id, rule.title, rule.severity, rule.remember);
        text.push_str(&row.replace("Always", "always").replace("Once", "once").replace("Session", "session"));
    }
    text
}
