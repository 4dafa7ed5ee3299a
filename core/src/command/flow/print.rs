//! `echo` and `printf`.

use crate::command::text::{self, Text, unescape_echo};
use hermes_plugin_api::command::{Piece, Word};

/// What `echo` prints; unknown words stay unknown pieces.
pub(super) fn echo(arguments: &[Word]) -> Text {
    let mut rest = arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, after)) = rest.split_first() {
        let Some(known) = text::known(&first.pieces) else {
            break;
        };
        let Some(flags) = known.strip_prefix('-').filter(|f| !f.is_empty() && f.bytes().all(|b| b"neE".contains(&b)))
        else {
            break;
        };
        newline &= !flags.contains('n');
        if let Some(last) = flags.chars().rev().find(|c| matches!(c, 'e' | 'E')) {
            escapes = last == 'e';
        }
        rest = after;
    }
    let mut out = Text::new();
    for (at, word) in rest.iter().enumerate() {
        if at > 0 {
            text::push_str(&mut out, " ");
        }
        for piece in &word.pieces {
            match piece {
                Piece::Text(own) if escapes => {
                    let mut bytes = Vec::new();
                    let goes_on = unescape_echo(own, &mut bytes, true);
                    text::push_str(&mut out, &String::from_utf8_lossy(&bytes));
                    if !goes_on {
                        return out;
                    }
                }
                // A pattern that matches nothing is printed as it is.
                Piece::Glob(_) => out.push(text::unknown(hermes_plugin_api::command::Why::Unsupported, "")),
                other => text::push_piece(&mut out, other.clone()),
            }
        }
    }
    if newline {
        text::push_str(&mut out, "\n");
    }
    out
}

/// What `printf FORMAT ARG…` prints, if the format is known and uses nothing but `%s %b %d %c %q %%`.
pub(super) fn printf(arguments: &[Word]) -> Option<Text> {
    let arguments = match arguments.first() {
        Some(first) if text::known(&first.pieces).is_some_and(|first| first == "--") => &arguments[1..],
        _ => arguments,
    };
    let (format, mut rest) = arguments.split_first()?;
    let format = text::known(&format.pieces)?;
    if format.starts_with('-') && format.len() > 1 {
        return None;
    }
    let mut out = Text::new();
    loop {
        let before = rest.len();
        if !once(&format, &mut rest, &mut out)? || rest.is_empty() || rest.len() == before {
            return Some(out);
        }
    }
}

/// Applies the format once; false where `\c` ended the output.
fn once(format: &str, rest: &mut &[Word], out: &mut Text) -> Option<bool> {
    let mut sections = format.split('%');
    if !literal(sections.next()?, out) {
        return Some(false);
    }
    let mut after_percent = false;
    for section in sections {
        if after_percent {
            after_percent = false;
            text::push_str(out, "%");
            if !literal(section, out) {
                return Some(false);
            }
            continue;
        }
        let Some(conversion) = section.chars().next() else {
            after_percent = true;
            continue;
        };
        let word = rest.split_first().map(|(first, after)| {
            *rest = after;
            first
        });
        convert(conversion, word, out)?;
        if !literal(&section[conversion.len_utf8()..], out) {
            return Some(false);
        }
    }
    (!after_percent).then_some(true)
}

fn convert(conversion: char, word: Option<&Word>, out: &mut Text) -> Option<()> {
    let Some(word) = word else {
        if conversion == 'd' || conversion == 'i' {
            text::push_str(out, "0");
        }
        return matches!(conversion, 's' | 'b' | 'q' | 'd' | 'i' | 'c').then_some(());
    };
    match conversion {
        's' => {
            if word.pieces.iter().any(|piece| matches!(piece, Piece::Glob(_))) {
                return None;
            }
            text::push_all(out, &word.pieces);
        }
        'b' => {
            let known = text::known(&word.pieces)?;
            let mut bytes = Vec::new();
            if !unescape_echo(&known, &mut bytes, true) {
                return None;
            }
            text::push_str(out, &String::from_utf8_lossy(&bytes));
        }
        'd' | 'i' => {
            let number: i64 = text::known(&word.pieces)?.parse().ok()?;
            text::push_str(out, &number.to_string());
        }
        'c' => text::push_str(out, &text::known(&word.pieces)?.chars().take(1).collect::<String>()),
        _ => return None,
    }
    Some(())
}

fn literal(section: &str, out: &mut Text) -> bool {
    let mut bytes = Vec::new();
    let goes_on = unescape_echo(section, &mut bytes, false);
    text::push_str(out, &String::from_utf8_lossy(&bytes));
    goes_on
}
