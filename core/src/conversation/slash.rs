//! The words of a conversation that are not for the model: `/help` and its like. Reads them; does nothing.

use hermes_plugin_api::platform::SlashWord;

/// A word, what may stand behind it, what it asks for, and what it does, for `/help`.
type Word = (&'static str, &'static str, fn(Option<String>) -> Slash, &'static str);

/// The words. What takes nothing has an empty second part.
const WORDS: &[Word] = &[
    ("help", "", |_| Slash::Help, "list these words"),
    ("new", "", |_| Slash::New, "begin a new session"),
    ("reset", "", |_| Slash::New, "the same"),
    ("resume", "[NAME]", Slash::Resume, "go on with a session, by title or id; without a name, list the latest"),
    ("title", "[TITLE]", Slash::Title, "tell the session's title, or give it another"),
    ("history", "", |_| Slash::History, "show what was said last"),
    ("undo", "", |_| Slash::Undo, "take back your last message and what came of it"),
    ("retry", "", |_| Slash::Retry, "take it back and say it again"),
    ("compress", "", |_| Slash::Compress, "summarise what was said first, and go on with the summary"),
    ("usage", "", |_| Slash::Usage, "tell what the session cost"),
    ("rollback", "[list|N]", Slash::Rollback, "take back what tools changed in files in the last turn, or the last N"),
    ("approve", "[session|always]", Slash::Approve, "say yes to what is asked, this once or for longer"),
    ("deny", "[REASON]", Slash::Deny, "say no to it"),
    (
        "background",
        "[TEXT]",
        Slash::Background,
        "have something done in a session of its own; without text, list those",
    ),
    ("queue", "[TEXT]", Slash::Queue, "say something after what is running; without text, list what waits"),
    ("model", "[[PROVIDER] NAME]", Slash::Model, "tell which model answers, or have another answer from now on"),
    ("tools", "", |_| Slash::Tools, "list the tools that the model has"),
    ("plugins", "", |_| Slash::Plugins, "list the plugins that are on"),
    ("commands", "", |_| Slash::Commands, "list these words, and those of plugins"),
    ("status", "", |_| Slash::Status, "tell what is in force"),
    ("stop", "", |_| Slash::Stop, "stop what is running, and what waits behind it"),
    ("yolo", "", |_| Slash::Yolo, "switch asking before dangerous commands off or on, for this session"),
    ("quit", "", |_| Slash::Quit, "leave"),
];

/// What a person asks of the program itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slash {
    Approve(Option<String>),
    Background(Option<String>),
    Commands,
    Deny(Option<String>),
    Compress,
    Help,
    History,
    Model(Option<String>),
    New,
    Plugins,
    Queue(Option<String>),
    Quit,
    Resume(Option<String>),
    Retry,
    Rollback(Option<String>),
    Status,
    Stop,
    Title(Option<String>),
    Tools,
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

/// What a message is, where it is no message for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// One of these words.
    Known(Slash),
    /// One of these words, and what is wrong with it.
    Wrong(String),
    /// A word that a plugin may know.
    Other(String),
}

/// Reads a message. `None` is a message for the model; a path such as `/bin/ls` is one. Where clients keep `/` for
/// themselves, `!` does the same for words that there are.
pub(super) fn read(text: &str) -> Option<Read> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let found = |word: &str| WORDS.iter().find(|(name, ..)| *name == word);
    let word = word.strip_prefix('/').or_else(|| word.strip_prefix('!').filter(|word| found(word).is_some()))?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if !is_word {
        return None;
    }
    let Some((name, takes, slash, _)) = found(word) else { return Some(Read::Other(word.to_owned())) };
    Some(match Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty()) {
        Some(_) if takes.is_empty() => Read::Wrong(format!("`/{name}` takes nothing else")),
        rest => Read::Known(slash(rest)),
    })
}

/// What an answer to a prompt says by one of these words.
pub(super) fn answer(text: &str) -> Option<String> {
    match read(text)? {
        Read::Known(Slash::Approve(how)) => Some(how.unwrap_or_else(|| "once".into())),
        Read::Known(Slash::Deny(reason)) => Some(format!("deny {}", reason.unwrap_or_default())),
        _ => None,
    }
}

/// The words, for a person.
pub(super) fn help() -> String {
    let lines = WORDS.iter().map(|(name, takes, _, about)| format!("/{:<25}{about}", format!("{name} {takes}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// The words, for completion.
pub(super) fn words() -> Vec<SlashWord> {
    WORDS.iter().map(|(name, .., about)| SlashWord { name: (*name).into(), about: (*about).into() }).collect()
}

/// What to say of a word that nobody knows. `more` are those of others.
pub(super) fn unknown(word: &str, more: &[&str]) -> String {
    let near = |name: &str| strsim::jaro_winkler(name, word);
    let nearest =
        WORDS.iter().map(|(name, ..)| *name).chain(more.iter().copied()).max_by(|a, b| near(a).total_cmp(&near(b)));
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
        let known = |text: &str| match read(text) {
            Some(Read::Known(slash)) => Some(slash),
            _ => None,
        };
        assert_eq!(known("/help"), Some(Slash::Help));
        assert_eq!(known("  /yolo \n"), Some(Slash::Yolo));
        assert_eq!(known("!yolo"), Some(Slash::Yolo));
        assert_eq!(known("/title"), Some(Slash::Title(None)));
        assert_eq!(known("/title  my own  work "), Some(Slash::Title(Some("my own  work".into()))));
        for message in
            ["!", "!important", "! help", "!ls", "", "help", "/bin/ls -la", "/", "//", "/2", "ls /help", "/etc/"]
        {
            assert_eq!(read(message), None, "{message}");
        }
    }

    #[test]
    fn a_rollback_is_a_list_or_a_number_of_turns() {
        assert_eq!(read("/rollback 3"), Some(Read::Known(Slash::Rollback(Some("3".into())))));
        assert_eq!(rollback(None), Ok(Rollback::Turns(1)));
        assert_eq!(rollback(Some("3")), Ok(Rollback::Turns(3)));
        assert_eq!(rollback(Some("list")), Ok(Rollback::List));
        for wrong in ["0", "-1", "x", "1 2"] {
            assert!(rollback(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_suggests_the_nearest() {
        assert_eq!(read("/hlep me"), Some(Read::Other("hlep".into())));
        assert_eq!(unknown("hlep", &[]), "Unknown word `/hlep`: did you mean `/help`?");
        assert_eq!(unknown("pairng", &["pairing"]), "Unknown word `/pairng`: did you mean `/pairing`?");
        assert_eq!(unknown("xyzzy", &[]), "Unknown word `/xyzzy`: `/help` lists what there is");
        assert_eq!(read("/quit now"), Some(Read::Wrong("`/quit` takes nothing else".into())));
    }

    #[test]
    fn prompts_are_answered_by_words() {
        for (text, said) in [
            ("/approve", Some("once")),
            ("!approve session", Some("session")),
            ("/deny too risky", Some("deny too risky")),
            ("/status", None),
            ("yes", None),
        ] {
            assert_eq!(answer(text).as_deref(), said, "{text}");
        }
    }
}
