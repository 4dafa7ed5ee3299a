//! The guard's own things: paths and verbs through which the agent could let itself do more.
//!
//! One vocabulary for the command rules, the file tools and the command line: who asks here cannot disagree with
//! who asks elsewhere about what is protected.

use std::path::Path;

use hermes_plugin_api::command::{Command, Simple, Word};
use hermes_plugin_api::finding::{Finding, Remember, Severity};
use hermes_plugin_api::rule::{Case, Rule, each_case};
use hermes_plugin_api::vocabulary::{Part, PathShape, Root, Syntax, Write, WriteKind};

/// The protected places of one home.
#[derive(Clone, Debug)]
pub struct Protected {
    home: PathShape,
    user_home: PathShape,
    bundled: PathShape,
}

/// Why a path is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `config.yaml`, `.env`: what is allowed, and the keys.
    Settings,
    /// Plugins, their lock file, and the plugins that came with the program.
    Plugins,
    /// Who may talk.
    Pairing,
    /// What was decided.
    Audit,
    /// Sessions and consent.
    State,
    /// The file that starts the gateway.
    Service,
    /// Start-up files of shells.
    ShellStartup,
    /// Who may log in, and the keys to log in elsewhere.
    Login,
    /// Credentials of other programs.
    Credential,
}

impl Class {
    /// Whether it is the guard's own, and not a file that a rule speaks of.
    pub fn is_own(self) -> bool {
        !matches!(self, Class::ShellStartup | Class::Login | Class::Credential)
    }

    /// A few words for a person.
    pub fn describe(self) -> &'static str {
        match self {
            Class::Settings => "the agent's own settings",
            Class::Plugins => "the agent's plugins",
            Class::Pairing => "who may talk to the agent",
            Class::Audit => "the audit log",
            Class::State => "the agent's sessions and consent",
            Class::Service => "the gateway's service file",
            Class::ShellStartup => "a start-up file of the shell",
            Class::Login => "login keys",
            Class::Credential => "a credential file",
        }
    }
}

impl Protected {
    /// Returns what is protected for this program's home, the user's home and the folder of bundled plugins. All are
    /// absolute.
    pub fn new(home: &Path, user_home: &Path, bundled: &Path) -> Protected {
        Protected { home: shape(home), user_home: shape(user_home), bundled: shape(bundled) }
    }

    /// Returns why the path may not be written without a person's yes. The path is absolute, with links resolved.
    pub fn classify_write(&self, path: &Path) -> Option<Class> {
        self.class(&shape(path))
    }

    /// Returns why the path may not be read by a tool: it holds secrets.
    pub fn classify_read(&self, path: &Path) -> Option<Class> {
        let path = shape(path);
        let own = self.class(&path).filter(|class| class.is_own());
        match own {
            Some(Class::Settings) => path.name().filter(|name| name.starts_with(".env")).map(|_| Class::Settings),
            Some(Class::Pairing) => Some(Class::Pairing),
            _ if !path.is_secret() && !self.in_user_home(&path, PathShape::is_secret) => None,
            _ if path.is_login() => Some(Class::Login),
            _ => Some(Class::Credential),
        }
    }

    /// Returns what the line would do to the guard's own things, in the order of the text.
    pub fn self_disarm(&self, command: &Command, cwd: &str) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        each_case(command, cwd, |case| {
            let what = self.changed(case).map(Class::describe).or_else(|| verb(case));
            if let Some(what) = what {
                let finding = Finding { description: format!("Changes {what}"), ..SELF_DISARM.finding(case.simple) };
                let same =
                    |known: &Finding| known.description == finding.description && known.program == finding.program;
                if !findings.iter().any(same) {
                    findings.push(finding);
                }
            }
        });
        findings
    }

    /// Whether the line would write to any protected place, those included that a rule speaks of.
    pub fn is_touched(&self, command: &Command, cwd: &str) -> bool {
        let mut touched = false;
        each_case(command, cwd, |case| {
            touched |= case.changes().iter().any(|write| self.class(&write.path).is_some());
        });
        touched
    }

    fn changed(&self, case: &Case<'_>) -> Option<Class> {
        let written = case.changes().iter().find_map(|write| self.class_of_write(case, write));
        written.or_else(|| self.linked(case))
    }

    fn class_of_write(&self, case: &Case<'_>, write: &Write) -> Option<Class> {
        let inside = self.class(&write.path).filter(|class| class.is_own());
        inside.or_else(|| match write.kind {
            WriteKind::Remove if !case.is(&["rmdir"]) => self.holds_home(&write.path),
            WriteKind::Output => self.is_home(&write.path).then_some(Class::Settings),
            WriteKind::Copy if copies_trees(case) => self.is_home(&write.path).then_some(Class::Settings),
            _ => None,
        })
    }

    /// A link to a protected place: what is written through it later would not be seen.
    fn linked(&self, case: &Case<'_>) -> Option<Class> {
        let source = |word: &Word| {
            let path = case.path(word);
            self.class(&path).filter(|class| class.is_own()).or_else(|| self.holds_home(&path))
        };
        (case.runs(&["ln", "link"])).then(|| case.parse(&Syntax::GNU).operands.into_iter().find_map(source)).flatten()
    }

    fn class(&self, path: &PathShape) -> Option<Class> {
        if let Some(below) = self.below_home(path)
            && let Some(class) = own_class(below)
        {
            return Some(class);
        }
        if is_below(path, &self.bundled) || has_run(&path.parts, &["lib", "hermes", "plugins"]) {
            return Some(Class::Plugins);
        }
        let name = path.name().unwrap_or_default();
        let starts_us = name.contains("hermes")
            && [".service", ".socket", ".timer", ".plist"].iter().any(|end| name.ends_with(end));
        if starts_us && (path.has_part("systemd") || path.has_part("LaunchAgents") || path.has_part("LaunchDaemons")) {
            return Some(Class::Service);
        }
        match () {
            () if path.is_login() => Some(Class::Login),
            () if path.is_shell_startup() || self.in_user_home(path, PathShape::is_shell_startup) => {
                Some(Class::ShellStartup)
            }
            () if path.is_credential() || self.in_user_home(path, PathShape::is_credential) => Some(Class::Credential),
            () => None,
        }
    }

    /// The parts below the agent's home, whichever way the path spells that, without a profile's folder.
    fn below_home<'a>(&self, path: &'a PathShape) -> Option<&'a [Part]> {
        let below = path.below("~/.hermes").or_else(|| parts_below(path, &self.home)).or_else(|| {
            let home = below_parts(&self.home, &self.user_home)?;
            (path.root == Root::Home).then(|| below_these(&path.parts, home))?
        })?;
        match below {
            [profiles, _, rest @ ..] if profiles.may_be("profiles") => Some(rest),
            below => Some(below),
        }
    }

    fn is_home(&self, path: &PathShape) -> bool {
        self.below_home(path).is_some_and(<[Part]>::is_empty)
    }

    /// The path is the agent's home, everything in it, or a directory that holds it.
    fn holds_home(&self, path: &PathShape) -> Option<Class> {
        let spelled = self.home.to_string();
        let holds = path.covers(&spelled) || path.covers("~/.hermes");
        (holds && !path.parts.is_empty()).then_some(Class::Settings)
    }

    /// Whether a path that is spelled out below the user's home answers as one that begins with `~`.
    fn in_user_home(&self, path: &PathShape, is: fn(&PathShape) -> bool) -> bool {
        parts_below(path, &self.user_home)
            .is_some_and(|parts| is(&PathShape { root: Root::Home, parts: parts.to_vec() }))
    }
}

const SELF_DISARM: Rule =
    Rule { remember: Remember::Once, ..Rule::new("self-disarm", "change the guard's own things", Severity::Critical) };

/// What the parts below the agent's home are.
fn own_class(below: &[Part]) -> Option<Class> {
    let (first, rest) = below.split_first()?;
    let is = |name: &str| first.may_be(name);
    match () {
        () if is("config.yaml") || is(".env") || is("active_profile") => Some(Class::Settings),
        () if is("plugins") || is("plugins.lock") => Some(Class::Plugins),
        () if is("pairing") => Some(Class::Pairing),
        () if first.text().starts_with("state.db") => Some(Class::State),
        () if is("logs") && rest.first().is_some_and(is_audit) => Some(Class::Audit),
        () => None,
    }
}

fn is_audit(part: &Part) -> bool {
    part.text().starts_with("audit") || part.may_be("audit.jsonl")
}

fn copies_trees(case: &Case<'_>) -> bool {
    case.is(&["rsync"])
        || case.has_flag('r', "recursive")
        || case.has_flag('R', "recursive")
        || case.has_flag('a', "archive")
}

/// Who chooses where the model is chooses who gets its key, and all that is said.
const KEYS: &str = "where the agent's keys and conversations go";

/// What a protected verb of the program's own command line would change.
fn verb(case: &Case<'_>) -> Option<&'static str> {
    if switches_asking_off(case) {
        return Some("whether commands are asked about");
    }
    if edits_service(case) {
        return Some(Class::Service.describe());
    }
    let words = own_words(case).filter(|_| !case.only_asks_help())?;
    if words.iter().take_while(|word| !word.is("--")).any(|word| word.is("--yolo")) {
        return Some("whether commands are asked about");
    }
    let says = |n: usize, verbs: &[&str]| words.get(n).is_some_and(|word| word.is_any(verbs) || word.is_unknown());
    match words.first()?.known()?.as_ref() {
        "config" if says(1, &["edit"]) => Some(Class::Settings.describe()),
        "config" if says(1, &["set"]) => {
            words.get(2).is_some_and(|key| is_protected_key(key)).then(|| Class::Settings.describe())
        }
        "model" if says(1, &["set"]) => Some(KEYS),
        "setup" => Some(KEYS),
        "plugins" if says(1, &["install", "enable", "disable", "remove", "update"]) => Some(Class::Plugins.describe()),
        "tools" if says(1, &["enable", "disable"]) => Some(Class::Plugins.describe()),
        "profile" if says(1, &["create", "use", "delete"]) => Some(Class::Settings.describe()),
        "pairing" if says(1, &["approve", "revoke"]) => Some(Class::Pairing.describe()),
        "mcp" if says(1, &["add", "accept"]) => Some("the tools the agent has"),
        _ => None,
    }
}

/// `systemctl edit` and kin on what starts the gateway.
fn edits_service(case: &Case<'_>) -> bool {
    const VERBS: &[&str] = &["edit", "revert", "link", "set-property", "add-wants", "add-requires", "mask", "disable"];
    case.is(&["systemctl"])
        && case.args().iter().any(|word| word.is_any(VERBS))
        && case.args().iter().any(|word| word.fragments().any(|text| text.contains("hermes")))
}

/// `HERMES_YOLO_MODE=1`, or a variable that stands for a protected key, before a program, through `env`, or exported.
fn switches_asking_off(case: &Case<'_>) -> bool {
    let exports = case.is(&["export", "env", "declare", "typeset", "readonly"]);
    case.assignments.iter().any(|assignment| is_protected_variable(&assignment.name))
        || (exports && case.args().iter().any(|word| is_protected_variable(&word.leading())))
}

/// Whether a variable, with or without `=` and a value, is `HERMES_YOLO_MODE`, sets a protected key, or says where
/// settings and plugins are.
fn is_protected_variable(text: &str) -> bool {
    const SECTIONS: [&str; 5] = ["YOLO_MODE", "APPROVALS_", "COMMAND_ALLOWLIST", "SECURITY_", "PLUGINS_"];
    let Some(key) = text.split('=').next().and_then(|name| name.strip_prefix("HERMES_")) else { return false };
    // Another home has settings of its own.
    key == "HOME"
        || key == "PLUGIN_PATH"
        || SECTIONS.iter().any(|section| key.starts_with(section))
        || key.ends_with("_BASE_URL")
        || key.ends_with("_ENDPOINTS")
}

/// Returns whether a configuration key decides what the agent may do or who may talk to it.
pub fn is_protected_key_name(key: &str) -> bool {
    const SECTIONS: &[&str] = &["approvals", "command_allowlist", "security", "plugins"];
    if key.split('.').any(|part| part == "base_url" || part == "endpoints") {
        return true;
    }
    let section = key.split('.').next().unwrap_or(key);
    let name = key.rsplit('.').next().unwrap_or(key).to_ascii_uppercase();
    SECTIONS.contains(&section) || name.ends_with("_ALLOWED_USERS") || name.ends_with("_ALLOW_ALL_USERS")
}

fn is_protected_key(word: &Word) -> bool {
    word.known().is_none_or(|key| is_protected_key_name(&key))
}

/// Returns the words that the program's own command line would get, options before the first left out: of
/// `hermes …`, and of `cargo run -- …` and `cargo xtask run -- …`.
pub(super) fn own_words(simple: &Simple) -> Option<Vec<&Word>> {
    const SYNTAX: Syntax = Syntax {
        short_values: "pqmtsrc",
        long_values: &["profile", "query", "model", "provider", "toolsets", "skills", "resume", "source"],
        ..Syntax::GNU
    };
    let args = simple.args();
    let own = match simple.program()?.as_ref() {
        "hermes" => args,
        "cargo" if args.iter().take(2).any(|word| word.is_any(&["run", "r", "xtask"])) => {
            let end = args.iter().position(|word| word.is("--"))?;
            &args[end + 1..]
        }
        _ => return None,
    };
    let yolo = own.iter().filter(|word| word.is("--yolo"));
    let words = SYNTAX.parse(own).operands;
    Some(words.into_iter().chain(yolo).collect())
}

fn shape(path: &Path) -> PathShape {
    Word::from(&*path.to_string_lossy()).path()
}

fn is_below(path: &PathShape, place: &PathShape) -> bool {
    parts_below(path, place).is_some()
}

fn parts_below<'a>(path: &'a PathShape, place: &PathShape) -> Option<&'a [Part]> {
    (path.root == place.root && !place.parts.is_empty()).then(|| below_these(&path.parts, &place.parts)).flatten()
}

fn below_parts<'a>(path: &'a PathShape, place: &PathShape) -> Option<&'a [Part]> {
    below_these(&path.parts, &place.parts)
}

fn below_these<'a>(parts: &'a [Part], place: &[Part]) -> Option<&'a [Part]> {
    let fits = parts.len() >= place.len() && parts.iter().zip(place).all(|(part, name)| part.may_be(name.text()));
    fits.then(|| &parts[place.len()..])
}

fn has_run(parts: &[Part], names: &[&str]) -> bool {
    parts.windows(names.len()).any(|run| run.iter().zip(names).all(|(part, name)| part.may_be(name)))
}

#[cfg(test)]
mod tests;
