//! Signals: what a `kill` sends to whom, and processes that start themselves again.

use std::borrow::Cow;

use crate::command::{Simple, Stdin, Word};

/// A `kill`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill<'a> {
    /// The signal without `SIG`, upper-cased, where one is given.
    pub signal: Option<String>,
    /// The processes. `-1` is every process, `0` the own group.
    pub targets: Vec<&'a Word>,
    /// `--` stood before the targets.
    pub separated: bool,
}

impl Simple {
    /// Returns the signal and targets of a `kill` that sends one. The first word is a signal if it looks like one
    /// and targets follow it: `kill -1 4321` is a hang-up for one process.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// let everyone = Simple::of(&["kill", "-s", "KILL", "--", "-1"]);
    /// let kill = everyone.kill().unwrap();
    /// assert!(kill.is_forced() && kill.targets("-1"));
    /// ```
    pub fn kill(&self) -> Option<Kill<'_>> {
        let asks = |word: &Word| word.is_any(&["-l", "-L", "--list", "--table"]);
        if !self.runs(&["kill"]) || self.args().first().is_some_and(asks) {
            return None;
        }
        let (signal, rest) = split_signal(self.args())?;
        Some(Kill {
            signal,
            separated: rest.first().is_some_and(|word| word.is("--")),
            targets: rest.iter().filter(|word| !word.is("--")).collect(),
        })
    }

    /// Returns whether a function, alias or script starts itself again in the background or beside itself in a
    /// pipeline, and so multiplies without end.
    pub fn multiplies(&self) -> bool {
        let beside = self.background || !self.feeds.is_empty() || matches!(self.stdin, Stdin::Pipe(_));
        let itself = |word: &Word| word.unknowns().any(|unknown| unknown.name == "0");
        beside && (self.recurses() || self.words.first().is_some_and(itself))
    }
}

impl Kill<'_> {
    /// Returns whether this is among the targets.
    pub fn targets(&self, target: &str) -> bool {
        self.targets.iter().any(|word| word.is(target))
    }

    /// Returns whether the signal is `KILL`.
    pub fn is_forced(&self) -> bool {
        self.signal.as_deref().is_some_and(|signal| signal == "KILL" || signal == "9")
    }
}

fn split_signal(args: &[Word]) -> Option<(Option<String>, &[Word])> {
    let Some((first, rest)) = args.split_first() else {
        return Some((None, args));
    };
    let text = first.leading();
    if first.is_any(&["-s", "-n", "--signal"]) {
        let (value, rest) = rest.split_first()?;
        return Some((Some(name(&value.leading())), rest));
    }
    let attached = text.strip_prefix("--signal=").or_else(|| text.strip_prefix("-s").filter(|rest| !rest.is_empty()));
    if let Some(value) = attached.filter(|value| !value.starts_with('i')) {
        return Some((Some(name(value)), rest));
    }
    let looks = text.len() > 1 && text.starts_with('-') && text != "--";
    match looks && !rest.is_empty() {
        true => Some((Some(name(&text[1..])), rest)),
        false => Some((None, args)),
    }
}

fn name(signal: &str) -> String {
    let signal: Cow<'_, str> = signal.to_ascii_uppercase().into();
    signal.strip_prefix("SIG").unwrap_or(&signal).to_owned()
}
