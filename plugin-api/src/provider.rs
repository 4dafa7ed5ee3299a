//! Providers of models: what a manifest says of one, its key, and what is known of its models without asking.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{PluginError, Result};
use crate::host::Host;
use crate::manifest::{Kind, Manifest, Provide};
use crate::model::{Cause, ModelInfo, Price};
use crate::secret::Secret;

/// Tokens that a conversation may have when nothing is known of a model.
const CONTEXT: u64 = 128_000;

/// What a manifest says of a provider of models, in the `facts` of the capability. All of it may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderFacts {
    /// What people call it.
    pub title: String,
    /// Where its interface is.
    pub base_url: String,
    /// The setting that takes the place of `base_url`.
    pub base_url_key: String,
    /// Variables that hold its key: the first that is set counts.
    pub secrets: Vec<String>,
    /// It may do without a key.
    pub key_optional: bool,
    /// Where people get a key.
    pub keys_at: String,
    /// `base_url` is where such a server usually is on one's own machine. It is looked for when the user agrees.
    pub local: bool,
    /// Tokens that a conversation may have, for a model of which nothing else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// What the plugin tells itself.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

impl ProviderFacts {
    /// Reads the facts of a capability.
    ///
    /// # Errors
    /// `CONFIG`, naming the fact, when one has another form.
    pub fn of(provide: &Provide) -> Result<Self> {
        let facts = serde_json::to_value(&provide.facts)?;
        let wrong = |error| PluginError::config(format!("The facts of `{}` do not fit: {error}", provide.name));
        serde_json::from_value(facts).map_err(wrong)
    }

    /// Reads the facts of a provider in a manifest.
    ///
    /// # Errors
    /// `CONFIG` when it is not there or not to be read.
    pub fn within(manifest: &Manifest, name: &str) -> Result<Self> {
        let provide = manifest.provides.iter().find(|provide| provide.kind == Kind::Model && provide.name == name);
        let absent = || PluginError::config(format!("The manifest declares no model `{name}`"));
        Self::of(provide.ok_or_else(absent)?)
    }

    /// Returns the key of this provider and the variable it stands in; none where there is none and it may be so.
    ///
    /// # Errors
    /// `CONFIG`, naming the variable, for a key that is missing or cannot be one.
    pub async fn key(&self, host: &Host) -> Result<Option<(String, Secret)>> {
        for name in &self.secrets {
            let Some(secret) = host.secret(name).await? else { continue };
            let text = secret.expose().trim();
            if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
                let message = format!("`{name}` holds no key: a key is one word of letters, digits and signs");
                return Err(Cause::Key.on(PluginError::config(message)).with_hint(set(name)));
            }
            return Ok(Some((name.clone(), Secret::new(text))));
        }
        match self.secrets.first().filter(|_| !self.key_optional) {
            Some(name) => {
                let message = format!("There is no key for {}: `{name}` is not set", self.title);
                Err(Cause::Key.on(PluginError::config(message)).with_hint(set(name)))
            }
            None => Ok(None),
        }
    }
}

fn set(name: &str) -> String {
    format!("set it with `hermes model` or `hermes config set {name}`")
}

/// What is known of a model.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Tokens that a conversation may have, the answer included.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub context: Option<u64>,
    /// Tokens that an answer may have.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_output: Option<u64>,
    /// Whether it sees pictures.
    #[serde(default)]
    pub vision: Option<bool>,
    /// US dollars for a million tokens.
    #[serde(default)]
    pub price: Option<Price>,
}

impl Known {
    /// Puts what is known over what was thought.
    pub fn over(&self, info: &mut ModelInfo) {
        info.context = self.context.or(info.context);
        info.max_output = self.max_output.or(info.max_output);
        info.vision = self.vision.or(info.vision);
        info.price = self.price.or(info.price);
    }
}

/// Returns what is known of a model: what `own` settings say, over what the `table` of a plugin says, over a default.
#[must_use]
pub fn info(
    facts: &ProviderFacts,
    table: &BTreeMap<String, Known>,
    own: &BTreeMap<String, Known>,
    name: &str,
) -> ModelInfo {
    let context = Some(facts.context.unwrap_or(CONTEXT));
    let mut info = ModelInfo { name: name.to_owned(), context, ..ModelInfo::default() };
    let plain = name.rsplit('/').next().unwrap_or(name);
    let named = table.iter().filter(|(known, _)| is_version_of(plain, known)).max_by_key(|(known, _)| known.len());
    if let Some((_, known)) = named {
        known.over(&mut info);
    }
    if let Some(known) = own.get(name) {
        known.over(&mut info);
    }
    info
}

/// Whether a name is that of a known model, or of one of its dated versions.
fn is_version_of(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| {
        rest.is_empty()
            || rest == "-latest"
            || rest.strip_prefix(['-', '@']).is_some_and(|date| date.starts_with("20") && date.len() >= 8)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorCode;
    use crate::harness::{Harness, block_on};

    fn facts(value: Value) -> ProviderFacts {
        serde_json::from_value(value).expect("facts")
    }

    #[test]
    fn the_first_key_that_is_set_counts_and_an_optional_one_may_be_missing() {
        let both = facts(json!({ "title": "Acme", "secrets": ["A_KEY", "B_KEY"] }));
        let key = |answers: [Value; 2]| {
            let harness = Harness::default();
            answers.into_iter().for_each(|answer| harness.answer("secret", Ok(answer)));
            block_on(both.key(&harness.context("x").host))
        };
        let found = key([Value::Null, " abc\n".into()]).expect("a key").expect("one");
        assert_eq!((found.0.as_str(), found.1.expose()), ("B_KEY", "abc"));
        let missing = key([Value::Null, Value::Null]).expect_err("missing");
        assert_eq!((missing.code, Cause::of(&missing)), (ErrorCode::CONFIG, Some(Cause::Key)));
        assert_eq!(missing.message, "There is no key for Acme: `A_KEY` is not set");
        let broken = key(["two words\u{7}".into(), Value::Null]).expect_err("no key");
        assert!(broken.message.contains("`A_KEY`") && !broken.message.contains("two"), "{broken}");
        let harness = Harness::default();
        let optional = facts(json!({ "key_optional": true }));
        assert!(block_on(optional.key(&harness.context("x").host)).expect("fine").is_none());
    }

    #[test]
    fn settings_beat_the_table_and_the_table_beats_the_default() {
        let known = |text: &str| serde_yaml::from_str::<BTreeMap<String, Known>>(text).expect("a table");
        let table = known("{fast: {context: 10, vision: true}, fast-mini: {context: 20}}");
        let own = known("{acme/fast-2026-01-01: {vision: false}}");
        let context = |name: &str| info(&ProviderFacts::default(), &table, &own, name).context;
        assert_eq!(context("fast"), Some(10));
        assert_eq!(context("acme/fast-mini-20260101"), Some(20));
        assert_eq!(context("fast-latest"), Some(10));
        assert_eq!(context("fast-pro"), Some(CONTEXT));
        assert_eq!(context("faster"), Some(CONTEXT));
        let mine = info(&ProviderFacts::default(), &table, &own, "acme/fast-2026-01-01");
        assert_eq!((mine.context, mine.vision), (Some(10), Some(false)));
        assert_eq!(info(&facts(json!({ "context": 5 })), &table, &own, "other").context, Some(5));
    }
}
