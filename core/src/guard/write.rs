//! Files that tools write: whatever is protected from commands is protected from them too.

use std::path::Path;

use hermes_plugin_api::command::Command;
use hermes_plugin_api::finding::{Action, Finding, Severity};
use hermes_plugin_api::flow::Cancel;

use super::Guard;
use super::findings::{self, CORE, SELF_DISARM};
use super::judge::{Judgement, Ruling};
use super::protect::{Class, Protected};
use super::refusal::{Kind, Refusal};
use super::request::{CommandRequest, WriteRequest};
use super::witness::{Authorized, Write};

impl Guard {
    /// Decides about a write. A protected place asks a person, once, under every mode; nobody there is a no.
    ///
    /// # Errors
    /// Why it is not written.
    ///
    /// # Cancellation
    /// A pending prompt is withdrawn and the write refused.
    pub async fn authorize_write(
        &self,
        request: WriteRequest<'_>,
        cancel: &Cancel,
    ) -> Result<Authorized<Write>, Refusal> {
        let text = format!("write {}", request.path);
        let WriteRequest { path, caller, .. } = request;
        let asked = CommandRequest { text: &text, cwd: &caller.facts.cwd, caller };
        let judgement = self.judge_write(&request, &text);
        let cancelled = |_| Refusal::new(Kind::Cancelled, "The turn was cancelled");
        let turn = match judgement.ruling {
            Ruling::Ask { .. } => Some(cancel.run(self.turns.take(caller.session)).await.map_err(cancelled)?),
            Ruling::Allow(_) | Ruling::Refuse(..) => None,
        };
        let concluded = self.conclude(&asked, &judgement, cancel).await;
        drop(turn);
        let [path, backend, session] = [path, caller.backend, caller.session].map(str::to_owned);
        concluded.map(|()| Authorized::mint(Write { path, backend, session }))
    }

    fn judge_write(&self, request: &WriteRequest<'_>, text: &str) -> Judgement {
        let mut found = Vec::new();
        let facts = request.caller.facts;
        let ruling = if facts.boundary {
            Ruling::Allow(format!("the backend is a boundary: {}", facts.why))
        } else if !request.path.starts_with('/') || has_dots(request.path) {
            Ruling::Refuse(Kind::Unreadable, format!("The path `{}` is not absolute and plain", request.path))
        } else {
            let home = Path::new(&facts.home);
            let protected = Protected::new(&self.policy.home, home, &self.policy.bundled);
            match protected.classify_write(Path::new(request.path)) {
                // What cannot be read cannot be shown or taken back either.
                None if request.replaces && protected.classify_read(Path::new(request.path)).is_some() => {
                    let title = "replace a file that holds secrets";
                    findings::merge(&mut found, CORE, [findings::own(SELF_DISARM, title, Severity::High, Action::Ask)]);
                    Ruling::Ask { in_person: true }
                }
                None => Ruling::Allow("not protected".to_owned()),
                Some(class) => {
                    findings::merge(&mut found, CORE, [finding(class)]);
                    Ruling::Ask { in_person: true }
                }
            }
        };
        let command = Command { text: text.to_owned(), ..Command::default() };
        Judgement { command, findings: found, ruling, passed_over: Vec::new() }
    }
}

/// Dots would make the path that is judged another one than the path that is written.
pub(super) fn has_dots(path: &str) -> bool {
    path.split('/').any(|part| part == "." || part == "..")
}

fn finding(class: Class) -> Finding {
    let title = format!("write to {}", class.describe());
    findings::own(SELF_DISARM, &title, Severity::Critical, Action::Ask)
}
