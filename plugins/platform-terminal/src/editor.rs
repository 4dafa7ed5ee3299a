//! The line that a person edits: keys, history, search, completion. A window to `reedline`.
//!
//! It has the terminal for itself until the line is entered or somebody wants to show something.

use std::borrow::Cow;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossterm::event::{Event, KeyEvent};
use hermes_plugin_api::platform::{SlashWord, Status};
use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, DefaultHinter, EditCommand, Emacs, FileBackedHistory, Highlighter, KeyCode, KeyModifiers,
    MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus, Reedline, ReedlineEvent,
    ReedlineMenu, Signal, StyledText, ValidationResult, Validator, default_emacs_keybindings,
};

use unicode_width::UnicodeWidthStr as _;

use crate::clean::clean;
use crate::complete::Words;

/// Most lines that are remembered.
const REMEMBERED: usize = 10_000;
/// How soon somebody who wants to show something can.
const POLL: Duration = Duration::from_millis(40);
/// How many columns are left for what is typed.
const TYPED: usize = 30;
/// The name of the menu under Tab.
const MENU: &str = "words";

/// What the editor needs to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// What must be seen before the sign to write.
    pub(crate) status: String,
    /// What may be seen at the right where there is room.
    pub(crate) details: String,
    /// The words for the program itself.
    pub(crate) words: Vec<SlashWord>,
    /// Where what was typed is kept.
    pub(crate) history: Option<PathBuf>,
    /// The person's folder.
    pub(crate) home: Option<String>,
    /// Colours are wanted.
    pub(crate) coloured: bool,
}

impl Setup {
    /// Learns what changed.
    pub(crate) fn learn(&mut self, status: &Status) {
        let line = |text: &str| clean(text).replace(['\n', '\t'], " ");
        self.status = line(&status.text);
        self.details = line(&status.details);
        if !status.words.is_empty() {
            self.words.clone_from(&status.words);
        }
        if let Some(history) = &status.history {
            self.history = Some(PathBuf::from(history));
        }
    }
}

/// What came of editing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    /// A message.
    Line(String),
    /// Ctrl-C on an empty line.
    Interrupt,
    /// Ctrl-C on a line that is now gone.
    Cleared,
    /// Ctrl-D on an empty line.
    End,
    /// Somebody wants to show something; this is what stood there.
    Broken(String),
    /// This terminal cannot be edited on.
    Failed,
}

/// Has the person edit a line that begins with `draft`, until `stop` is set.
pub(crate) fn edit(setup: &Setup, draft: &str, stop: &Arc<AtomicBool>) -> Edited {
    let seen = Arc::new(Mutex::new(draft.to_owned()));
    let mut keys = default_emacs_keybindings();
    let offer = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(offer));
    let menu = Box::new(ColumnarMenu::default().with_name(MENU));
    let hint = if setup.coloured { Style::new().dimmed() } else { Style::new() };
    let mut line = Reedline::create()
        .with_ansi_colors(setup.coloured)
        .use_bracketed_paste(true)
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_completer(Box::new(Words::new(setup.words.clone(), setup.home.clone())))
        .with_menu(ReedlineMenu::EngineCompleter(menu))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_validator(Box::new(Backslash))
        .with_highlighter(Box::new(Harmless { seen: seen.clone() }))
        .with_history_exclusion_prefix(Some(" ".to_owned()))
        .with_poll_interval(POLL)
        .with_break_signal(stop.clone());
    if setup.coloured {
        line = line.with_hinter(Box::new(DefaultHinter::default().with_style(hint)));
    }
    if let Some(history) = setup.history.as_deref().and_then(|path| remembered(path).ok()) {
        line = line.with_history(Box::new(history));
    }
    if !draft.is_empty() {
        line.run_edit_commands(&[EditCommand::InsertString(draft.to_owned())]);
    }
    match line.read_line(&Sign(setup)) {
        Ok(Signal::Success(text)) => Edited::Line(text),
        Ok(Signal::CtrlD) => Edited::End,
        Ok(Signal::ExternalBreak(text)) => Edited::Broken(text),
        Ok(Signal::CtrlC) if seen.lock().unwrap_or_else(PoisonError::into_inner).is_empty() => Edited::Interrupt,
        Ok(_) => Edited::Cleared,
        Err(_) => Edited::Failed,
    }
}

/// What was typed after a line was entered, as a keyboard would send it.
pub(crate) fn ahead() -> Vec<u8> {
    let mut bytes = Vec::new();
    while crossterm::event::poll(Duration::ZERO).unwrap_or(false) {
        let Ok(event) = crossterm::event::read() else { break };
        match event {
            Event::Paste(text) => bytes.extend_from_slice(format!("\x1b[200~{text}\x1b[201~").as_bytes()),
            Event::Key(KeyEvent { code, modifiers, .. }) => match (code, modifiers) {
                (KeyCode::Char('d'), KeyModifiers::CONTROL) => bytes.push(0x04),
                (KeyCode::Char(c), modifiers) if !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                (KeyCode::Enter, KeyModifiers::NONE) => bytes.push(b'\n'),
                (KeyCode::Backspace, _) => bytes.push(0x7f),
                _ => {}
            },
            _ => {}
        }
    }
    bytes
}

/// The history in a file that is its owner's alone.
fn remembered(path: &Path) -> std::io::Result<FileBackedHistory> {
    let file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    FileBackedHistory::with_file(REMEMBERED, path.to_owned()).map_err(std::io::Error::other)
}

/// A backslash at the end says that the message goes on.
struct Backslash;

impl Validator for Backslash {
    fn validate(&self, line: &str) -> ValidationResult {
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        match backslashes % 2 {
            1 => ValidationResult::Incomplete,
            _ => ValidationResult::Complete,
        }
    }
}

/// Shows what was typed or pasted without what would steer the terminal, in as many bytes.
struct Harmless {
    seen: Arc<Mutex<String>>,
}

impl Highlighter for Harmless {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        line.clone_into(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let mut text = StyledText::new();
        text.push((Style::new(), harmless(line)));
        text
    }
}

fn harmless(line: &str) -> String {
    let plain = |c: char| match (c, c.len_utf8()) {
        ('\n', _) => '\n',
        _ if !crate::clean::steers(c) => c,
        (_, 1) => '?',
        (_, 2) => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    line.chars().map(plain).collect()
}

/// As many parts of a text as there is room for, the last first.
fn fitting(details: &str, room: usize) -> &str {
    let mut rest = details;
    while rest.width() > room {
        rest = rest.split_once(" · ").map_or("", |(_, rest)| rest);
    }
    rest
}

/// What stands before the line.
struct Sign<'a>(&'a Setup);

impl Prompt for Sign<'_> {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        match self.0.status.as_str() {
            "" => Cow::Borrowed(""),
            status => Cow::Owned(format!("{status} ")),
        }
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed(fitting(&self.0.details, crate::columns().saturating_sub(TYPED)))
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("❯ ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("· ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let found = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "nothing like ",
        };
        Cow::Owned(format!("(search: {found}{}) ", clean(&search.term)))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Yellow
    }

    fn get_indicator_color(&self) -> Color {
        Color::Cyan
    }

    fn get_prompt_multiline_color(&self) -> Color {
        Color::Cyan
    }

    fn get_prompt_right_color(&self) -> Color {
        Color::DarkGray
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_at_the_end_goes_on() {
        let goes_on = |line: &str| matches!(Backslash.validate(line), ValidationResult::Incomplete);
        assert!(goes_on("a\\") && goes_on("a\\\nb\\") && !goes_on("a\\\\") && !goes_on("a") && !goes_on(""));
    }

    #[test]
    fn what_stands_at_the_right_is_as_much_as_fits() {
        let details = "Tïtle 漢字 · model · 12.3k tokens · 8% of context";
        for (room, fits) in
            [(80, details), (46, "model · 12.3k tokens · 8% of context"), (20, "8% of context"), (3, "")]
        {
            assert_eq!(fitting(details, room), fits);
        }
    }

    #[test]
    fn what_is_shown_steers_nothing_and_is_as_long() {
        let text = "a\u{1b}[2J\u{9b}b\u{202e}\nc\t漢";
        let shown = harmless(text);
        assert_eq!(shown, "a?[2J¿b\u{fffd}\nc\t漢");
        assert_eq!(shown.len(), text.len());
    }
}
