//! The first files of a new plugin: a crate that builds and passes its own tests.
//!
//! It only makes texts; who calls it writes them. It depends on nothing but the templates, so that whatever
//! builds this program can use the same file.

use std::path::{Path, PathBuf};

/// Where a new plugin lives, which decides what its `Cargo.toml` says.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// Anywhere: it builds against the sources of plugin-api that lie here.
    Alone {
        /// The directory with plugin-api's `Cargo.toml`.
        api: &'a Path,
    },
    /// In the workspace of the host.
    Member,
}

/// The kinds that have a template, as manifests write them.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|template| template.kind)
}

/// Returns the word that ids of a kind begin with, where they follow the custom.
#[must_use]
pub fn prefix(kind: &str) -> &str {
    match kind {
        "mcp_server" => "tools",
        kind => kind,
    }
}

/// Returns the files of a new plugin, by their path in its folder; `None` for a kind without a template.
///
/// `id` is the plugin's id. What it offers is called the same, without the kind if it begins with that.
#[must_use]
pub fn render(kind: &str, id: &str, place: Place<'_>) -> Option<Vec<(PathBuf, String)>> {
    let template = TEMPLATES.iter().find(|template| template.kind == kind)?;
    let name = id.strip_prefix(prefix(kind)).and_then(|rest| rest.strip_prefix('-')).unwrap_or(id);
    let (cargo, package, api) = match place {
        Place::Alone { api } => (ALONE, id.to_owned(), api.display().to_string()),
        Place::Member => (MEMBER, format!("hermes-{id}"), String::new()),
    };
    let library = format!("lib{}.so", package.replace('-', "_"));
    let api = api.replace('\\', "\\\\").replace('"', "\\\"");
    let dependencies = template.needs.iter().map(|(name, version)| match place {
        Place::Alone { .. } => format!("{name} = \"{version}\"\n"),
        Place::Member => format!("{name}.workspace = true\n"),
    });
    let dependencies = dependencies.collect::<String>();
    let values = [
        ("{{id}}", id),
        ("{{kind}}", &kind.replace('_', " ")),
        ("{{package}}", &package),
        ("{{library}}", &library),
        ("{{api}}", &api),
        ("{{dependencies}}", &dependencies),
        ("{{description}}", template.description),
        ("{{provide}}", template.provide),
        ("{{name}}", name),
    ];
    let fill = |text: &str| values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(key, value));
    let mut files = vec![
        ("Cargo.toml", fill(cargo)),
        ("plugin.yaml", fill(MANIFEST)),
        ("src/lib.rs", fill(template.lib)),
        ("src/tests.rs", fill(template.tests)),
    ];
    if let Place::Alone { .. } = place {
        files.extend([("README.md", fill(README)), (".gitignore", "/target\n".to_owned())]);
    }
    Some(files.into_iter().map(|(path, text)| (PathBuf::from(path), text)).collect())
}

const ALONE: &str = include_str!("../../templates/crate/Cargo.alone.toml");
const MEMBER: &str = include_str!("../../templates/crate/Cargo.member.toml");
const MANIFEST: &str = include_str!("../../templates/crate/plugin.yaml");
const README: &str = include_str!("../../templates/crate/README.md");

struct Template {
    kind: &'static str,
    description: &'static str,
    provide: &'static str,
    /// What it depends on besides plugin-api: name and version.
    needs: &'static [(&'static str, &'static str)],
    lib: &'static str,
    tests: &'static str,
}

macro_rules! template {
    ($kind:literal, $description:literal, $provide:literal, needs: $needs:expr) => {
        Template {
            kind: $kind,
            description: $description,
            provide: $provide,
            needs: $needs,
            lib: include_str!(concat!("../../templates/", $kind, "/lib.rs")),
            tests: include_str!(concat!("../../templates/", $kind, "/tests.rs")),
        }
    };
}

const TEMPLATES: &[Template] = &[
    template!(
        "scanner",
        "Asks before a loud hello.",
        "{kind: scanner, name: {{name}}, subjects: [command]}",
        needs: &[]
    ),
    template!(
        "backend",
        "Runs commands on this machine, and logs each first.",
        "{kind: backend, name: {{name}}, facts: {environment: process}}\npermissions:\n  exec: ['*']\n  files: ['*']",
        needs: &[("tracing", "0.1")]
    ),
    template!("platform", "Says everything again.", "{kind: platform, name: {{name}}}", needs: &[]),
    template!("mcp_server", "Says things again.", "{kind: mcp_server, name: {{name}}}", needs: &[("serde_json", "1")]),
    template!("model", "Says the last message again.", "{kind: model, name: {{name}}}", needs: &[]),
    template!("gate", "Knows nobody.", "{kind: gate, name: {{name}}}", needs: &[]),
    template!(
        "commands",
        "Greets.",
        "{kind: commands, name: {{name}}}\ncommands:\n  - {name: {{name}}, about: Greet somebody}",
        needs: &[]
    ),
];

#[cfg(test)]
#[path = "template/tests.rs"]
mod tests;
