//! What nobody but its owner may claim.

use hermes_plugin_api::manifest::Kind;
use serde_json::json;

use super::*;

fn manifest() -> Manifest {
    let offer = Provide { kind: Kind::Scanner, name: "mine".into(), ..Provide::default() };
    Manifest { id: "scanner-mine".into(), provides: vec![offer], ..Manifest::default() }
}

fn catalogue() -> Catalogue {
    let text = "
version: 1
plugins:
  - id: scanner-first
    provides: [{kind: scanner, name: first}]
    commands: [{name: firstly, about: x}]
    secrets: [FIRST_TOKEN]
    settings: {first.key: {type: string, env: FIRST_KEY}}
";
    serde_yaml::from_str(text).expect("a catalogue")
}

fn check(change: impl FnOnce(&mut Manifest), said: Option<&str>) {
    let mut manifest = manifest();
    change(&mut manifest);
    assert_eq!(catalogue().violated_by(&manifest).as_deref(), said);
}

fn word(name: &str) -> CommandWord {
    CommandWord { name: name.into(), ..CommandWord::default() }
}

#[test]
fn nobody_claims_what_is_first_party() {
    check(|_| {}, None);
    check(|m| m.id = "scanner-first".into(), Some("the id `scanner-first` belongs to a first-party plugin"));
    check(|m| m.provides[0].name = "first".into(), Some("scanner `first` is also offered by `scanner-first`"));
    check(|m| m.commands = vec![word("firstly")], Some("the command `firstly` belongs to `scanner-first`"));
    check(|m| m.secrets = vec!["FIRST_TOKEN".into()], Some("the secret `FIRST_TOKEN` belongs to `scanner-first`"));
    for key in ["first.key", "first", "first.key.below"] {
        let said = format!("the setting `{key}` belongs to `scanner-first`");
        check(|m| drop(m.settings.insert(key.into(), json!({}))), Some(&said));
    }
    check(|m| drop(m.settings.insert("first.other".into(), json!({}))), None);
}

#[test]
fn a_setting_is_no_way_around_a_secret() {
    let deep = json!({ "properties": { "key": { "env": ["MINE", "FIRST_TOKEN"] } } });
    for schema in [json!({ "env": "FIRST_TOKEN" }), deep] {
        let claim = |m: &mut Manifest| drop(m.settings.insert("mine".into(), schema));
        check(claim, Some("the secret `FIRST_TOKEN` belongs to `scanner-first`"));
    }
    check(|m| m.secrets = vec!["FIRST_KEY".into()], Some("the secret `FIRST_KEY` belongs to `scanner-first`"));
}

#[test]
fn nobody_claims_what_is_cores_own() {
    check(|m| m.commands = vec![word("config")], Some("the command `config` belongs to `hermes`"));
    check(|m| m.secrets = vec!["SUDO_PASSWORD".into()], Some("the secret `SUDO_PASSWORD` belongs to `hermes`"));
    for key in ["approvals.mode", "approvals", "security.scanners.mine.timeout"] {
        let said = format!("the setting `{key}` belongs to `hermes`");
        check(|m| drop(m.settings.insert(key.into(), json!({ "type": "string" }))), Some(&said));
    }
}
