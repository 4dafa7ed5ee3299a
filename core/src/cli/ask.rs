//! Questions at the terminal: plain lines, so that they work wherever text does. Answers are read from standard
//! input, questions go to standard error.

use std::io::{BufRead as _, IsTerminal as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::cli::out;
use crate::error::{Failure, INTERRUPTED};

/// Most choices that are shown at once.
const SHOWN: usize = 25;

/// Whether somebody is there to answer.
pub(super) fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line.
///
/// # Errors
/// At the end of input.
pub(super) fn line(question: &str) -> Result<String, Failure> {
    out::prompt(question);
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        return Err(Failure::new("There was no answer; nothing was changed"));
    }
    Ok(answer.trim().to_owned())
}

/// Asks for yes or no. An empty answer is `default`, anything unclear is asked again.
///
/// # Errors
/// At the end of input.
pub(super) fn yes(question: &str, default: bool) -> Result<bool, Failure> {
    let choices = if default { "[Y/n]" } else { "[y/N]" };
    loop {
        match line(&format!("{question} {choices} "))?.to_ascii_lowercase().as_str() {
            "" => return Ok(default),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => out::note("Please answer y or n."),
        }
    }
}

/// Asks for one of some names: by its number, by itself, or by a part of it that narrows the choice. `labels` is what
/// is shown of each. A name that is not among them is taken when `free` and confirmed.
///
/// # Errors
/// At the end of input.
pub(super) fn one_of(what: &str, names: &[String], labels: &[String], free: bool) -> Result<String, Failure> {
    let mut shown: Vec<usize> = (0..names.len()).collect();
    loop {
        for (number, at) in shown.iter().take(SHOWN).enumerate() {
            out::note(&format!("  {:>2}) {}", number + 1, labels[*at]));
        }
        if shown.len() > SHOWN {
            out::note(&format!("      … and {} more: type a part of the name", shown.len() - SHOWN));
        }
        let answer = line(&format!("{what}: "))?;
        let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(at) = number.and_then(|number| shown.get(number)) {
            return Ok(names[*at].clone());
        }
        if names.contains(&answer) {
            return Ok(answer);
        }
        let part = answer.to_lowercase();
        let has = |at: &usize| names[*at].to_lowercase().contains(&part) || labels[*at].to_lowercase().contains(&part);
        let narrowed: Vec<usize> = (0..names.len()).filter(has).collect();
        match narrowed.as_slice() {
            [only] if !part.is_empty() => return Ok(names[*only].clone()),
            [] if free && yes(&format!("`{answer}` is not in the list. Use it all the same?"), false)? => {
                return Ok(answer);
            }
            [] => out::note(&format!("Nothing is called `{answer}`.")),
            _ => shown = narrowed,
        }
    }
}

/// Asks for a line that is not shown, not even what is typed as soon as the question stands. The keys are read one by
/// one: an interrupt must not leave the terminal mute.
pub(super) fn hidden_line(question: &str) -> Result<String, Failure> {
    let _hidden = Hidden::begin();
    out::prompt(question);
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        let read = rustix::io::retry_on_intr(|| rustix::io::read(std::io::stdin(), &mut byte));
        match (read.map_err(std::io::Error::from)?, byte[0]) {
            (0, _) | (_, b'\n' | b'\r') => break,
            (_, CTRL_D) if line.is_empty() => break,
            (_, CTRL_C) => return Err(Failure::new("Interrupted").code(INTERRUPTED)),
            (_, CTRL_U) => line.clear(),
            (_, BACKSPACE | DELETE) => while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            (_, other) => line.push(other),
        }
    }
    String::from_utf8(line).map_err(|_| Failure::new("The value is not UTF-8 text"))
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const DELETE: u8 = 127;

/// A terminal that shows nothing and hands over every key, until dropped.
struct Hidden(Option<rustix::termios::Termios>);

impl Hidden {
    fn begin() -> Self {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            // Without it the value is seen, and nothing else is wrong.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, before);
        }
    }
}
