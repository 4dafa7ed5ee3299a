//! The words about sessions: `/title`, `/resume`, `/history`, `/undo`, `/retry`, `/usage`, and what is told of a session
//! that goes on.

use hermes_plugin_api::model::{Message, Role};
use hermes_plugin_api::platform::Body;

use super::Conversation;
use crate::host::clock;
use crate::session::Session;
use crate::session::store::StoreError;
use crate::session::store::find::{called, short};
use crate::session::store::list::{Summary, Wanted};
use crate::turn::Follower as _;

/// How many of a person's messages `/history` goes back.
const EXCHANGES: usize = 10;
/// How much of a message it shows, in characters.
const SHOWN: usize = 400;
/// How many sessions `/resume` lists.
const LISTED: usize = 10;

impl Conversation {
    pub(super) async fn title(&mut self, title: Option<String>) {
        let text = match title {
            None => match self.keeping.title() {
                Some(title) => format!("This session is called `{title}`"),
                None => "This session has no title yet".to_owned(),
            },
            Some(title) => match self.keeping.rename(title).await {
                Ok(title) => format!("This session is called `{title}` from now on"),
                Err(error) => error.told(),
            },
        };
        self.notice(text).await;
        self.show_status().await;
    }

    pub(super) async fn usage(&self) {
        self.notice(self.keeping.spent().told()).await;
    }

    pub(super) async fn history(&self) {
        let Some(session) = &self.session else { return };
        let text = match said(session).await {
            Ok(messages) => history(&messages, EXCHANGES),
            Err(error) => error.told(),
        };
        self.notice(if text.is_empty() { "Nothing was said yet".to_owned() } else { text }).await;
    }

    pub(super) async fn undo(&mut self) {
        if let Some(said) = self.take_back().await {
            self.notice(format!("Taken back: {}\nWhat was done meanwhile stays done", line(&said, 60))).await;
        }
    }

    pub(super) async fn retry(&mut self) {
        if let Some(said) = self.take_back().await {
            self.notice(format!("Again: {}", line(&said, 60))).await;
            self.start(said);
        }
    }

    async fn take_back(&mut self) -> Option<String> {
        let session = self.session.as_mut()?;
        let text = match session.keeping.take_back(&mut session.transcript).await {
            Ok(Some(said)) => return Some(said),
            Ok(None) => "There is nothing to take back".to_owned(),
            Err(error) => error.told(),
        };
        self.notice(text).await;
        None
    }

    pub(super) async fn resume(&mut self, name: Option<String>) {
        let text = match name {
            None => self.latest().await,
            Some(name) => match self.find(name).await {
                Ok(Some(session)) => return self.go_on(session).await,
                Ok(None) => Ok("This is that session".to_owned()),
                Err(error) => Err(error),
            },
        };
        self.notice(text.unwrap_or_else(|error| error.told())).await;
    }

    /// Finds a session to go on with; `None` is the one that goes on already.
    async fn find(&self, name: String) -> Result<Option<Session>, StoreError> {
        let sessions = &self.parts.sessions;
        let summary = sessions.with(move |store| store.find(&name)).await?;
        if summary.id == self.id {
            return Ok(None);
        }
        sessions.resume(summary, &self.parts.agent.label()).await.map(Some)
    }

    async fn go_on(&mut self, session: Session) {
        self.move_to(session).await;
        self.recall().await;
    }

    /// Tells how far a session had come.
    pub(super) async fn recall(&self) {
        let Some(session) = &self.session else { return };
        let title = self.keeping.title().unwrap_or_else(|| short(&self.id).to_owned());
        let messages = session.transcript.messages();
        let last = history(messages, 1);
        let text = format!("Going on with `{title}` · {} messages · /history\n{last}", messages.len());
        self.parts.line.show(Body::Notice { text: text.trim_end().to_owned() }).await;
    }

    async fn latest(&self) -> Result<String, StoreError> {
        let wanted = Wanted { limit: Some(LISTED), ..Wanted::default() };
        let sessions = self.parts.sessions.with(move |store| store.sessions(&wanted)).await?;
        let lines: Vec<String> = sessions.iter().map(listed).collect();
        Ok(match lines.is_empty() {
            true => "There are no sessions yet".to_owned(),
            false => format!("{}\nGo on with one by `/resume NAME`", lines.join("\n")),
        })
    }
}

fn listed(summary: &Summary) -> String {
    let age = clock::ago(summary.last_ms);
    format!("{}  {}  ({} messages, {age})", short(&summary.id), called(summary), summary.messages)
}

/// What was said in a session, and before a summary that it begins with.
async fn said(session: &Session) -> Result<Vec<Message>, StoreError> {
    let summary = session.transcript.summary();
    let messages = &session.transcript.messages()[summary..];
    let mut all = if summary == 0 { Vec::new() } else { session.keeping.earlier().await? };
    all.extend_from_slice(messages);
    Ok(all)
}

/// What was said since the person's last `exchanges` messages.
fn history(messages: &[Message], exchanges: usize) -> String {
    let said = messages.iter().enumerate().filter(|(_, message)| message.role == Role::User);
    let from = said.rev().take(exchanges).last().map_or(messages.len(), |(at, _)| at);
    let mut lines = Vec::new();
    for message in &messages[from..] {
        match message.role {
            Role::User => lines.push(format!("› {}", line(&message.content, SHOWN))),
            Role::Assistant if !message.content.trim().is_empty() => lines.push(shown(&message.content)),
            _ => {}
        }
        lines.extend(message.tool_calls.iter().map(|call| format!("· {} {}", call.name, line(&call.arguments, 80))));
    }
    lines.join("\n")
}

/// The beginning of a text, its lines kept.
fn shown(text: &str) -> String {
    let text = text.trim();
    let start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

/// The beginning of a text as one line.
pub(super) fn line(text: &str, max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let start: String = line.chars().take(max).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use hermes_plugin_api::model::CallRequest;

    use super::*;

    #[test]
    fn history_shows_who_said_what_and_what_was_called() {
        let say = |role, content: &str| Message { role, content: content.into(), ..Message::default() };
        let call = CallRequest { id: "a".into(), name: "terminal".into(), arguments: "{\"command\":\n\"ls\"}".into() };
        let asked = Message { role: Role::Assistant, tool_calls: vec![call], ..Message::default() };
        let messages = [
            say(Role::User, "first"),
            say(Role::Assistant, "one"),
            say(Role::User, "second\nline"),
            asked,
            say(Role::Tool, "files"),
            say(Role::Assistant, &"long ".repeat(200)),
        ];
        assert_eq!(history(&messages, 9).lines().count(), 5);
        let last = history(&messages, 1);
        assert!(last.starts_with("› second line\n· terminal {\"command\": \"ls\"}\nlong long"), "{last}");
        assert!(last.ends_with('…') && !last.contains("files"), "{last}");
        assert_eq!(history(&[], 3), "");
    }
}
