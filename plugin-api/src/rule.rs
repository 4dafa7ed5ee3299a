//! Rules over commands, as data: an id, the words for the person, and one question.
//!
//! ```
//! use hermes_plugin_api::command::Command;
//! use hermes_plugin_api::finding::Severity;
//! use hermes_plugin_api::rule::{Rule, judge};
//!
//! const RULES: &[Rule] = &[Rule {
//!     matches: |case| case.runs(&["rm"]) && case.has_flag('r', "recursive"),
//!     ..Rule::new("recursive-delete", "recursive delete", Severity::High)
//! }];
//!
//! let findings = judge(RULES, &Command::of(&["rm", "-rf", "build"]), "/work", |_| true);
//! assert_eq!(findings[0].rule, "recursive-delete");
//! assert_eq!(findings[0].program.as_deref(), Some("rm"));
//! ```

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::rc::Rc;

use crate::command::{Command, Reach, Simple, View, Word};
use crate::finding::{Action, Finding, Remember, Severity};
use crate::vocabulary::{PathShape, Root, Write, WriteKind};

/// A rule: when a simple command that runs answers its question, that is a finding.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Lower-case words joined by `-`: what `always` writes to the allow-list and `approvals.rules` names.
    pub id: &'static str,
    /// A few words for the prompt.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wanted done about it.
    pub action: Action,
    /// How long a person's yes may last at most.
    pub remember: Remember,
    /// A safer way to the same end, or nothing.
    pub alternative: &'static str,
    /// The question, asked of each simple command that runs. It must not panic on any command.
    pub matches: fn(&Case<'_>) -> bool,
}

/// A simple command in its line: what a rule is asked about. All questions of [`Simple`] can be asked of it.
pub struct Case<'a> {
    /// The whole line.
    pub command: &'a Command,
    /// The simple command.
    pub simple: &'a Simple,
    /// Its place in [`Command::simple`].
    pub index: usize,
    /// The directory it runs in, as far as `cd` before it in the line tells.
    pub dir: &'a PathShape,
    /// The directory the line runs in.
    pub cwd: &'a PathShape,
    program: Option<Cow<'a, str>>,
    asks_help: OnceCell<bool>,
    writes: OnceCell<Vec<Write>>,
    flows: &'a RefCell<Vec<Rc<Flow>>>,
}

/// A question about the source of a flow.
pub type Source = fn(&Simple) -> bool;

/// What one question about flow found out about a line, so that the line is walked once for it.
struct Flow {
    source: usize,
    fed: Vec<bool>,
    files: OnceCell<HashSet<PathShape>>,
}

/// Asks every rule about every simple command that runs in `cwd`, and returns what they found, in the order
/// of the text, each rule once for each program. Rules for which `is_on` says no are not asked.
pub fn judge(rules: &[Rule], command: &Command, cwd: &str, is_on: impl Fn(&str) -> bool) -> Vec<Finding> {
    let rules: Vec<&Rule> = rules.iter().filter(|rule| is_on(rule.id)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    each_case(command, cwd, |case| {
        for rule in &rules {
            if (rule.matches)(case) {
                let finding = rule.finding(case.simple);
                let known = |other: &Finding| other.rule == finding.rule && other.program == finding.program;
                if !findings.iter().any(known) {
                    findings.push(finding);
                }
            }
        }
    });
    findings
}

/// Calls `ask` with each simple command that runs, in the order of the text.
pub fn each_case(command: &Command, cwd: &str, mut ask: impl FnMut(&Case<'_>)) {
    let flows = RefCell::default();
    let cwd = match cwd {
        "" => PathShape::new(Root::Relative),
        cwd => PathShape::parse(cwd),
    };
    walk(command, &cwd, |index, simple, dir| {
        ask(&Case {
            command,
            simple,
            index,
            dir,
            cwd: &cwd,
            program: simple.program(),
            asks_help: OnceCell::new(),
            writes: OnceCell::new(),
            flows: &flows,
        });
    });
}

fn walk(command: &Command, cwd: &PathShape, mut visit: impl FnMut(usize, &Simple, &PathShape)) {
    let mut dirs = Dirs::new(command, cwd);
    for (index, simple) in command.simple.iter().enumerate() {
        if simple.reach == Reach::Runs {
            let dir = dirs.of(simple.shell);
            let next = changed_dir(simple, dir);
            visit(index, simple, dir);
            if let Some(next) = next {
                dirs.change(simple.shell, next);
            }
        }
    }
}

/// Where each shell of a line is. Most lines have one, in which nothing changes.
struct Dirs<'a> {
    command: &'a Command,
    cwd: &'a PathShape,
    /// By shell; one that is not there yet is where its parent is.
    changed: HashMap<usize, PathShape>,
}

impl<'a> Dirs<'a> {
    fn new(command: &'a Command, cwd: &'a PathShape) -> Self {
        Self { command, cwd, changed: HashMap::new() }
    }

    /// A shell starts where its parent is then.
    fn of(&mut self, shell: usize) -> &PathShape {
        if self.changed.is_empty() {
            return self.cwd;
        }
        let mut from = shell;
        while !self.changed.contains_key(&from)
            && let Some(parent) = from.checked_sub(1).and_then(|place| self.command.shells.get(place))
            // Shells stand after their parents; what says otherwise came from elsewhere.
            && *parent < from
        {
            from = *parent;
        }
        if from != shell
            && let Some(dir) = self.changed.get(&from).cloned()
        {
            self.changed.insert(shell, dir);
        }
        self.changed.get(&shell).unwrap_or(self.cwd)
    }

    fn change(&mut self, shell: usize, dir: PathShape) {
        self.changed.insert(shell, dir);
    }
}

impl Rule {
    /// Returns a rule that never matches, asks and may be remembered: the base for `..`.
    pub const fn new(id: &'static str, title: &'static str, severity: Severity) -> Rule {
        Rule {
            id,
            title,
            severity,
            action: Action::Ask,
            remember: Remember::Always,
            alternative: "",
            matches: |_| false,
        }
    }

    /// Returns what this rule says of a simple command that it matches.
    pub fn finding(&self, simple: &Simple) -> Finding {
        Finding {
            rule: self.id.to_owned(),
            severity: self.severity,
            action: self.action,
            title: self.title.to_owned(),
            description: String::new(),
            span: (simple.view == View::Raw).then_some(simple.span),
            program: simple.program().map(|name| name.into_owned()),
            alternative: (!self.alternative.is_empty()).then(|| self.alternative.to_owned()),
            remember: self.remember,
            details: serde_json::Value::Null,
        }
    }
}

/// The questions that nearly every rule asks, answered from what was found out once.
impl Case<'_> {
    /// [`Simple::program`].
    pub fn program(&self) -> Option<Cow<'_, str>> {
        self.program.as_deref().map(Cow::Borrowed)
    }

    /// [`Simple::is`].
    pub fn is(&self, names: &[&str]) -> bool {
        self.simple.is_called(self.program.as_deref(), names)
    }

    /// [`Simple::is_version_of`].
    pub fn is_version_of(&self, names: &[&str]) -> bool {
        self.simple.is_called_version_of(self.program.as_deref(), names)
    }

    /// [`Simple::runs`].
    pub fn runs(&self, names: &[&str]) -> bool {
        self.is(names) && !self.only_asks_help()
    }

    /// [`Simple::only_asks_help`].
    pub fn only_asks_help(&self) -> bool {
        *self.asks_help.get_or_init(|| self.simple.only_asks_help())
    }
}

impl Case<'_> {
    /// Returns what it changes, with paths relative to the directory it runs in.
    pub fn changes(&self) -> &[Write] {
        self.writes.get_or_init(|| self.simple.writes_in(self.dir))
    }

    /// Returns a word of it as a path, relative to the directory it runs in.
    pub fn path(&self, word: &Word) -> PathShape {
        word.path_in(self.dir)
    }

    /// Returns whether output of a command that answers `source` may reach its standard input, through any
    /// number of stages.
    pub fn fed_by(&self, source: Source) -> bool {
        let flow = self.flow(source);
        flow.fed.get(self.index).copied().unwrap_or(false)
    }

    /// Returns whether a command of the line that answers `source`, or is fed by one that does, writes this
    /// file, which is known whole.
    pub fn filled_by(&self, source: Source, path: &PathShape) -> bool {
        let flow = self.flow(source);
        flow.files.get_or_init(|| self.files_from(source, &flow.fed)).contains(path)
    }

    fn flow(&self, source: Source) -> Rc<Flow> {
        let key = source as usize;
        if let Some(flow) = self.flows.borrow().iter().find(|flow| flow.source == key) {
            return Rc::clone(flow);
        }
        let flow = Rc::new(Flow { source: key, fed: self.command.fed_by(source), files: OnceCell::new() });
        self.flows.borrow_mut().push(Rc::clone(&flow));
        flow
    }

    fn files_from(&self, source: Source, fed: &[bool]) -> HashSet<PathShape> {
        let mut files = HashSet::new();
        walk(self.command, self.cwd, |index, simple, dir| {
            if source(simple) || fed[index] {
                files.extend(
                    simple
                        .writes_in(dir)
                        .into_iter()
                        .filter(|write| write.kind != WriteKind::Remove)
                        .map(|write| write.path),
                );
            }
        });
        files.retain(|path| path.name().is_some());
        files
    }
}

impl Deref for Case<'_> {
    type Target = Simple;

    fn deref(&self) -> &Simple {
        self.simple
    }
}

/// Where the rest of its shell runs after a `cd`.
fn changed_dir(simple: &Simple, dir: &PathShape) -> Option<PathShape> {
    if !simple.is(&["cd", "pushd"]) {
        return None;
    }
    let to = simple.args().iter().find(|word| !word.leading().starts_with('-') || word.is("-"));
    Some(match to {
        Some(word) if word.is("-") => PathShape::new(Root::Unknown),
        Some(word) => word.path_in(dir),
        None => PathShape::new(Root::Home),
    })
}
