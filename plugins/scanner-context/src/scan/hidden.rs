//! Characters that a person does not see, where nothing needs them.
//!
//! A byte order mark, joiners inside emoji and scripts, direction marks in text that runs from right to left, and
//! flags made of tags are what these characters are for.

use super::Hit;

/// Finds runs of such characters.
pub(super) fn find(text: &str) -> Vec<Hit> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte) || b"\n\r\t\x0c".contains(&byte)) {
        return Vec::new();
    }
    let from_right = text.chars().any(is_from_right);
    let mut hits: Vec<Hit> = Vec::new();
    let mut before = None;
    let mut flag = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, after)| *after);
        flag = match c {
            '\u{1f3f4}' => true,
            '\u{e0020}'..='\u{e007e}' => flag && flag_ends(&text[at..]),
            _ => false,
        } || (c == '\u{e007f}' && before.is_some_and(is_tag));
        let fine = flag && is_tag(c) || is_needed(before, c, after, at, from_right);
        if is_suspect(c) && !fine {
            let span = at..at + c.len_utf8();
            match hits.last_mut().filter(|last| last.span.end == span.start) {
                Some(last) => last.span.end = span.end,
                None => hits.push(Hit { rule: "invisible-characters", title: "invisible characters", span }),
            }
        }
        before = Some(c);
    }
    hits
}

fn is_suspect(c: char) -> bool {
    matches!(c,
        '\0'..='\x08' | '\x0b' | '\x0e'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}'
        | '\u{180e}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{e0000}'..='\u{e007f}' | '\u{1d173}'..='\u{1d17a}')
}

fn is_needed(before: Option<char>, c: char, after: Option<char>, at: usize, from_right: bool) -> bool {
    let prior = before.unwrap_or(' ');
    match c {
        '\u{feff}' => at == 0,
        '\u{200c}' => joins(prior),
        '\u{200d}' => joins(prior) || (is_emoji(prior) && after.is_some_and(is_emoji)),
        '\u{200b}' => matches!(prior, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'),
        '\u{200e}' | '\u{200f}' | '\u{61c}' => from_right,
        '\u{fe00}'..='\u{fe0f}' => {
            !prior.is_ascii_alphabetic() && !prior.is_whitespace() && !is_suspect(prior) && !prior.is_control()
        }
        '\u{e0100}'..='\u{e01ef}' => {
            matches!(prior, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
        }
        '\u{115f}' | '\u{1160}' => matches!(prior, '\u{1100}'..='\u{11ff}'),
        '\u{3164}' | '\u{ffa0}' => false,
        '\u{85}' => true,
        _ => false,
    }
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{20e3}' | '\u{e007f}' | '©' | '®')
}

/// Letters of scripts in which joiners change what is written.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1a20}'..='\u{1aff}'
        | '\u{1b00}'..='\u{1c7f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{a980}'..='\u{aaff}' | '\u{abc0}'..='\u{abff}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{10fff}' | '\u{11000}'..='\u{11fff}')
        && c.is_alphanumeric()
            | matches!(c, '\u{94d}' | '\u{9cd}' | '\u{a4d}' | '\u{acd}' | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{dca}' | '\u{1039}' | '\u{64b}'..='\u{65f}' | '\u{93e}'..='\u{94c}')
}

fn is_from_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}') && c != '\u{61c}'
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Whether the tags from here make a flag: few letters, and the end.
fn flag_ends(rest: &str) -> bool {
    let mut tags =
        rest.chars().take(7).skip_while(|c| matches!(c, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}'));
    tags.next() == Some('\u{e007f}')
}
