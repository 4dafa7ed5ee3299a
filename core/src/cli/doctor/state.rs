//! What the home keeps: sessions, the audit log, notes.

use hermes_plugin_api::notes::Notes;

use super::{Check, told};
use crate::config::home::Home;
use crate::guard::audit::verify;
use crate::notes::Notebook;
use crate::session::sessions::Sessions;

pub(super) fn sessions(home: &Home) -> Check {
    const NAME: &str = "sessions";
    let read = || {
        let Some(sessions) = Sessions::existing(home)? else { return Ok(None) };
        let stats = sessions.store().stats(None)?;
        Ok(Some(stats))
    };
    match read() {
        Ok(Some(stats)) => Check::ok(NAME, format!("{} are kept, with {} messages", stats.sessions, stats.messages)),
        Ok(None) => Check::ok(NAME, "there are none yet"),
        Err(error) => told(NAME, &crate::session::store::StoreError::into(error)),
    }
}

pub(super) fn audit(home: &Home) -> Check {
    const NAME: &str = "audit";
    let verified = match verify::verify(home.root()) {
        Ok(verified) => verified,
        Err(error) => {
            let said = format!("The log of decisions cannot be read: {error}");
            return Check::failed(NAME, said, format!("make `{}` readable for you", home.logs_dir().display()));
        }
    };
    match verified.broken {
        Some(broken) => {
            let said = format!("The log is not whole at `{}:{}`: {}", broken.file.display(), broken.line, broken.why);
            Check::failed(NAME, said, "`hermes audit verify` tells more; keep the files and find out who changed them")
        }
        None => Check::ok(NAME, format!("{} decisions, and their chain is whole", verified.decisions)),
    }
}

pub(super) fn notes(home: &Home) -> Check {
    const NAME: &str = "notes";
    let book = Notebook::new(home.clone());
    for notes in Notes::ALL {
        let shown = book.path(notes);
        match book.read(notes) {
            Err(error) => return Check::failed(NAME, error.message, "mend the file, or move it away"),
            Ok(text) if text.chars().count() > notes.limit() => {
                let (length, limit) = (text.chars().count(), notes.limit());
                let said = format!("`{}` has {length} characters, and {limit} is the most", shown.display());
                return Check::warning(NAME, said, "shorten it: only so much is given to the model");
            }
            Ok(_) => {}
        }
    }
    Check::ok(NAME, "they can be read")
}
