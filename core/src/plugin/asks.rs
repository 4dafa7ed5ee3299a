//! What a plugin asks for, in words: shown before its owner lets it run, and compared when it is replaced.

use std::collections::BTreeSet;

use hermes_plugin_api::manifest::Manifest;

use crate::plugin::catalogue::read_by;

/// What lets a plugin run in this process at all, and what it means.
pub const ADVISORY: &str = "It runs inside this process as you: what it declares is what it says of itself, \
    and nothing keeps it from doing more.";

/// One kind of thing a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What it is about: `network`, `secrets`.
    pub about: &'static str,
    /// The things themselves.
    pub what: Vec<String>,
}

/// Returns all that a manifest asks for. What is not there is not asked for.
#[must_use]
pub fn of(manifest: &Manifest) -> Vec<Ask> {
    let permissions = &manifest.permissions;
    let mut env: Vec<String> = permissions.env.clone();
    env.extend(manifest.settings.values().flat_map(read_by).map(str::to_owned));
    let words = manifest.commands.iter().map(|word| word.name.clone()).collect();
    let all = [
        ("network", permissions.network.clone()),
        ("programs", permissions.exec.clone()),
        ("secrets", manifest.secrets.clone()),
        ("variables", env),
        ("files", permissions.files.clone()),
        ("session", permissions.session.clone()),
        ("command words", words),
    ];
    let asks = all.into_iter().map(|(about, what)| Ask { about, what });
    asks.filter(|ask| !ask.what.is_empty()).collect()
}

/// Returns what a manifest asks for that another does not.
#[must_use]
pub fn more(now: &Manifest, before: &Manifest) -> Vec<Ask> {
    let flat = |manifest: &Manifest| -> BTreeSet<(&'static str, String)> {
        let asks = of(manifest).into_iter();
        asks.flat_map(|ask| ask.what.into_iter().map(move |what| (ask.about, what))).collect()
    };
    let before = flat(before);
    let mut asks = of(now);
    for ask in &mut asks {
        ask.what.retain(|what| !before.contains(&(ask.about, what.clone())));
    }
    asks.retain(|ask| !ask.what.is_empty());
    asks
}

/// Returns one line for each kind of thing, or one that says there is nothing.
#[must_use]
pub fn lines(asks: &[Ask]) -> Vec<String> {
    match asks {
        [] => vec!["nothing".to_owned()],
        asks => asks.iter().map(line).collect(),
    }
}

fn line(ask: &Ask) -> String {
    let what = ask.what.iter().map(|what| plain(what)).collect::<Vec<_>>().join(", ");
    format!("{}: {what}", ask.about)
}

/// Text of a stranger's manifest, without what a terminal would obey.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that change how their neighbours are shown, and show nothing themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use hermes_plugin_api::manifest::Permissions;

    use super::*;

    fn manifest(network: &[&str], secrets: &[&str]) -> Manifest {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let permissions = Permissions { network: owned(network), ..Permissions::default() };
        Manifest { permissions, secrets: owned(secrets), ..Manifest::default() }
    }

    #[test]
    fn all_is_named_and_nothing_too() {
        assert_eq!(lines(&of(&manifest(&[], &[]))), ["nothing"]);
        let asks = of(&manifest(&["api.example.com", "configured"], &["A_TOKEN"]));
        assert_eq!(lines(&asks), ["network: api.example.com, configured", "secrets: A_TOKEN"]);
    }

    #[test]
    fn a_new_version_that_asks_for_more_says_what() {
        let before = manifest(&["one.example"], &[]);
        assert_eq!(more(&before, &before), []);
        assert_eq!(more(&manifest(&[], &[]), &before), []);
        let now = more(&manifest(&["one.example", "two.example"], &["A_TOKEN"]), &before);
        assert_eq!(lines(&now), ["network: two.example", "secrets: A_TOKEN"]);
    }

    #[test]
    fn a_manifest_does_not_talk_to_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
