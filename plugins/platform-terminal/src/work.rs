//! The tool calls that run: what is told of them, and the line that says that they still do.
//!
//! That line stands alone below everything else, and is gone before anything else is written.

use std::time::{Duration, Instant};

use hermes_plugin_api::platform::{Call, Ended};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::clean::clean;
use crate::clock;
use crate::style::{Style, Tone};

/// How often the line moves.
pub(crate) const PACE: Duration = Duration::from_millis(120);
/// Who waits shorter is not told that they wait.
const SOON: Duration = Duration::from_millis(400);
/// Most calls that are followed.
const CALLS: usize = 64;
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What is going on.
#[derive(Debug, Default)]
pub(crate) struct Work {
    calls: Vec<Running>,
    frame: usize,
    /// When something was shown last.
    last: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    id: String,
    title: String,
    since: Instant,
    /// That it began stands on the screen.
    told: bool,
}

impl Work {
    /// A call begins.
    pub(crate) fn begin(&mut self, call: &Call) {
        let (id, title) = (call.id.clone(), title(call));
        if self.calls.len() < CALLS {
            self.calls.push(Running { id, title, since: clock::now(), told: false });
        }
    }

    /// A call ended. Returns whether that it began was told.
    pub(crate) fn end(&mut self, id: &str) -> bool {
        let at = self.calls.iter().position(|running| running.id == id);
        at.is_some_and(|at| self.calls.remove(at).told)
    }

    /// Nothing runs any more.
    pub(crate) fn over(&mut self) {
        *self = Self::default();
    }

    /// Something was shown.
    pub(crate) fn shown(&mut self) {
        self.last = Some(clock::now());
    }

    /// The calls of which nothing was told yet. From now on they are told.
    pub(crate) fn untold(&mut self) -> Vec<String> {
        let untold = self.calls.iter_mut().filter(|running| !running.told);
        untold.map(|running| (running.told = true, running.title.clone()).1).collect()
    }

    /// The line, as it is now, in so many columns; `None` while there is nothing to say.
    pub(crate) fn line(&mut self, columns: usize, style: Style) -> Option<String> {
        let now = clock::now();
        let (title, since) = match self.calls.first() {
            Some(oldest) if self.calls.len() == 1 => (oldest.title.clone(), oldest.since),
            Some(oldest) => (format!("{}  and {} more", oldest.title, self.calls.len() - 1), oldest.since),
            None => ("thinking".to_owned(), *self.last.get_or_insert(now)),
        };
        let elapsed = now.saturating_duration_since(since);
        if elapsed < SOON && self.calls.is_empty() {
            return None;
        }
        self.frame = (self.frame + 1) % FRAMES.len();
        let took = format!("  {}s", elapsed.as_secs());
        let took = if elapsed.as_secs() < 60 { took } else { format!("  {}", long(elapsed)) };
        // The last column stays free: a terminal moves on when it is written to.
        let room = columns.saturating_sub(3 + took.len());
        let line = format!("{}{took}", cut(&title, room));
        let frame = style.paint(Tone::Own, FRAMES[self.frame]);
        Some(format!("{frame} {}", style.paint(Tone::Quiet, &line)))
    }
}

/// How a call ended, in one line. One that was told before is cut to the window.
pub(crate) fn ended(call: &Call, ended: &Ended, columns: Option<usize>, style: Style) -> String {
    let code = ended.exit_code.filter(|code| *code != 0);
    let mark = match ended.failed || code.is_some() {
        true => style.paint(Tone::Bad, "✗"),
        false => style.paint(Tone::Good, "✓"),
    };
    let code = code.map(|code| format!("  exit {code}")).unwrap_or_default();
    let elapsed = Duration::from_millis(ended.elapsed_ms);
    let took = match elapsed.as_secs() {
        0..60 => format!("  {:.1}s", elapsed.as_secs_f32()),
        _ => format!("  {}", long(elapsed)),
    };
    let title = title(call);
    let title = match columns {
        Some(columns) => cut(&title, columns.saturating_sub(2 + code.len() + took.len())),
        None => title,
    };
    let (code, took) = (style.paint(Tone::Bad, &code), style.paint(Tone::Quiet, &took));
    match line(&ended.why) {
        why if why.is_empty() => format!("{mark} {title}{code}{took}"),
        why => format!("{mark} {title}{code}{took}\n  {}", style.paint(Tone::Bad, &why)),
    }
}

fn title(call: &Call) -> String {
    match call.about.trim() {
        "" => line(&call.name),
        about => format!("{}  {}", line(&call.name), line(about)),
    }
}

/// A text as one line.
fn line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ").trim().to_owned()
}

fn long(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds / 3600 {
        0 => format!("{}m {}s", seconds / 60, seconds % 60),
        hours => format!("{hours}h {}m", seconds % 3600 / 60),
    }
}

/// The beginning of a text, no wider than there is room.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    // The sign that something is missing takes one.
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= room
    };
    let kept: String = text.chars().take_while(fits).collect();
    if room == 0 { kept } else { format!("{kept}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(about: &str) -> Call {
        Call { id: "1".into(), name: "terminal".into(), about: about.into(), ended: None }
    }

    fn end(elapsed_ms: u64, failed: bool, exit_code: Option<i64>, columns: Option<usize>) -> String {
        ended(
            &call("cargo test"),
            &Ended { elapsed_ms, failed, exit_code, ..Ended::default() },
            columns,
            Style::plain(),
        )
    }

    #[test]
    fn how_a_call_ended_is_one_line() {
        assert_eq!(end(3_210, false, Some(0), None), "✓ terminal  cargo test  3.2s");
        assert_eq!(end(72_000, false, None, None), "✓ terminal  cargo test  1m 12s");
        assert_eq!(end(100, false, Some(1), None), "✗ terminal  cargo test  exit 1  0.1s");
        assert_eq!(end(100, true, None, None), "✗ terminal  cargo test  0.1s");
        assert_eq!(end(3_210, false, None, Some(20)), "✓ terminal  c…  3.2s");
        assert_eq!(end(3_210, false, None, Some(1)), "✓   3.2s");
        let why = Ended { failed: true, why: "No\nfile \u{1b}[2J".into(), ..Ended::default() };
        assert_eq!(ended(&call("x"), &why, None, Style::plain()), "✗ terminal  x  0.0s\n  No file \\x1b[2J");
    }

    #[test]
    fn what_runs_is_said_in_one_line_that_fits() {
        let mut work = Work::default();
        assert_eq!(work.line(80, Style::plain()), None, "who waits shortly is not told");
        work.begin(&call("cargo test\n\u{1b}[2J漢字漢字"));
        let line = work.line(80, Style::plain()).expect("one");
        assert_eq!(line, "⠙ terminal  cargo test \\x1b[2J漢字漢字  0s");
        work.begin(&call("ls"));
        assert!(work.line(80, Style::plain()).expect("one").contains("and 1 more"));
        for columns in 0..60 {
            let line = work.line(columns, Style::plain()).expect("one");
            assert!(line.width() < columns.max(7), "{columns}: {line:?}");
        }
        assert_eq!(work.untold().len(), 2);
        assert!(work.untold().is_empty() && work.end("1") && !work.end("other"));
    }
}
