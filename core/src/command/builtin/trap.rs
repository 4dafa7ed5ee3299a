//! `trap`: what it holds runs later, with the values and functions of that time. It is read when it may fire:
//! where another takes its place and where its shell ends.

use crate::command::bound::Budget;
use crate::command::env::Mark;
use crate::command::launch::launcher;
use crate::command::parse::{Place, parse};
use crate::command::run::{Reader, Scope};
use crate::command::text::{self, Text};
use hermes_plugin_api::command::{How, Word};

/// Traps that are set by traps are followed so far.
const MOST_ROUNDS: usize = 16;

/// The traps of one shell.
#[derive(Debug, Default)]
pub(in crate::command) struct Traps {
    set: Vec<Trap>,
    /// Subshells have them too (`set -E`, `set -T`).
    pub(super) inherited: bool,
}

#[derive(Clone, Debug)]
struct Trap {
    signal: String,
    code: Text,
    /// The command that set it.
    index: usize,
    scope: Scope,
    /// Captures around it.
    captures: usize,
}

impl Reader {
    /// `trap TEXT SIGNAL…`
    pub(super) fn trap(&mut self, index: usize, arguments: &[Word], scope: &Scope) {
        let known = |word: &Word| text::known(&word.pieces).map(|known| known.into_owned());
        let arguments = match arguments.first().and_then(known).as_deref() {
            Some("--") => &arguments[1..],
            Some("-p" | "-l" | "-P" | "-lp" | "-pl") => return,
            _ => arguments,
        };
        let Some((code, signals)) = arguments.split_first() else {
            return;
        };
        let resets = signals.is_empty() || known(code).as_deref() == Some("-");
        let signals = if signals.is_empty() { arguments } else { signals };
        for signal in signals {
            let signal = known(signal).map_or_else(|| "?".to_owned(), |signal| canonical(&signal));
            self.replace_trap(&signal);
            if resets || code.pieces.is_empty() || !self.budget.step() {
                continue;
            }
            if signal != "EXIT"
                && let Some(source) = known(code)
            {
                let (list, _) = parse(&source, Place::Fixed(self.simple[index].span), &mut Budget::new(source.len()));
                self.budget.steps(source.len());
                self.unsettle(&list, self.simple[index].span);
            }
            self.env.watch();
            let (code, captures) = (code.pieces.clone(), self.captures.len());
            self.charge(text::len(&code));
            self.traps.set.push(Trap { signal, code, index, scope: scope.clone(), captures });
        }
    }

    /// What was set for a signal may have run before it is set anew.
    fn replace_trap(&mut self, signal: &str) {
        let (old, kept): (Vec<Trap>, Vec<Trap>) =
            std::mem::take(&mut self.traps.set).into_iter().partition(|trap| trap.signal == signal);
        self.budget.steps(kept.len() + old.len());
        self.traps.set = kept;
        self.fire(&old);
        if self.conditional > 0 {
            self.traps.set.extend(old);
        }
    }

    /// Runs `inner` as a shell of its own, whose traps end with it.
    pub(in crate::command) fn with_own_traps(&mut self, inner: impl FnOnce(&mut Self)) {
        let mut own = Traps { inherited: self.traps.inherited, ..Traps::default() };
        if self.traps.inherited {
            own.set = self.traps.set.iter().filter(|trap| trap.signal != "EXIT").cloned().collect();
            self.budget.steps(own.set.len());
        }
        let outer = std::mem::replace(&mut self.traps, own);
        inner(self);
        self.fire_traps();
        self.traps = outer;
    }

    /// Runs the traps of a shell that ends, and those that they set.
    pub(in crate::command) fn fire_traps(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let traps = std::mem::take(&mut self.traps.set);
            if traps.is_empty() {
                return;
            }
            self.fire(&traps);
        }
        if let Some(trap) = std::mem::take(&mut self.traps.set).first() {
            self.opaque("Traps set further traps", Some(self.simple[trap.index].span));
        }
    }

    /// Runs traps with every value that there has been since the first of them was set.
    fn fire(&mut self, traps: &[Trap]) {
        if traps.is_empty() {
            return;
        }
        let mark: Mark = self.env.mark();
        self.env.join_watched();
        for trap in traps {
            let captured = trap.scope.captured && self.captures.len() == trap.captures;
            let scope = Scope { captured, ..trap.scope.clone() };
            self.maybe(|reader| reader.run_text(trap.index, &trap.code, launcher("trap", How::Text), &scope));
        }
        self.env.rollback(mark);
    }
}

fn canonical(signal: &str) -> String {
    let upper = signal.to_ascii_uppercase();
    match upper.strip_prefix("SIG").unwrap_or(&upper) {
        "0" => "EXIT".to_owned(),
        other => other.to_owned(),
    }
}
