//! Refusals, in words: one sentence with plugin and cause, and the way out. It decides nothing.

use crate::plugin::find::{Found, Unusable};
use crate::plugin::load::LoadError;
use crate::plugin::lock::Source;
use crate::plugin::registry::Entry;
use crate::plugin::state::State;
use crate::plugin::trust::Distrust;

/// A plugin that is not used, in one sentence, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Plugin `{plugin}` cannot be used: {cause}")]
pub struct Refusal {
    /// Its id.
    pub plugin: String,
    /// Why.
    pub cause: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    pub(crate) fn of(found: &Found, cause: String, hint: String) -> Self {
        Self { plugin: found.id.clone(), cause, hint }
    }

    pub(crate) fn unusable(found: &Found, unusable: &Unusable) -> Self {
        let bundled = found.source == Source::Bundled;
        let hint = if bundled { "install the program again".to_owned() } else { unusable.way_out.clone() };
        Self::of(found, unusable.why.clone(), hint)
    }
}

/// Why the state of a plugin keeps it from being used.
pub(crate) fn of_state(entry: &Entry) -> Refusal {
    let id = &entry.found.id;
    match &entry.state {
        State::Disabled => {
            let hint = format!("enable it with `hermes plugins enable {id}`");
            Refusal::of(&entry.found, "it is disabled".into(), hint)
        }
        State::Broken(why) if entry.found.manifest.is_err() => Refusal::unusable(&entry.found, why),
        State::Broken(why) => Refusal::of(&entry.found, why.why.clone(), why.way_out.clone()),
        State::Enabled => {
            Refusal::of(&entry.found, "it does not offer this".into(), format!("see `hermes plugins info {id}`"))
        }
    }
}

/// Why its files keep it from being used.
pub(crate) fn of_files(found: &Found, distrust: &Distrust) -> Refusal {
    let (id, folder) = (&found.id, found.folder.display());
    let hint = match distrust {
        Distrust::NotTrusted => format!(
            "read what it may do with `hermes plugins info {id}`, then trust it with `hermes plugins enable {id}`"
        ),
        Distrust::Owner { .. } => format!("give it to yourself with `chown -R $USER {folder}`"),
        Distrust::Mode { path, .. } => format!("take write access from others with `chmod go-w {}`", path.display()),
        _ if found.source == Source::Bundled => "install the program again".to_owned(),
        Distrust::NotWhole { .. } if found.source == Source::Dev => "build it again".to_owned(),
        Distrust::NotLocked => format!("install it with `hermes plugins install {folder}`"),
        _ => "install it again from where you got it, with `hermes plugins install PATH`".to_owned(),
    };
    Refusal::of(found, distrust.to_string(), hint)
}

/// Why its library keeps it from being used.
pub(crate) fn of_library(found: &Found, error: &LoadError) -> Refusal {
    let hint = match error {
        LoadError::Init(error) => error.hint().map_or_else(|| "see the log for more".to_owned(), str::to_owned),
        LoadError::Aborts => "build it with `panic = \"unwind\"`".to_owned(),
        LoadError::Undeclared(_) | LoadError::Missing(_) => "make its manifest and its code agree".to_owned(),
        LoadError::Hangs(_) => "ask its author why it does not start, and disable it meanwhile".to_owned(),
        _ => format!("build it against hermes-plugin-api of ABI {}", hermes_plugin_abi::VERSION),
    };
    Refusal::of(found, error.to_string(), hint)
}
