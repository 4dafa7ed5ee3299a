//! Colours, where they are wanted.

/// How something is said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    /// In passing.
    Quiet,
    /// To be noticed.
    Loud,
    /// By the program itself.
    Own,
    /// It went well; it was added.
    Good,
    /// It went wrong; it was taken away.
    Bad,
}

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    coloured: bool,
    /// The terminal understands more than text.
    able: bool,
}

impl Style {
    /// Colours on a terminal that has them, unless the person said otherwise.
    #[expect(clippy::disallowed_methods, reason = "facts of the terminal that this plugin owns")]
    pub(crate) fn of_terminal(is_terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let unable = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        Self { coloured: is_terminal && !unwanted && !unable, able: !unable }
    }

    /// Whether colours are wanted.
    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    /// Whether the cursor can be moved.
    pub(crate) fn can_move(self) -> bool {
        self.able
    }

    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { coloured: false, able: false }
    }

    #[cfg(test)]
    pub(crate) fn able() -> Self {
        Self { coloured: false, able: true }
    }

    #[cfg(test)]
    pub(crate) fn coloured() -> Self {
        Self { coloured: true, able: true }
    }

    /// A line of a diff, by how it begins.
    pub(crate) fn paint_change(self, line: &str) -> String {
        match line.as_bytes() {
            [b'+', b'+', b'+', b' ', ..] | [b'-', b'-', b'-', b' ', ..] => self.paint(Tone::Quiet, line),
            [b'+', ..] => self.paint(Tone::Good, line),
            [b'-', ..] => self.paint(Tone::Bad, line),
            [b'@', b'@', ..] => self.paint(Tone::Own, line),
            _ => line.to_owned(),
        }
    }

    /// The text in a tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Quiet => "2",
            Tone::Loud => "33",
            Tone::Own => "36",
            Tone::Good => "32",
            Tone::Bad => "31",
        };
        match self.coloured && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}
