//! Which value is in force, and what a mistake is told as.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{Catalogue, Config, Origin, Sources};
use crate::config::keys::tests::claim;
use crate::config::settings::{ApprovalMode, DmBehavior, OnFailure};
use crate::config::{Claim, ConfigError, Environment, Home};

/// A home of its own, gone with it.
struct Place {
    dir: tempfile::TempDir,
    claims: Vec<Claim>,
    vars: Vec<(&'static str, &'static str)>,
    defaults: Value,
}

impl Place {
    fn with(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("config.yaml"), config).expect("written");
        Self { dir, claims: Vec::new(), vars: Vec::new(), defaults: Value::Null }
    }

    fn dotenv(self, text: &str) -> Self {
        let file = self.dir.path().join(".env");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("private");
        self
    }

    fn sources(&self) -> Sources {
        let secrets = ["ACME_KEY".to_owned()].into();
        let catalogue = Catalogue { claims: self.claims.clone(), defaults: self.defaults.clone(), secrets };
        Sources::new(Home::at(self.dir.path()), Environment::of(self.vars.clone()), catalogue)
    }

    fn load(&self) -> Config {
        Config::load(&self.sources()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(&self) -> String {
        let error = Config::load(&self.sources()).expect_err("an error");
        let text = match error.hint() {
            Some(hint) => format!("{error}\nhint: {hint}"),
            None => error.to_string(),
        };
        text.replace(&self.dir.path().display().to_string(), "HOME")
    }
}

#[test]
fn an_absent_file_means_the_defaults() {
    let place = Place::with("");
    fs::remove_file(place.dir.path().join("config.yaml")).expect("removed");
    let config = place.load();
    assert_eq!(config.settings, crate::config::Settings::default());
    assert_eq!(config.get("approvals.timeout"), Some(&json!(60)));
    assert_eq!(config.origin("approvals.timeout"), Origin::Default);
    assert!(config.warnings.is_empty());
}

#[test]
fn each_layer_covers_the_one_below() {
    let mut place =
        Place::with("approvals:\n  timeout: 10\nterminal:\n  timeout: 20\n  cwd: /a\nagent:\n  max_rounds: 5\n")
            .dotenv("HERMES_TERMINAL_TIMEOUT=30\nTERMINAL_CWD=/b\nHERMES_AGENT_MAX_ROUNDS=6\n");
    place.vars = vec![("HERMES_TERMINAL_CWD", "/c"), ("HERMES_AGENT_MAX_ROUNDS", "7"), ("HERMES_APPROVALS_MODE", "")];
    let mut sources = place.sources();
    sources.flags = vec![("agent.max_rounds".parse().expect("a path"), json!(8))];
    let config = Config::load(&sources).expect("valid");
    let check = |key: &str, value: Value, origin: Origin| {
        assert_eq!((config.get(key), config.origin(key)), (Some(&value), origin), "{key}");
    };
    check("approvals.mode", json!("manual"), Origin::Default);
    check("approvals.timeout", json!(10), Origin::File(2));
    check("terminal.timeout", json!(30), Origin::Dotenv("HERMES_TERMINAL_TIMEOUT".to_owned()));
    check("terminal.cwd", json!("/c"), Origin::Process("HERMES_TERMINAL_CWD".to_owned()));
    check("agent.max_rounds", json!(8), Origin::Flag);
    assert_eq!(config.settings.agent.max_rounds, 8);
    assert_eq!(config.environment().text("TERMINAL_CWD"), Some("/b"));
}

#[test]
fn off_is_off_however_it_is_written() {
    for text in ["off", "'off'", "false", "Off", "no"] {
        let place = Place::with(&format!("approvals: {{mode: {text}}}"));
        assert_eq!(place.load().settings.approvals.mode, ApprovalMode::Off, "{text}");
    }
    let place = Place::with("approvals:\n  rules: {a: off, b: on}\n");
    let settings = place.load().settings;
    assert_eq!(settings.approvals.rules.get("b"), Some(&true));
    assert_eq!(settings.approvals.rules.get("a"), Some(&false));
}

#[test]
fn empty_sections_and_values_are_not_set() {
    let config = Place::with("approvals:\n  # mode: off\ncommand_allowlist:\nterminal:\n  cwd: ~\n").load();
    assert_eq!(config.settings, crate::config::Settings::default());
}

#[test]
fn a_mistake_names_file_line_and_what_was_meant() {
    let check = |text: &str, refusal: &str| assert_eq!(Place::with(text).refusal(), refusal, "{text}");
    check(
        "# top\napprovals:\n  timeot: 5\n",
        "Unknown key `timeot` in `approvals` (`HOME/config.yaml`, line 3)\nhint: did you mean `approvals.timeout`?",
    );
    check(
        "aprovals:\n  mode: off\n",
        "Unknown key `aprovals` (`HOME/config.yaml`, line 1)\nhint: did you mean `approvals`?",
    );
    check(
        "approvals: off\n",
        "`approvals` must be a section, but is text (`HOME/config.yaml`, line 1)\nhint: write its keys below `approvals:`, indented",
    );
    check(
        "approvals:\n  timeout: soon\n",
        "`approvals.timeout` must be a whole number from 1 to 86400, but is text (`HOME/config.yaml`, line 2)",
    );
    check(
        "command_allowlist: rm\n",
        "`command_allowlist` must be a list, each item text, but is text (`HOME/config.yaml`, line 1)",
    );
    check(
        "command_allowlist:\n  - a\n  - {b: c}\n",
        "Item 2 of `command_allowlist` must be text, but is a section (`HOME/config.yaml`, line 3)",
    );
    check(
        "security:\n  context_allow:\n    - path: x\n      sha: y\n",
        "Unknown key `sha` in Item 1 of `security.context_allow` (`HOME/config.yaml`, line 4)",
    );
    check(
        "plugins:\n  enabled: [a]\n  enabled: [b]\n",
        "Key `enabled` stands here a second time (`HOME/config.yaml`, line 3)",
    );
    check("- a\n", "The file must be keys and values, but is a list (`HOME/config.yaml`, line 1)");
    check(
        "approvals:\n  mode: of\n  timeout: 0\n",
        "`approvals.mode` must be one of `manual`, `smart`, `off` (`HOME/config.yaml`, line 2), and one more problem\nhint: `hermes config check` lists every problem",
    );
}

#[test]
fn a_variable_that_does_not_fit_is_named_without_its_value() {
    let mut place = Place::with("");
    place.vars = vec![("HERMES_APPROVALS_TIMEOUT", "hunter2")];
    assert_eq!(
        place.refusal(),
        "Variable `HERMES_APPROVALS_TIMEOUT` must be a whole number from 1 to 86400, but is text"
    );
}

#[test]
fn text_that_is_not_utf8_names_its_line() {
    let place = Place::with("");
    fs::write(place.dir.path().join("config.yaml"), b"a: 1\nb: \xff\n").expect("written");
    assert_eq!(place.refusal(), "The file is not UTF-8 text (`HOME/config.yaml`, line 2)");
    let place = Place::with("").dotenv("A=1\nhunter2\n");
    assert_eq!(place.refusal(), "The line is not of the form `NAME=value` (`HOME/.env`, line 2)");
}

#[test]
fn an_exposed_env_file_is_a_warning() {
    let place = Place::with("").dotenv("A=1\nA=2\n");
    assert_eq!(place.load().warnings.len(), 1);
    fs::set_permissions(place.dir.path().join(".env"), fs::Permissions::from_mode(0o640)).expect("set");
    let warnings = place.load().warnings;
    assert!(warnings[1].message.ends_with("can be read by others than you"), "{warnings:?}");
    assert!(warnings[1].hint.as_deref().expect("a hint").starts_with("`chmod 600 "));
}

#[test]
fn a_plugin_sees_its_own_keys_at_their_places() {
    let mut place = Place::with("terminal:\n  a_image: x\n  cwd: /w\nservers:\n  one: {url: u}\n");
    let server = json!({"properties": {"url": {"type": "string"}, "token": {"type": "string", "secret": true}}});
    place.claims = vec![
        claim(
            "backend-a",
            true,
            "terminal",
            json!({"properties": {
                "a_image": {"type": "string", "default": "none"},
                "a_cpu": {"type": "integer", "default": 1},
                "a_key": {"type": "string", "secret": true, "env": ["A_KEY"]},
            }}),
        ),
        claim("other", true, "servers", json!({"additionalProperties": server})),
    ];
    place.vars = vec![("A_KEY", "hunter2")];
    let config = place.load();
    assert_eq!(config.for_plugin("backend-a"), json!({"terminal": {"a_image": "x", "a_cpu": 1, "a_key": "hunter2"}}));
    assert_eq!(config.for_plugin("other"), json!({"servers": {"one": {"url": "u"}}}));
    assert_eq!(config.for_plugin("nobody"), json!({}));
    let values: Vec<String> = config.secret_values().iter().map(|secret| secret.expose().to_owned()).collect();
    assert_eq!(values, ["hunter2", "hunter2"]);
    assert_eq!(Vec::from_iter(config.secret_names()), ["ACME_KEY", "A_KEY", "HERMES_TERMINAL_A_KEY"]);
    let shown = config.shown();
    let key = shown.iter().find(|row| row.path.to_string() == "terminal.a_key").expect("shown");
    assert_eq!((&key.value, key.origin.to_string()), (&json!("****"), "env A_KEY".to_owned()));
    assert!(!format!("{config:?} {shown:?}").contains("hunter2"));
}

#[test]
fn what_is_named_like_a_secret_is_not_shown() {
    let mut place = Place::with(
        "servers:\n  one:\n    env: {ACME_TOKEN: hunter2, LEVEL: high}\n    raw: {Authorization: hunter2, max: 3}\n",
    );
    let server =
        json!({"properties": {"env": {"additionalProperties": {"type": "string"}}, "raw": {"type": "object"}}});
    place.claims = vec![claim("servers", true, "servers", json!({"additionalProperties": server}))];
    let shown: Vec<String> = place.load().shown().iter().map(|row| format!("{}={}", row.path, row.value)).collect();
    let servers: Vec<&String> = shown.iter().filter(|row| row.starts_with("servers")).collect();
    assert_eq!(
        servers,
        [
            "servers.one.env.ACME_TOKEN=\"****\"",
            "servers.one.env.LEVEL=\"high\"",
            "servers.one.raw={\"Authorization\":\"****\",\"max\":3}"
        ]
    );
}

#[test]
fn a_plugin_that_claims_what_is_anothers_has_no_keys() {
    let mut place = Place::with("");
    let bad = claim("bad", true, "approvals.mode", json!({"type": "string", "default": "off"}));
    place.claims = vec![Claim { default: Some(json!("off")), ..bad }];
    let config = place.load();
    assert_eq!(config.settings.approvals.mode, ApprovalMode::Manual);
    assert_eq!(
        config.warnings[0].message,
        "Plugin `bad` claims the key `approvals.mode` of hermes itself; none of its keys are read"
    );
}

#[test]
fn the_catalogue_names_the_defaults_that_are_plugins() {
    let mut place = Place::with("security:\n  scanners:\n    x: {on_failure: open}\n");
    place.defaults = json!({"terminal": {"backend": "here"}, "security": {"required_scanners": ["rules"]}});
    let settings = place.load().settings;
    assert_eq!(settings.terminal.backend.as_deref(), Some("here"));
    assert_eq!(settings.security.required_scanners, ["rules"]);
    assert_eq!(settings.security.scanners["x"].on_failure, Some(OnFailure::Open));
}

/// What a catalogue knows of plugins that are not installed.
fn page_claims() -> Vec<Claim> {
    let text = include_str!("../../../../tests/fixtures/config/page-plugins.yaml");
    let plugins: BTreeMap<String, BTreeMap<String, Vec<String>>> = serde_yaml::from_str(text).expect("a fixture");
    let claims = plugins.iter().flat_map(|(plugin, sections)| {
        sections.iter().map(move |(section, keys)| {
            let properties: serde_json::Map<String, Value> = keys.iter().map(|key| (key.clone(), json!({}))).collect();
            claim(plugin, false, section, json!({ "properties": properties }))
        })
    });
    claims.collect()
}

#[test]
fn the_pages_whole_example_starts_without_its_plugins() {
    let mut place = Place::with(include_str!("../../../../tests/fixtures/config/page.yaml"));
    place.claims = page_claims();
    let config = place.load();
    assert!(config.settings.terminal.backend.is_some());
    assert_eq!(config.settings.unauthorized_dm_behavior, DmBehavior::Pair);
    assert_eq!(config.settings.command_allowlist, ["rm", "systemctl"]);
    assert_eq!(config.get("security.website_blocklist.enabled"), None);
    assert_eq!(config.wanted("security.website_blocklist.enabled"), Some(&Value::Bool(true)));
    assert_eq!(config.wanted("security.website_blocklist.domains").and_then(Value::as_array).map(Vec::len), Some(2));
    let told = config.warnings.iter().map(|warning| {
        let (line, hint) = (warning.line.expect("a line"), warning.hint.as_deref().expect("a hint"));
        format!("{line}: {}; {hint}\n", warning.message)
    });
    assert_eq!(told.collect::<String>(), include_str!("../../../../tests/fixtures/config/page-warnings.txt"));
}

#[test]
fn an_unusable_home_is_one_clear_error() {
    let place = Place::with("");
    let file = place.dir.path().join("config.yaml");
    let sources = Sources::new(Home::at(&file), Environment::default(), Catalogue::default());
    let error = Config::load(&sources).expect_err("not a directory");
    assert!(matches!(error, ConfigError::Home(_)) && error.hint().is_some(), "{error}");
}
