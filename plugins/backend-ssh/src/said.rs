//! What `ssh` says, and what that means to a person.

use hermes_plugin_api::prelude::*;

/// Whether a connection has as many commands as the machine lets it have.
pub(crate) fn is_full(text: &str) -> bool {
    text.contains("Session open refused by peer") || text.contains("session open refused")
}

/// Whether there is no connection: the other way that `ssh` was given leads nowhere.
pub(crate) fn is_gone(text: &str) -> bool {
    text.contains("UNKNOWN port")
}

/// Why a machine cannot be reached, from what `ssh` said.
pub(crate) fn unreachable(host: &str, text: &str) -> PluginError {
    if text.contains("HOST IDENTIFICATION HAS CHANGED") {
        let message =
            format!("The key of `{host}` is not the one it had: it was set up anew, or somebody is in between");
        let remove = text.lines().map(str::trim).find(|line| line.starts_with("ssh-keygen ") && line.contains("-R"));
        let remove = remove.unwrap_or("ssh-keygen -R HOST").to_owned();
        return PluginError::config(message).with_hint(format!("ask who keeps it; if the new key is right: {remove}"));
    }
    if text.contains("Host key verification failed") {
        let message = format!("The key of `{host}` is not known, and the configuration of `ssh` takes no new ones");
        return PluginError::config(message).with_hint(format!("`ssh {host}` by hand shows the key and asks about it"));
    }
    if text.contains("Permission denied") || text.contains("Too many authentication failures") {
        let message = format!("`{host}` does not let us in: {}", last(text));
        return PluginError::config(message).with_hint(
            "set `terminal.ssh_user` and `terminal.ssh_key`; a key with a passphrase must be in the agent (`ssh-add`)",
        );
    }
    let hint = "see whether `ssh` reaches it by hand; `terminal.ssh_host` and `terminal.ssh_port` name it";
    PluginError::unavailable(format!("`{host}` cannot be reached: {}", last(text))).with_hint(hint)
}

/// The last line that says something, as text for a terminal.
pub(crate) fn last(text: &str) -> String {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("`ssh` does not say why");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}
