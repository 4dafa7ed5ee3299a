//! The words of a conversation that are not for the model: `/help` and its like. Reads them; does nothing.

use hermes_plugin_api::platform::SlashWord;

/// A word, what may stand behind it, what it asks for, and what it does, for `/help`.
type Word = (&'static str, &'static str, fn(Option<String>) -> Slash, &'static str);

/// The words. What takes nothing has an empty second part.
const WORDS: [Word; 14] = [
    ("help", "", |_| Slash::Help, "list these words"),
    ("new", "", |_| Slash::New, "begin a new session"),
    ("reset", "", |_| Slash::New, "the same"),
    ("resume", "[NAME]", Slash::Resume, "go on with a session, by title or id; without a name, list the latest"),
    ("title", "[TITLE]", Slash::Title, "tell the session's title, or give it another"),
    ("history", "", |_| Slash::History, "show what was said last"),
    ("undo", "", |_| Slash::Undo, "take back your last message and what came of it"),
    ("retry", "", |_| Slash::Retry, "take it back and say it again"),
    ("usage", "", |_| Slash::Usage, "tell what the session cost"),
    ("rollback", "[list|N]", Slash::Rollback, "take back what tools changed in files in the last turn, or the last N"),
    ("status", "", |_| Slash::Status, "tell what is in force"),
    ("stop", "", |_| Slash::Stop, "stop what is running, and what waits behind it"),
    ("yolo", "", |_| Slash::Yolo, "switch asking before dangerous commands off or on, for this session"),
    ("quit", "", |_| Slash::Quit, "leave"),
];

/// What a person asks of the program itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slash {
    Help,
    History,
    New,
    Quit,
    Resume(Option<String>),
    Retry,
    Rollback(Option<String>),
    Status,
    Stop,
    Title(Option<String>),
    Undo,
    Usage,
    Yolo,
}

/// What a person asks about files that tools changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rollback {
    /// Tell what can be taken back.
    List,
    /// Take back this many turns.
    Turns(usize),
}

/// Reads what stands behind `/rollback`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn rollback(what: Option<&str>) -> Result<Rollback, String> {
    let Some(what) = what else { return Ok(Rollback::Turns(1)) };
    match what.parse() {
        _ if what == "list" => Ok(Rollback::List),
        Ok(turns @ 1..) => Ok(Rollback::Turns(turns)),
        _ => Err(format!("`/rollback` takes `list` or a number of turns, not `{what}`")),
    }
}

/// Reads a message. `None` is a message for the model; a path such as `/bin/ls` is one.
///
/// # Errors
/// What is wrong with a word that is none, with the nearest.
pub(super) fn read(text: &str) -> Option<Result<Slash, String>> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = word.strip_prefix('/')?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if !is_word {
        return None;
    }
    let found = WORDS.iter().find(|(name, ..)| *name == word);
    let Some((name, takes, slash, _)) = found else { return Some(Err(unknown(word))) };
    let rest = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    match rest {
        Some(_) if takes.is_empty() => Some(Err(format!("`/{name}` takes nothing else"))),
        rest => Some(Ok(slash(rest))),
    }
}

/// The words, for a person.
pub(super) fn help() -> String {
    let lines = WORDS.iter().map(|(name, takes, _, about)| format!("/{:<15}{about}", format!("{name} {takes}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// The words, for completion.
pub(super) fn words() -> Vec<SlashWord> {
    WORDS.iter().map(|(name, .., about)| SlashWord { name: (*name).into(), about: (*about).into() }).collect()
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
        assert_eq!(read("/title"), Some(Ok(Slash::Title(None))));
        assert_eq!(read("/title  my own  work "), Some(Ok(Slash::Title(Some("my own  work".into())))));
        for message in ["", "help", "/bin/ls -la", "/", "//", "/2", "ls /help", "/etc/"] {
            assert_eq!(read(message), None, "{message}");
        }
    }

    #[test]
    fn a_rollback_is_a_list_or_a_number_of_turns() {
        assert_eq!(read("/rollback 3"), Some(Ok(Slash::Rollback(Some("3".into())))));
        assert_eq!(rollback(None), Ok(Rollback::Turns(1)));
        assert_eq!(rollback(Some("3")), Ok(Rollback::Turns(3)));
        assert_eq!(rollback(Some("list")), Ok(Rollback::List));
        for wrong in ["0", "-1", "x", "1 2"] {
            assert!(rollback(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_suggests_the_nearest() {
        assert_eq!(read("/hlep"), Some(Err("Unknown word `/hlep`: did you mean `/help`?".into())));
        assert_eq!(read("/xyzzy"), Some(Err("Unknown word `/xyzzy`: `/help` lists what there is".into())));
        assert_eq!(read("/quit now"), Some(Err("`/quit` takes nothing else".into())));
    }
}
