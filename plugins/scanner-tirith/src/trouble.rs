//! What `hermes doctor` tells of this plugin without opening it: one trouble at a time, in its store.

use hermes_plugin_api::host::Host;
use serde_json::json;

/// Under this the host looks for it.
const KEY: &str = "trouble";

/// Notes a trouble, and until when it lasts.
pub(crate) async fn tell(host: &Host, said: &str, fix: &str, until_ms: u64) {
    if let Err(error) = host.kv_set(KEY, &json!({ "said": said, "fix": fix, "until_ms": until_ms })).await {
        tracing::warn!(%error, "A trouble of tirith cannot be kept.");
    }
}

/// Notes that there is none any more.
pub(crate) async fn over(host: &Host) {
    if let Err(error) = host.kv_delete(KEY).await {
        tracing::warn!(%error, "A trouble of tirith cannot be forgotten.");
    }
}
