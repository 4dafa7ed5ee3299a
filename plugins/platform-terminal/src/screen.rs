//! What the person sees. Answers go to standard output, everything else to standard error, so that a piped
//! answer is the answer alone. Everything is flushed at once: what a plugin leaves in its buffers is lost.

use std::io::{self, Write};

use hermes_plugin_api::platform::{Body, Call, Prompt};

use crate::clean::{Cleaner, clean};
use crate::markdown::{self, Markdown};
use crate::style::{Style, Tone};
use crate::work::{self, Work};

/// Longest output of a command that is remembered to keep an answer from repeating it, in bytes.
const REMEMBERED: usize = 64 * 1024;

/// How wide a terminal is that does not say so.
pub(crate) const COLUMNS: usize = 80;

/// Where is what connected.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wiring {
    /// Somebody types at a terminal.
    pub(crate) typed: bool,
    /// Standard output is a terminal.
    pub(crate) out: bool,
    /// Standard error is a terminal.
    pub(crate) err: bool,
}

/// The two streams, and what stands on them.
pub(crate) struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    wiring: Wiring,
    style: Style,
    /// How wide the terminal is now.
    columns: Option<fn() -> usize>,
    /// The last character written to each was a line break.
    fresh: [bool; 2],
    /// What was streamed of the message that is being written.
    streamed: String,
    /// How that is drawn, where it is drawn at all.
    drawing: Option<Markdown>,
    cleaner: Cleaner,
    /// The output of the last command, as far as it was shown.
    output: String,
    output_over: bool,
    status: String,
    /// An editor draws the sign to write, and what runs is shown while it does.
    edited: bool,
    work: Work,
    /// The line that says what runs is on the screen.
    spun: bool,
}

#[derive(Clone, Copy)]
enum To {
    Out = 0,
    Err = 1,
}

impl Screen {
    pub(crate) fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, wiring: Wiring, style: Style) -> Self {
        Self {
            out,
            err,
            wiring,
            style,
            columns: None,
            fresh: [true, true],
            streamed: String::new(),
            drawing: None,
            cleaner: Cleaner::default(),
            output: String::new(),
            output_over: false,
            status: String::new(),
            edited: false,
            work: Work::default(),
            spun: false,
        }
    }

    /// Asks here how wide the terminal is.
    pub(crate) fn measured(mut self, columns: fn() -> usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Shows something.
    pub(crate) fn show(&mut self, body: &Body) -> io::Result<()> {
        if !matches!(body, Body::Delta { .. } | Body::MessageEnd { .. } | Body::Message { .. } | Body::Status(_)) {
            self.hold_nothing()?;
        }
        match body {
            Body::Delta { text } => self.delta(text),
            Body::MessageEnd { text } | Body::Message { text } => self.message(text),
            Body::Activity { text, call } => {
                self.streamed.clear();
                self.output_over = true;
                match call {
                    Some(call) if self.style.can_move() && self.wiring.err => self.call(call),
                    _ => self.line(Tone::Quiet, &clean(text)),
                }
            }
            Body::ToolOutput { text, diff } => self.tool_output(text, *diff),
            Body::Notice { text } => self.line(Tone::Loud, &clean(text)),
            Body::Prompt(prompt) => self.prompt(prompt),
            Body::PromptEnd { outcome, .. } => match outcome.is_empty() {
                true => self.fresh_line(To::Err),
                false => self.line(Tone::Quiet, &clean(outcome)),
            },
            Body::TurnEnd => self.turn_end(),
            Body::Status(status) => {
                self.status = clean(&status.text);
                Ok(())
            }
        }
    }

    /// The person ended a line: the terminal has moved on.
    pub(crate) fn entered(&mut self) {
        if self.wiring.typed {
            self.fresh = [true, true];
        }
    }

    /// Whether a line can be edited here: keys come from a terminal, and everything is drawn on one.
    pub(crate) fn can_edit(&self) -> bool {
        self.wiring.typed && self.wiring.out && self.wiring.err && self.style.can_move()
    }

    /// Whether an editor draws the sign to write.
    pub(crate) fn edited(&mut self, edited: bool) {
        self.edited = edited;
    }

    /// Takes the line that was being edited off the screen, or leaves it and goes on below.
    pub(crate) fn withdraw(&mut self, is_empty: bool) {
        let _ = self.write(To::Err, if is_empty { "\r\x1b[J" } else { "\n\x1b[J" });
        self.entered();
    }

    /// Has the terminal say what was pasted, or not.
    pub(crate) fn pasting(&mut self, told: bool) {
        let fresh = self.fresh;
        let _ = self.write(To::Err, if told { "\x1b[?2004h" } else { "\x1b[?2004l" });
        self.fresh = fresh;
    }

    /// Shows a line that was typed while something runs.
    pub(crate) fn queued(&mut self, text: &str) -> io::Result<()> {
        let text = clean(text.trim());
        match text.is_empty() {
            true => Ok(()),
            false if text.starts_with('/') => self.line(Tone::Quiet, &format!("❯ {text}")),
            false => self.line(Tone::Quiet, &format!("❯ {text}  (queued)")),
        }
    }

    /// Ends the line that was begun.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        self.stop_spinning()?;
        self.fresh_line(To::Err)
    }

    fn delta(&mut self, text: &str) -> io::Result<()> {
        if self.streamed.is_empty() {
            self.begin()?;
        }
        self.streamed.push_str(text);
        self.answer(text)
    }

    /// Ends the message that was streamed, or writes one that was not.
    fn message(&mut self, text: &str) -> io::Result<()> {
        let streamed = std::mem::take(&mut self.streamed);
        match rest_after(text, &streamed) {
            Some(rest) => self.answer(rest)?,
            None => {
                self.hold_nothing()?;
                self.begin()?;
                let text = self.unseen(text).to_owned();
                self.answer(&text)?;
            }
        }
        self.hold_nothing()?;
        self.drawing = None;
        self.fresh_line(To::Out)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.fresh_line(To::Out)?;
        self.cleaner = Cleaner::default();
        self.drawing = self.draws().then(|| Markdown::new(self.style.is_coloured()));
        Ok(())
    }

    /// A piece of an answer.
    fn answer(&mut self, text: &str) -> io::Result<()> {
        let text = self.cleaner.next(text);
        let columns = self.columns();
        let text = self.drawing.as_mut().map(|drawing| drawing.next(&text, columns)).unwrap_or(text);
        self.write(To::Out, &text)
    }

    /// Draws what of an answer was held back.
    fn hold_nothing(&mut self) -> io::Result<()> {
        let columns = self.columns();
        let rest = self.drawing.as_mut().map(|drawing| drawing.rest(columns)).unwrap_or_default();
        self.write(To::Out, &rest)
    }

    /// Whether answers are drawn: into a pipe, or on a terminal that can do little, they go as they are.
    fn draws(&self) -> bool {
        self.wiring.out && self.style.can_move()
    }

    fn columns(&self) -> usize {
        self.columns.map_or(COLUMNS, |columns| columns())
    }

    /// The text without the output of the last command, where the person has that before their eyes already.
    fn unseen<'a>(&self, text: &'a str) -> &'a str {
        let watched = self.wiring.out && self.wiring.err;
        let rest = rest_after(text, self.output.trim_end())
            .filter(|rest| watched && (rest.is_empty() || rest.starts_with('\n')));
        rest.map_or(text, |rest| rest.trim_start_matches('\n'))
    }

    /// A tool call begins or ends. That it began is said by the line that moves, where there is one, and for good
    /// before something else is.
    fn call(&mut self, call: &Call) -> io::Result<()> {
        let Some(ended) = &call.ended else {
            self.work.begin(call);
            return if self.edited { self.spin() } else { self.tell() };
        };
        let columns = self.work.end(&call.id).then(|| self.columns());
        self.fresh_line(To::Err)?;
        let line = work::ended(call, ended, columns, self.style);
        self.write(To::Err, &format!("{line}\n"))
    }

    /// Says for good which calls run.
    fn tell(&mut self) -> io::Result<()> {
        let untold = self.work.untold();
        for title in untold {
            self.line(Tone::Quiet, &format!("  {title}"))?;
        }
        Ok(())
    }

    /// Shows what runs, in a line that is gone before anything else is written.
    pub(crate) fn spin(&mut self) -> io::Result<()> {
        if !self.edited || self.fresh != [true, true] {
            return Ok(());
        }
        let Some(line) = self.work.line(self.columns(), self.style) else { return Ok(()) };
        self.spun = true;
        self.err.write_all(format!("\r{line}\x1b[K").as_bytes())?;
        self.err.flush()
    }

    fn stop_spinning(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.spun) {
            true => self.err.write_all(b"\r\x1b[K"),
            false => Ok(()),
        }
    }

    /// Output as it comes is for people who watch: into a file go only answers, notices and what was done.
    fn tool_output(&mut self, text: &str, diff: bool) -> io::Result<()> {
        if !self.wiring.err {
            return Ok(());
        }
        if self.edited {
            self.tell()?;
        }
        if std::mem::take(&mut self.output_over) {
            self.output.clear();
            self.cleaner = Cleaner::default();
            self.fresh_line(To::Err)?;
        }
        if self.output.len() <= REMEMBERED {
            self.output.push_str(text);
        }
        let mut text = self.cleaner.next(text);
        if diff {
            let changes = text.split_inclusive('\n').map(|line| match line.strip_suffix('\n') {
                Some(line) => format!("{}\n", self.style.paint_change(line)),
                None => self.style.paint_change(line),
            });
            text = changes.collect();
        }
        self.write(To::Err, &text)
    }

    fn prompt(&mut self, prompt: &Prompt) -> io::Result<()> {
        self.fresh_line(To::Err)?;
        if self.edited {
            self.tell()?;
        }
        self.write(To::Err, &clean(&prompt.text))?;
        self.fresh_line(To::Err)?;
        self.write(To::Err, &clean(&prompt.question))?;
        if !prompt.question.ends_with(' ') {
            self.write(To::Err, " ")?;
        }
        Ok(())
    }

    fn turn_end(&mut self) -> io::Result<()> {
        self.streamed.clear();
        self.output.clear();
        self.work.over();
        self.stop_spinning()?;
        self.fresh_line(To::Err)?;
        if self.edited || !self.wiring.typed || !self.wiring.err {
            return Ok(());
        }
        let status = self.status.clone();
        if !status.is_empty() {
            let status = self.style.paint(Tone::Loud, &status);
            self.write(To::Err, &format!("{status} "))?;
        }
        let sign = self.style.paint(Tone::Own, "❯");
        self.write(To::Err, &format!("{sign} "))
    }

    fn line(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.fresh_line(To::Err)?;
        let text = match self.wiring.err && self.style.can_move() {
            true => text.lines().map(|line| markdown::wrapped(line, self.columns()) + "\n").collect(),
            false => text.to_owned(),
        };
        for line in text.lines() {
            let line = self.style.paint(tone, line);
            self.write(To::Err, &format!("{line}\n"))?;
        }
        Ok(())
    }

    /// Goes to the start of a line. Two streams that end on the same terminal share its cursor.
    fn fresh_line(&mut self, to: To) -> io::Result<()> {
        let shared = self.wiring.out && self.wiring.err;
        let fresh = if shared { self.fresh[0] && self.fresh[1] } else { self.fresh[to as usize] };
        if fresh { Ok(()) } else { self.write(to, "\n") }
    }

    fn write(&mut self, to: To, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.stop_spinning()?;
        self.work.shown();
        let stream = match to {
            To::Out => &mut self.out,
            To::Err => &mut self.err,
        };
        stream.write_all(text.as_bytes())?;
        stream.flush()?;
        let fresh = text.ends_with('\n');
        match self.wiring.out && self.wiring.err {
            true => self.fresh = [fresh, fresh],
            false => self.fresh[to as usize] = fresh,
        }
        Ok(())
    }
}

/// What follows `shown` in a text that begins with it; blanks alone are nothing.
fn rest_after<'a>(text: &'a str, shown: &str) -> Option<&'a str> {
    let trimmed = Some(shown.trim_end()).filter(|shown| !shown.is_empty())?;
    let rest = text.strip_prefix(shown).or_else(|| text.strip_prefix(trimmed))?;
    Some(if rest.trim().is_empty() { "" } else { rest })
}
