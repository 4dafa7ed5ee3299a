//! The settings of this plugin.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// Who searches the web: `searxng`, `brave`, `tavily` or `exa`. Empty means SearXNG where `web.search.base_url` is set, and none otherwise.
    #[serde(default, rename = "web.search.provider")]
    pub(crate) provider: String,
    /// The address of the provider of searches, where it is not its own: that of your SearXNG server, such as `http://127.0.0.1:8888`.
    #[serde(default, rename = "web.search.base_url")]
    pub(crate) base_url: String,
    /// Most characters of a page that one call gives to the model.
    #[serde(default = "max_chars", rename = "web.extract.max_chars")]
    #[schemars(range(min = 1000, max = 200_000))]
    pub(crate) max_chars: usize,
}

fn max_chars() -> usize {
    20_000
}
