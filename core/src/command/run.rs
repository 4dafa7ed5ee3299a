//! Walks parsed text in the order in which bash runs it and collects the simple commands. Knows control
//! flow and pipes; words are expanded and launchers unwrapped elsewhere.

use super::ast::{AndOr, Arm, Branch, Command, For, Item, Kind, List, Pipeline};
use super::bound::Budget;
use super::env::{Env, Leaves, Space, Value};
use super::parse::{Place, parse};
use super::text::{self, Text};
use hermes_plugin_api::command::{
    Assignment, Launcher, Piece, Problem, ProblemKind, Reach, Redirect, Simple, Span, Stdin, View, Why,
};
use std::collections::HashSet;
use std::rc::Rc;

/// Most rounds of a loop over known words that are walked one by one, nested loops multiplied.
const MAX_ROUNDS: usize = 256;
/// Most simple commands that such a loop may become.
const MAX_UNROLLED: usize = 1024;
/// Substitutions inside one another of which both the known and the unknown output are gone on with.
const MAX_CHOICES: usize = 3;

/// What surrounds the commands being walked.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) via: Rc<Vec<Launcher>>,
    /// Redirections of enclosing commands.
    pub(super) redirects: Rc<Vec<Redirect>>,
    /// Index into [`Reader::inputs`]; `None` is inherited.
    pub(super) input: Option<usize>,
    /// Standard output goes to the innermost [`Capture`].
    pub(super) captured: bool,
    pub(super) background: bool,
    pub(super) reach: Reach,
    /// Rounds of enclosing loops, multiplied.
    pub(super) rounds: usize,
    /// Where computed text came from.
    pub(super) origin: Option<Span>,
}

/// A source of standard input.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) stdin: Stdin,
    pub(super) text: Text,
    /// Every command that writes it surely does, in this order.
    pub(super) certain: bool,
    /// A command has read from it.
    pub(super) used: bool,
}

/// Standard output being collected.
#[derive(Debug, Default)]
pub(super) struct Capture {
    pub(super) text: Text,
    pub(super) certain: bool,
    pub(super) simples: Vec<usize>,
    conditional: usize,
}

/// The state of one reading.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) simple: Vec<Simple>,
    /// The parents of the shells that the text starts.
    pub(super) shells: Vec<usize>,
    /// The shell that is being read.
    pub(super) shell: usize,
    pub(super) problems: Vec<Problem>,
    pub(super) budget: Budget,
    pub(super) env: Env,
    pub(super) inputs: Vec<Input>,
    pub(super) captures: Vec<Capture>,
    pub(super) holes: Vec<Piece>,
    /// Pipes that `<(…)` made: the commands behind them and the input they are.
    pub(super) pipes: Vec<(Vec<usize>, usize)>,
    /// What commands with a redirected output wrote.
    pub(super) outputs: Vec<(usize, Option<Text>)>,
    pub(super) choice: super::simple::Choice,
    /// Names of aliases being run.
    pub(super) aliases: Vec<String>,
    /// Bodies of functions being run.
    pub(super) calls: Vec<Rc<Command>>,
    /// Variables made local by the function being run, with what they were.
    pub(super) locals: Vec<(String, Vec<Value>)>,
    /// Functions that the text defines, each body once. They stay alive, so that an address tells them apart.
    pub(super) defined: Vec<(String, Rc<Command>)>,
    /// Those bodies, by address.
    pub(super) known: HashSet<*const Command>,
    /// Those of them that were called.
    pub(super) called: HashSet<*const Command>,
    /// Arrays among the arguments of the `declare` being run: name, whether it is appended to, value.
    pub(super) declared: Vec<(String, bool, Value)>,
    /// Variables whose value something changes unseen: attributes, traps.
    pub(super) unsteady: HashSet<String>,
    pub(super) traps: super::builtin::Traps,
    /// The last stage of a pipeline may run in the shell itself (`shopt -s lastpipe`).
    pub(super) last_pipe: bool,
    /// The text is run by a shell that keeps to POSIX, or by bash as one.
    pub(super) posix: bool,
    /// What the operator of the parameter being expanded is given was read, or is not expanded.
    pub(super) operands_read: bool,
    /// How many enclosing constructs may not run.
    pub(super) conditional: usize,
    /// The line goes to another folder: files that it wrote may have other names.
    pub(super) moved: bool,
    /// Variables that hold numbers: what they are given is computed.
    pub(super) numbers: HashSet<String>,
    /// Assignments that a launcher makes for what it is about to run.
    pub(super) given: Vec<Assignment>,
}

impl Reader {
    /// Reads text that bash runs.
    pub(super) fn text(&mut self, source: &str, place: Place, scope: &Scope) {
        let (list, stop) = parse(source, place, &mut self.budget);
        if stop.is_some() {
            self.budget.reported();
        }
        self.list(&list, scope);
        if let Some(stop) = stop {
            let span = match place {
                Place::Shift(by) => Span { start: by + stop.at, end: by + stop.at },
                Place::Fixed(span) => span,
            };
            self.problem(ProblemKind::Unparsable, &stop.message, Some(span), scope);
        }
    }

    pub(super) fn list(&mut self, list: &List, scope: &Scope) {
        for item in &list.items {
            let again = self.env.take_work();
            self.budget.steps(again / 4);
            if self.budget.over().is_some() {
                return;
            }
            if item.background {
                let scope = Scope { background: true, ..scope.clone() };
                let mark = self.env.mark();
                self.in_shell(|reader| reader.item(item, &scope));
                self.env.rollback(mark);
            } else {
                self.item(item, scope);
            }
            self.env.settle();
        }
    }

    fn item(&mut self, item: &Item, scope: &Scope) {
        self.pipeline(&item.first, scope);
        if item.rest.is_empty() {
            return;
        }
        // After `&&` everything before has run; after `||`, also before that `&&`, and at the end any of it may
        // be missing.
        let mut mark = self.env.mark();
        let mut after_or = false;
        self.conditional += 1;
        for (op, pipeline) in &item.rest {
            let is_or = *op == AndOr::Or;
            if is_or || after_or {
                self.env.join_since(mark);
                mark = self.env.mark();
            }
            after_or = is_or;
            self.pipeline(pipeline, scope);
        }
        self.conditional -= 1;
        self.env.join_since(mark);
    }

    fn pipeline(&mut self, pipeline: &Pipeline, scope: &Scope) {
        let [commands @ .., last] = &pipeline.commands[..] else {
            return;
        };
        if commands.is_empty() {
            return self.command(last, scope);
        }
        let mut input = scope.input;
        for command in commands {
            let stage = Scope { input, captured: true, ..scope.clone() };
            let capture = self.capturing(|reader| reader.subshell(|reader| reader.command(command, &stage)));
            input = Some(self.add_pipe(capture));
        }
        let stage = Scope { input, ..scope.clone() };
        match self.last_pipe {
            true => self.maybe(|reader| reader.command(last, &stage)),
            false => self.subshell(|reader| reader.command(last, &stage)),
        }
    }

    fn add_pipe(&mut self, capture: Capture) -> usize {
        self.inputs.push(Input {
            stdin: Stdin::Pipe(capture.simples),
            text: capture.text,
            certain: capture.certain,
            used: false,
        });
        self.inputs.len() - 1
    }

    /// Runs `inner` with its output collected.
    pub(super) fn capturing(&mut self, inner: impl FnOnce(&mut Self)) -> Capture {
        self.captures.push(Capture { certain: true, conditional: self.conditional, ..Capture::default() });
        inner(self);
        self.captures.pop().unwrap_or_default()
    }

    /// Runs `inner` so that what it assigns is forgotten.
    pub(super) fn subshell(&mut self, inner: impl FnOnce(&mut Self)) {
        let mark = self.env.mark();
        self.in_shell(|reader| reader.with_own_traps(inner));
        self.env.rollback(mark);
    }

    /// Runs `inner` as the commands of a further shell.
    pub(super) fn in_shell(&mut self, inner: impl FnOnce(&mut Self)) {
        let parent = self.shell;
        self.shells.push(parent);
        self.shell = self.shells.len();
        // It cannot leave what is around it.
        self.leaving(Leaves::Loop, |reader| {
            reader.leaving(Leaves::Function, |reader| reader.leaving(Leaves::Line, inner));
        });
        self.shell = parent;
    }

    /// Runs `inner`, which may not run at all.
    pub(super) fn maybe(&mut self, inner: impl FnOnce(&mut Self)) {
        let mark = self.env.mark();
        self.conditional += 1;
        inner(self);
        self.conditional -= 1;
        self.env.join_since(mark);
    }

    pub(super) fn command(&mut self, command: &Command, scope: &Scope) {
        if self.budget.enter() && self.budget.step() {
            match &command.kind {
                Kind::Simple(simple) => self.simple(simple, &command.redirects, command.span, scope),
                kind => self.redirected(&command.redirects, command.span, scope, |reader, scope| {
                    reader.compound(kind, scope);
                }),
            }
        }
        self.budget.leave();
    }

    fn compound(&mut self, kind: &Kind, scope: &Scope) {
        match kind {
            Kind::Simple(_) | Kind::Broken => {}
            Kind::Group(list) => self.list(list, scope),
            Kind::Subshell(list) => self.subshell(|reader| reader.list(list, scope)),
            Kind::If(branches, otherwise) => self.condition(branches, otherwise.as_ref(), scope),
            Kind::Loop(branch) => self.repeat(branch, scope),
            Kind::For(each) => self.each(each, scope),
            Kind::Select(each) => self.select(each, scope),
            Kind::ArithFor(head, body) => {
                for word in head {
                    self.single(word, scope);
                }
                self.read_input(scope);
                self.havoc(&[body], head, &[]);
                self.maybe(|reader| reader.list(body, scope));
            }
            Kind::Case(subject, arms) => self.case(subject, arms, scope),
            Kind::Test(words) => self.test(words, scope),
            Kind::Arith(word) => {
                self.arithmetic(word, scope);
            }
            Kind::Function(name, body) => {
                self.env.set(Space::Function, name, Value::Function(Rc::clone(body)));
                // A call defines what its body defines, each time.
                if self.known.insert(Rc::as_ptr(body)) {
                    self.defined.push((name.clone(), Rc::clone(body)));
                }
                self.handler(name, body, scope);
            }
            Kind::Coproc(name, body) => {
                // Whatever the line writes to it.
                let input = Some(self.unknown_input());
                let scope = Scope { background: true, captured: false, input, ..scope.clone() };
                self.env.set(Space::Variable, name, Value::Unknown);
                self.subshell(|reader| reader.command(body, &scope));
            }
        }
    }

    fn condition(&mut self, branches: &[Branch], otherwise: Option<&List>, scope: &Scope) {
        let mut outcomes = Vec::new();
        let conditions = self.env.mark();
        for (index, branch) in branches.iter().enumerate() {
            if index == 0 {
                self.list(&branch.condition, scope);
            } else {
                self.maybe(|reader| reader.list(&branch.condition, scope));
            }
            outcomes.push(self.branch(&branch.body, scope));
        }
        if let Some(body) = otherwise {
            outcomes.push(self.branch(body, scope));
        }
        if branches.len() > 1 {
            self.env.join_since(conditions);
        }
        self.env.join(outcomes, otherwise.is_some());
    }

    fn branch(&mut self, body: &List, scope: &Scope) -> super::env::Changes {
        let mark = self.env.mark();
        self.conditional += 1;
        self.list(body, scope);
        self.conditional -= 1;
        self.env.take_since(mark)
    }

    fn repeat(&mut self, branch: &Branch, scope: &Scope) {
        // What one round reads from the input, the next does not.
        self.read_input(scope);
        self.havoc(&[&branch.condition, &branch.body], &[], &[]);
        self.maybe(|reader| {
            reader.list(&branch.condition, scope);
            reader.list(&branch.body, scope);
        });
    }

    fn each(&mut self, each: &For, scope: &Scope) {
        let mut ways: Vec<Vec<Text>> = Vec::new();
        let count = self.each_way(|reader| {
            let words = reader.words_of(each, scope);
            ways.push(words);
        });
        let words = if count == 1 { ways.pop().unwrap_or_default() } else { Vec::new() };
        if count > 1 {
            return self.any_of(each, &ways, scope);
        }
        let rounds = scope.rounds.max(1).saturating_mul(words.len());
        let exact = words.iter().all(|text| text::known(text).is_some());
        let size = rounds.saturating_mul(each.size);
        if exact && rounds <= MAX_ROUNDS && size <= MAX_UNROLLED {
            return self.rounds(each, words, &Scope { rounds, ..scope.clone() });
        }
        self.read_input(scope);
        self.havoc(&[&each.body], &[], &[&each.name]);
        // A single unknown word keeps its shape: `for f in *.txt`.
        let value = match <[Text; 1]>::try_from(words) {
            Ok([only]) if !only.is_empty() => Value::Text(only.into_iter().map(flatten).collect()),
            _ => Value::Unknown,
        };
        self.env.set(Space::Variable, &each.name, value);
        self.maybe(|reader| reader.list(&each.body, scope));
    }

    /// The words that a loop goes through.
    fn words_of(&mut self, each: &For, scope: &Scope) -> Vec<Text> {
        match &each.words {
            Some(words) => {
                let mut all = Vec::new();
                for word in words {
                    self.fields(word, scope, &mut all);
                }
                all.into_iter().map(|word| word.pieces).collect()
            }
            None => match self.variable("@") {
                Value::List(items) => items.iter().map(|(_, text)| text.clone()).collect(),
                _ => vec![vec![text::unknown(Why::Variable, "@")]],
            },
        }
    }

    /// A loop of which it is not known which words it goes through: each of them may be in any round.
    fn any_of(&mut self, each: &For, ways: &[Vec<Text>], scope: &Scope) {
        self.read_input(scope);
        self.havoc(&[&each.body], &[], &[&each.name]);
        let mut values = Vec::new();
        for text in ways.iter().flatten() {
            super::env::unite(&mut values, &[Value::Text(text.iter().cloned().map(flatten).collect())]);
        }
        self.env.set_all(Space::Variable, &each.name, values);
        self.maybe(|reader| reader.list(&each.body, scope));
    }

    fn rounds(&mut self, each: &For, words: Vec<Text>, scope: &Scope) {
        let mark = self.env.mark();
        self.leaving(Leaves::Loop, |reader| {
            for text in words {
                reader.assign_text(&each.name, text);
                reader.list(&each.body, scope);
            }
        });
        if mentions_jump(&each.body) {
            self.env.join_since(mark);
        }
    }

    /// Runs `inner`, which may be left early.
    pub(super) fn leaving(&mut self, leaves: Leaves, inner: impl FnOnce(&mut Self)) {
        let outer = self.env.begin(leaves);
        inner(self);
        self.env.end(leaves, outer);
    }

    fn select(&mut self, each: &For, scope: &Scope) {
        for word in each.words.iter().flatten() {
            self.fields(word, scope, &mut Vec::new());
        }
        self.read_input(scope);
        self.havoc(&[&each.body], &[], &[&each.name, "REPLY"]);
        self.maybe(|reader| reader.list(&each.body, scope));
    }

    fn case(&mut self, subject: &super::ast::Word, arms: &[Arm], scope: &Scope) {
        self.single(subject, scope);
        for arm in arms {
            for pattern in &arm.patterns {
                self.single(pattern, scope);
            }
            self.maybe(|reader| reader.list(&arm.body, scope));
        }
    }

    /// The output of `$(…)`.
    pub(super) fn substitute(&mut self, list: &List, scope: &Scope) -> Text {
        let inner = self.inner_scope(scope, true);
        let capture = self.capturing(|reader| reader.subshell(|reader| reader.list(list, &inner)));
        let mut text = capture.text;
        text::trim_newlines(&mut text);
        // Deep inside others only what is not known is gone on with: two ways at each level would be too many.
        let shallow = self.captures.len() < MAX_CHOICES;
        let known = capture.certain || (shallow && self.choose(2) == Some(0));
        let text = if known { text } else { vec![text::output_of(capture.simples)] };
        self.charge(text::len(&text));
        text
    }

    /// `<(…)` and `>(…)`: a path to a pipe.
    pub(super) fn process(&mut self, list: &List, writes: bool, scope: &Scope) -> Text {
        let mut inner = self.inner_scope(scope, !writes);
        if writes {
            let unread = vec![text::unknown(Why::Process, "")];
            inner.input = Some(self.add_input(Stdin::Pipe(Vec::new()), unread));
        }
        let before = self.simple.len();
        let capture = self.capturing(|reader| reader.subshell(|reader| reader.list(list, &inner)));
        let from: Vec<usize> =
            if writes { (before..self.simple.len()).take(64).collect() } else { capture.simples.clone() };
        let mut piece = text::unknown(Why::Process, "");
        if let Piece::Unknown(unknown) = &mut piece {
            unknown.from.clone_from(&from);
        }
        if !writes {
            let input = self.add_pipe(capture);
            self.pipes.push((from, input));
        }
        vec![piece]
    }

    fn inner_scope(&self, scope: &Scope, captured: bool) -> Scope {
        Scope { captured, background: false, ..scope.clone() }
    }

    pub(super) fn hole(&mut self, index: usize) -> Text {
        self.holes.get(index).cloned().into_iter().collect()
    }

    /// Reports that what runs cannot be known.
    pub(super) fn opaque(&mut self, message: &str, span: Option<Span>) {
        self.problem(ProblemKind::Opaque, message, span, &Scope::default());
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, message: &str, span: Option<Span>, scope: &Scope) {
        let span = scope.origin.or(span);
        let known = self.problems.iter().any(|own| own.kind == kind && own.span == span);
        if scope.reach == Reach::Data || known || self.problems.len() > 64 {
            return;
        }
        self.problems.push(Problem { kind, message: message.to_owned(), span, view: View::Raw });
    }

    /// Notes a command whose output others write for it.
    pub(super) fn passes(&mut self, index: usize) {
        if let Some(capture) = self.captures.last_mut() {
            capture.simples.push(index);
        }
    }

    /// What a simple command wrote, if its output is collected.
    pub(super) fn wrote(&mut self, index: usize, output: Option<Text>) {
        let conditional = self.conditional;
        let Some(capture) = self.captures.last_mut() else {
            return;
        };
        capture.simples.push(index);
        capture.certain &= conditional <= capture.conditional;
        match output {
            Some(output) => {
                for piece in output {
                    text::push_piece(&mut capture.text, piece);
                }
            }
            None => capture.text.push(text::output_of(vec![index])),
        }
    }
}

/// A pattern in a list of words stands for what it matches.
fn flatten(piece: Piece) -> Piece {
    match piece {
        Piece::Glob(_) => text::unknown(Why::Variable, ""),
        other => other,
    }
}

/// Whether a loop's body may leave a round early.
fn mentions_jump(body: &List) -> bool {
    body.items.iter().any(|item| {
        let kinds = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
        kinds.flat_map(|pipeline| &pipeline.commands).any(|command| {
            match &command.kind {
            Kind::Simple(simple) => simple.words.first().is_some_and(|word| {
                matches!(&word.parts[..], [super::ast::Part::Plain(name)] if name == "break" || name == "continue")
            }),
            _ => true,
        }
        })
    })
}
