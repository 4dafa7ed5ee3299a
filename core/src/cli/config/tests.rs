//! The words of `hermes config`, on homes of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{ConfigCommand, run};
use crate::app::Ground;
use crate::config::environment::Environment;
use crate::config::problem::Severity;
use crate::error::{FAILED, Failure, OK};
use crate::plugin::catalogue::{Catalogue, Listed};
use hermes_plugin_api::manifest::Manifest;

struct Place {
    dir: tempfile::TempDir,
    editor: String,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory"), editor: "true".to_owned() }
    }

    fn with(config: &str) -> Self {
        let place = Self::new();
        fs::write(place.dir.path().join("config.yaml"), config).expect("written");
        place
    }

    fn editor(mut self, script: &str) -> Self {
        self.editor = format!("sed -i {script}");
        self
    }

    fn ground(&self) -> Ground {
        let home = self.dir.path().to_str().expect("a plain name").to_owned();
        let vars = [("HERMES_HOME".to_owned(), home), ("EDITOR".to_owned(), self.editor.clone())];
        Ground::survey(Environment::of(vars), None).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    fn run(&self, command: ConfigCommand) -> Result<u8, Failure> {
        run(command, &self.ground())
    }

    fn set(&self, key: &str, value: &str) -> Result<u8, Failure> {
        self.run(ConfigCommand::Set { key: key.to_owned(), value: Some(value.to_owned()) })
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }
}

fn refused(result: Result<u8, Failure>, words: &str) {
    let failure = result.expect_err(words).render();
    assert!(failure.contains(words), "{failure}");
}

#[test]
fn a_value_is_typed_by_its_key() {
    let place = Place::with("# mine\napprovals:\n  timeout: 9 # short\n");
    assert_eq!(place.set("approvals.timeout", "5").expect("set"), OK);
    assert_eq!(place.set("approvals.mode", "no").expect("set"), OK);
    assert_eq!(place.set("command_allowlist", "rm, git *").expect("set"), OK);
    assert_eq!(
        place.text("config.yaml"),
        "# mine\napprovals:\n  timeout: 5 # short\n  mode: 'off'\ncommand_allowlist:\n  - rm\n  - git *\n"
    );
    refused(place.set("approvals.timeout", "soon"), "must be a whole number from 1 to 86400, but is text");
    refused(place.set("approvals.timeot", "5"), "did you mean `approvals.timeout`?");
    refused(place.set("approvals", "5"), "`approvals` is a section");
    refused(place.set("a..b", "5"), "is not a key");
}

#[test]
fn a_variable_goes_to_the_private_file() {
    let place = Place::new();
    assert_eq!(place.set("ACME_API_KEY", "hunter2 x").expect("set"), OK);
    assert_eq!(place.text(".env"), "ACME_API_KEY=\"hunter2 x\"\n");
    assert_eq!(place.text("config.yaml"), "");
    let mode = fs::metadata(place.dir.path().join(".env")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::write(place.dir.path().join(".env"), "hunter2\n").expect("written");
    let failure = place.set("B", "1").expect_err("malformed").render();
    assert!(failure.contains("line 1") && !failure.contains("hunter2"), "{failure}");
}

#[test]
fn an_edit_is_saved_when_it_is_sound() {
    let place = Place::with("approvals:\n  timeot: 9\n").editor("s/timeot/timeout/");
    assert_eq!(place.run(ConfigCommand::Edit).expect("saved"), OK);
    assert_eq!(place.text("config.yaml"), "approvals:\n  timeout: 9\n");
}

#[test]
fn an_unsound_edit_is_not_saved() {
    let before = "approvals:\n  timeout: 9\n";
    let place = Place::with(before).editor("s/timeout/timeot/");
    // Without a terminal nobody can go back to the editor.
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        assert_eq!(place.run(ConfigCommand::Edit).expect("told"), FAILED);
    }
    assert_eq!(place.text("config.yaml"), before);
    let mut place = Place::with(before);
    place.editor = "false".to_owned();
    refused(place.run(ConfigCommand::Edit), "The editor `false` failed");
}

#[test]
fn what_another_process_wrote_meanwhile_stays() {
    let mut place = Place::with("approvals:\n  timeout: 9\n");
    let file = place.dir.path().join("config.yaml");
    place.editor = format!("sed -i 's/9/8/' {} && sed -i 's/9/7/'", file.display());
    refused(place.run(ConfigCommand::Edit), "Another process changed");
    assert_eq!(place.text("config.yaml"), "approvals:\n  timeout: 8\n");
    let kept = fs::read_dir(place.dir.path()).expect("readable").filter_map(Result::ok);
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().starts_with(".config-edit."));
    let kept: Vec<String> = kept.map(|entry| fs::read_to_string(entry.path()).expect("read")).collect();
    assert_eq!(kept, ["approvals:\n  timeout: 7\n"]);
}

#[test]
fn problems_are_told_by_the_exit_code() {
    let check = || ConfigCommand::Check { json: false };
    assert_eq!(Place::new().run(check()).expect("sound"), OK);
    assert_eq!(Place::with("nope: 1\n").run(check()).expect("told"), FAILED);
    refused(Place::with("nope: 1\n").run(ConfigCommand::Show { key: None, json: false }), "Unknown key `nope`");
    let wrong = ConfigCommand::Show { key: Some("nope".parse().expect("a key")), json: false };
    refused(Place::new().run(wrong), "Unknown key `nope`");
}

#[test]
fn the_pages_whole_example_is_sound_with_the_first_party_catalogue_alone() {
    let place = Place::with(include_str!("../../../../tests/fixtures/config/page.yaml"));
    let mut ground = place.ground();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/catalogue.yaml");
    ground.catalogue = Catalogue::read(&file).expect("the catalogue");
    for folder in fs::read_dir(file.parent().expect("a folder")).expect("listed") {
        let manifest = folder.expect("listed").path().join("plugin.yaml");
        if let Ok(text) = fs::read_to_string(manifest) {
            ground.catalogue.plugins.push(Listed::from(&Manifest::parse(&text).expect("a manifest")));
        }
    }
    let problems = ground.sources().problems().expect("read");
    assert!(!problems.is_empty() && problems.iter().all(|p| p.severity == Severity::Warning), "{problems:#?}");
    assert_eq!(run(ConfigCommand::Check { json: false }, &ground).expect("told"), OK);
}

#[test]
fn a_newer_configuration_is_not_migrated() {
    assert_eq!(Place::with("config_version: 1\n").run(ConfigCommand::Migrate).expect("nothing to do"), OK);
    refused(Place::with("config_version: 2\n").run(ConfigCommand::Migrate), "is of version 2");
}
