//! Makes text harmless for a terminal: what would steer it is shown escaped. Line breaks and tabs stay.

/// Cleans a text that comes in pieces; a line break may be cut in two.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    returned: bool,
}

impl Cleaner {
    /// The next piece, cleaned. A carriage return becomes a line break: it cannot hide what it would overwrite.
    pub(crate) fn next(&mut self, piece: &str) -> String {
        let mut clean = String::with_capacity(piece.len());
        for c in piece.chars() {
            let after_return = std::mem::replace(&mut self.returned, c == '\r');
            match c {
                '\n' if after_return => {}
                '\r' => clean.push('\n'),
                c if steers(c) => escape(c, &mut clean),
                c => clean.push(c),
            }
        }
        clean
    }
}

/// A whole text, cleaned.
pub(crate) fn clean(text: &str) -> String {
    Cleaner::default().next(text)
}

/// Whether a character would steer a terminal or turn text around.
pub(crate) fn steers(c: char) -> bool {
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() && !matches!(c, '\n' | '\t') || reorders
}

fn escape(c: char, into: &mut String) {
    match u32::from(c) {
        byte @ 0..=0xff => into.push_str(&format!("\\x{byte:02x}")),
        _ => into.extend(c.escape_unicode()),
    }
}
