//! The words of a conversation that are not for the model: `/help` and its like. Reads them; does nothing.

/// A word and what it does, for `/help`.
const WORDS: [(&str, Slash, &str); 6] = [
    ("help", Slash::Help, "list these words"),
    ("new", Slash::New, "begin a new session"),
    ("status", Slash::Status, "tell what is in force"),
    ("stop", Slash::Stop, "stop what is running, and what waits behind it"),
    ("yolo", Slash::Yolo, "switch asking before dangerous commands off or on, for this session"),
    ("quit", Slash::Quit, "leave"),
];

/// What a person asks of the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slash {
    Help,
    New,
    Status,
    Stop,
    Yolo,
    Quit,
}

/// Reads a message. `None` is a message for the model; a path such as `/bin/ls` is one.
///
/// # Errors
/// What is wrong with a word that is none, with the nearest.
pub(super) fn read(text: &str) -> Option<Result<Slash, String>> {
    let mut words = text.split_whitespace();
    let word = words.next()?.strip_prefix('/')?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if !is_word {
        return None;
    }
    let found = WORDS.iter().find(|(name, ..)| *name == word);
    let Some((name, slash, _)) = found else { return Some(Err(unknown(word))) };
    match words.next() {
        Some(_) => Some(Err(format!("`/{name}` takes nothing else"))),
        None => Some(Ok(*slash)),
    }
}

/// The words, for a person.
pub(super) fn help() -> String {
    let lines = WORDS.iter().map(|(name, _, about)| format!("/{name:<8}{about}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn unknown(word: &str) -> String {
    let near = |name: &str| strsim::jaro_winkler(name, word);
    let nearest = WORDS.iter().map(|(name, ..)| *name).max_by(|a, b| near(a).total_cmp(&near(b)));
    match nearest.filter(|name| near(name) > 0.7) {
        Some(nearest) => format!("Unknown word `/{word}`: did you mean `/{nearest}`?"),
        None => format!("Unknown word `/{word}`: `/help` lists what there is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_paths_are_not_words() {
        assert_eq!(read("/help"), Some(Ok(Slash::Help)));
        assert_eq!(read("  /yolo \n"), Some(Ok(Slash::Yolo)));
        for message in ["", "help", "/bin/ls -la", "/", "//", "/2", "ls /help", "/etc/"] {
            assert_eq!(read(message), None, "{message}");
        }
    }

    #[test]
    fn what_is_not_known_suggests_the_nearest() {
        assert_eq!(read("/hlep"), Some(Err("Unknown word `/hlep`: did you mean `/help`?".into())));
        assert_eq!(read("/xyzzy"), Some(Err("Unknown word `/xyzzy`: `/help` lists what there is".into())));
        assert_eq!(read("/quit now"), Some(Err("`/quit` takes nothing else".into())));
    }
}
