//! The sessions on a screen of their own: arrows choose, Enter goes on, `/` looks for words. The terminal is given
//! back as it was, however this ends.

use std::io::{Write, stderr};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{cursor, execute, queue};

use super::{View, page, told};
use crate::error::Failure;
use crate::session::sessions::Sessions;
use crate::session::store::list::Summary;

/// Lines above and below the list.
const AROUND: usize = 3;

/// Lets a person choose. Returns the session's id, or `None` where they chose none.
///
/// # Errors
/// When the store or the terminal fails.
pub(super) fn choose(sessions: &Sessions, view: View) -> Result<Option<String>, Failure> {
    let _screen = Screen::take()?;
    let mut list = List { sessions, view, rows: 0, page: Vec::new(), more: false, at: 0, typed: None };
    list.load()?;
    loop {
        list.draw(&mut stderr())?;
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match list.press(key)? {
                Pressed::Go(id) => return Ok(Some(id)),
                Pressed::Leave => return Ok(None),
                Pressed::Stay => {}
            },
            Event::Resize(..) => list.load()?,
            _ => {}
        }
    }
}

/// The terminal, while it is ours.
struct Screen;

impl Screen {
    fn take() -> Result<Self, Failure> {
        enable_raw_mode()?;
        let screen = Self;
        execute!(stderr(), EnterAlternateScreen, DisableLineWrap, cursor::Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(stderr(), cursor::Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

enum Pressed {
    Go(String),
    Leave,
    Stay,
}

struct List<'a> {
    sessions: &'a Sessions,
    view: View,
    /// How many sessions fit.
    rows: usize,
    page: Vec<Summary>,
    more: bool,
    at: usize,
    /// The words that are being typed.
    typed: Option<String>,
}

impl List<'_> {
    fn load(&mut self) -> Result<(), Failure> {
        let (_, rows) = size()?;
        self.rows = usize::from(rows).saturating_sub(AROUND).max(1);
        self.page = page(self.sessions, &self.view, self.rows)?;
        self.more = self.page.len() > self.rows;
        self.page.truncate(self.rows);
        self.at = self.at.min(self.page.len().saturating_sub(1));
        Ok(())
    }

    fn press(&mut self, key: KeyEvent) -> Result<Pressed, Failure> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'd')) {
            return Ok(Pressed::Leave);
        }
        if let Some(typed) = &mut self.typed {
            match key.code {
                KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => typed.push(c),
                KeyCode::Backspace => drop(typed.pop()),
                KeyCode::Esc => self.typed = None,
                KeyCode::Enter => {
                    self.view.words = self.typed.take().map(|words| words.trim().to_owned()).filter(|w| !w.is_empty());
                    self.turn_to(0)?;
                }
                _ => {}
            }
            return Ok(Pressed::Stay);
        }
        let last = self.page.len().saturating_sub(1);
        match key.code {
            KeyCode::Enter => {
                return Ok(self.page.get(self.at).map_or(Pressed::Stay, |one| Pressed::Go(one.id.clone())));
            }
            KeyCode::Char('q') | KeyCode::Esc => return Ok(Pressed::Leave),
            KeyCode::Char('/') => self.typed = Some(self.view.words.clone().unwrap_or_default()),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = last,
            KeyCode::Up | KeyCode::Char('k') if self.at > 0 => self.at -= 1,
            KeyCode::Down | KeyCode::Char('j') if self.at < last => self.at += 1,
            KeyCode::Up | KeyCode::Char('k' | 'p') | KeyCode::PageUp if self.view.skip > 0 => {
                let up = matches!(key.code, KeyCode::Up | KeyCode::Char('k'));
                self.turn_to(self.view.skip.saturating_sub(self.rows))?;
                self.at = if up { self.page.len().saturating_sub(1) } else { 0 };
            }
            KeyCode::Down | KeyCode::Char('j' | 'n') | KeyCode::PageDown if self.more => {
                self.turn_to(self.view.skip + self.rows)?;
            }
            _ => {}
        }
        Ok(Pressed::Stay)
    }

    fn turn_to(&mut self, skip: usize) -> Result<(), Failure> {
        self.view.skip = skip;
        self.at = 0;
        self.load()
    }

    fn draw(&self, out: &mut impl Write) -> std::io::Result<()> {
        let about = match &self.view.words {
            Some(words) => format!("Sessions in which `{words}` was said"),
            None => "Sessions, the latest first".to_owned(),
        };
        queue!(out, cursor::MoveTo(0, 0), Clear(ClearType::All), SetAttribute(Attribute::Bold), Print(plain(&about)))?;
        queue!(out, SetAttribute(Attribute::Reset))?;
        for (row, summary) in self.page.iter().enumerate() {
            queue!(out, cursor::MoveTo(0, u16::try_from(row + 1).unwrap_or(u16::MAX)))?;
            // The sign is for terminals, and eyes, that tell no colours apart.
            let sign = if row == self.at { '❯' } else { ' ' };
            if row == self.at {
                queue!(out, SetAttribute(Attribute::Reverse))?;
            }
            queue!(out, Print(format!("{sign} {}", told(summary))), SetAttribute(Attribute::Reset))?;
        }
        if self.page.is_empty() {
            queue!(out, cursor::MoveTo(2, 1), Print("There are no such sessions."))?;
        }
        let below = u16::try_from(self.rows + 2).unwrap_or(u16::MAX);
        queue!(out, cursor::MoveTo(0, below), Print(self.foot()))?;
        out.flush()
    }

    fn foot(&self) -> String {
        match &self.typed {
            Some(typed) => format!("/{}", plain(typed)),
            None => {
                let more = if self.more { " · n next" } else { "" };
                let back = if self.view.skip > 0 { " · p previous" } else { "" };
                format!("↑↓ choose · Enter go on{more}{back} · / words · q leave")
            }
        }
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
