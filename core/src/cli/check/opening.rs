//! Settings that open what a backend would close: how a manifest declares them, and whether those of now do.
//!
//! It is told from settings and this machine's files alone, as the session itself would tell it; what is not understood
//! opens.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// One entry of `boundary_unless`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Opening {
    /// The setting, once it is given.
    Given(String),
    /// A list of `source:target[:options]`, of which one lends what must not be lent.
    Mounts {
        /// Its key.
        mounts: String,
        /// The key of an address whose socket must not be lent.
        socket: Option<String>,
    },
    /// A switch that lends the working directory, to be written.
    Directory {
        /// Its key.
        working_directory: String,
    },
    /// A list that has others than these.
    Values {
        /// Its key.
        values: String,
        /// What may be in it, in capitals.
        beyond: Vec<String>,
        /// What a value may begin with.
        prefix: Option<String>,
    },
}

/// What the settings are looked at in.
pub(super) struct Scene<'a> {
    /// A setting by its key.
    pub(super) setting: &'a dyn Fn(&str) -> Option<Value>,
    /// The folder whose mounts are a container's own business.
    pub(super) sandboxes: &'a Path,
    /// Where the command would begin.
    pub(super) here: &'a Path,
}

impl Scene<'_> {
    /// Why an entry of a manifest opens the session, if the settings of now do.
    pub(super) fn opened(&self, entry: &Value) -> Option<String> {
        let Ok(opening) = Opening::deserialize(entry) else {
            return Some("its plugin's manifest says when it is open in a way that is not understood".to_owned());
        };
        let by = |key: &str, why: &str| format!("`{key}` opens it to the host{why}");
        match &opening {
            Opening::Given(key) => (self.setting)(key).is_some_and(|value| is_given(&value)).then(|| by(key, "")),
            Opening::Directory { working_directory: key } => {
                let open = (self.setting)(key).is_some_and(|value| is_given(&value));
                open.then(|| self.way_out(self.here, true, None)).flatten().map(|why| by(key, &format!(": {why}")))
            }
            Opening::Mounts { mounts: key, socket } => {
                let address = socket.as_ref().and_then(|key| (self.setting)(key));
                let socket = address.as_ref().and_then(Value::as_str).and_then(|text| text.strip_prefix("unix://"));
                let mounts = texts((self.setting)(key));
                mounts.iter().find_map(|mount| self.lends(mount, socket)).map(|why| by(key, &format!(": {why}")))
            }
            Opening::Values { values: key, beyond, prefix } => {
                let harmless = |value: &String| {
                    let value = value.to_ascii_uppercase();
                    let plain = prefix.as_deref().and_then(|prefix| value.strip_prefix(prefix)).unwrap_or(&value);
                    beyond.iter().any(|harmless| harmless == plain)
                };
                let more = texts((self.setting)(key)).into_iter().find(|value| !harmless(value));
                more.map(|value| by(key, &format!(": {value:?}")))
            }
        }
    }

    fn lends(&self, mount: &str, socket: Option<&str>) -> Option<String> {
        let parts: Vec<&str> = mount.split(':').collect();
        let (source, options) = match parts[..] {
            [source, _] => (source, ""),
            [source, _, options] => (source, options),
            _ => return Some(format!("{mount:?} is no mount")),
        };
        let writable = !options.split(',').any(|option| option == "ro");
        if !source.starts_with('/') {
            // Named, and kept by somebody else, like a folder of theirs.
            return writable.then(|| format!("{source:?} can be written"));
        }
        self.way_out(Path::new(source), writable, socket)
    }

    /// Why a path of this machine must not be lent.
    fn way_out(&self, source: &Path, writable: bool, socket: Option<&str>) -> Option<String> {
        let real = canonical(source);
        let climbs = real.components().any(|part| part == Component::ParentDir);
        let sandboxes = canonical(self.sandboxes);
        if !climbs && real.starts_with(&sandboxes) && real != sandboxes {
            return None;
        }
        if writable {
            return Some(format!("{source:?} can be written"));
        }
        let kept = ["/run", "/var/run", "/dev", "/proc", "/sys"].iter().any(|folder| real.starts_with(folder));
        // A folder that is not there would be made, empty.
        let special = std::fs::metadata(&real).is_ok_and(|there| !there.is_file() && !there.is_dir());
        let holds = socket.is_some_and(|socket| canonical(Path::new(socket)).starts_with(&real));
        let reaches = climbs || kept || special || holds || real == Path::new("/");
        reaches.then(|| format!("{source:?} holds sockets or devices"))
    }
}

fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The texts of a list; what is none is no text that anything knows.
fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => text,
                other => other.to_string(),
            })
            .collect(),
        Some(Value::String(text)) if !text.is_empty() => vec![text],
        _ => Vec::new(),
    }
}

fn is_given(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Why settings open what an entry declares.
    fn opened(entry: Value, settings: &Value) -> Option<String> {
        let setting = |key: &str| settings.get(key).cloned();
        let scene =
            Scene { setting: &setting, sandboxes: Path::new("/nowhere/sandboxes"), here: Path::new("/nowhere/work") };
        scene.opened(&entry)
    }

    #[test]
    fn a_setting_that_is_given_opens() {
        for (value, open) in [(json!(true), true), (json!(false), false), (json!(["x"]), true), (json!([]), false)] {
            assert_eq!(opened(json!("a"), &json!({"a": value})).is_some(), open, "{value}");
        }
        assert_eq!(opened(json!("a"), &json!({})), None);
        assert!(opened(json!({"unheard": "of"}), &json!({})).is_some(), "what is not understood opens");
    }

    #[test]
    fn mounts_open_by_what_they_lend() {
        let entry = || json!({"mounts": "m", "socket": "s"});
        let lent =
            |mount: &str| opened(entry(), &json!({"m": [mount], "s": "unix:///nowhere/engine/socket"})).is_some();
        for closed in ["/usr:/u:ro", "/usr:/u:z,ro", "/nowhere/absent:/a:ro", "/nowhere/sandboxes/x:/x", "named:/x:ro"]
        {
            assert!(!lent(closed), "{closed}");
        }
        for open in [
            "/usr:/u",
            "/usr:/u:rw",
            "/usr:/u:rox",
            "/nowhere/sandboxes:/x",
            "/nowhere/sandboxes/../x:/x",
            "/nowhere/sandboxes/../x:/x:ro",
            "/nowhere/engine:/x:ro",
            "/:/x:ro",
            "/run:/x:ro",
            "/dev/null:/x:ro",
            "/proc:/x:ro",
            "named:/x",
            "x",
            "a:b:c:d",
        ] {
            assert!(lent(open), "{open}");
        }
        assert_eq!(opened(entry(), &json!({})), None);
    }

    #[test]
    fn values_open_beyond_those_that_are_known() {
        let entry = || json!({"values": "v", "beyond": ["CHOWN"], "prefix": "CAP_"});
        for (value, open) in
            [("CHOWN", false), ("cap_chown", false), ("SYS_ADMIN", true), ("ALL", true), ("CAP_CAP_CHOWN", true)]
        {
            assert_eq!(opened(entry(), &json!({"v": [value]})).is_some(), open, "{value}");
        }
        assert!(opened(entry(), &json!({"v": [1]})).is_some());
        assert_eq!(opened(entry(), &json!({"v": []})), None);
        let entry = || json!({"working_directory": "d"});
        assert!(opened(entry(), &json!({"d": true})).is_some());
        assert_eq!(opened(entry(), &json!({"d": false})), None);
    }
}
