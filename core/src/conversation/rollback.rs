//! `/rollback`: takes back what tools changed in files. Takes its place among the turns; what it does is the
//! workspace's.

use hermes_plugin_api::platform::Body;

use super::slash::{self, Rollback};
use super::{Conversation, Running};
use crate::flow::CancelSource;
use crate::redact::redact;
use crate::turn::{Follower as _, Outcome};

impl Conversation {
    pub(super) async fn roll_back(&mut self, what: Option<&str>) {
        match slash::rollback(what) {
            Ok(Rollback::List) => self.notice(self.changed()).await,
            Ok(Rollback::Turns(_)) if self.running.is_some() => {
                self.notice("A turn is running: `/stop` it first".into()).await;
            }
            Ok(Rollback::Turns(turns)) => self.restore(turns),
            Err(why) => self.notice(why).await,
        }
    }

    /// The files that tools changed, for a person.
    fn changed(&self) -> String {
        let turns = match self.workspace.changed() {
            Ok(turns) if turns.is_empty() => return "No tool changed a file in this session".into(),
            Ok(turns) => turns,
            Err(error) => return format!("What was kept cannot be read: {error}"),
        };
        let turn = |(n, (said, files)): (usize, &(String, Vec<String>))| {
            format!("{}  {}\n     {}", n + 1, redact(said), files.join("\n     "))
        };
        turns.iter().enumerate().map(turn).collect::<Vec<_>>().join("\n")
    }

    /// Takes its place among the turns, so that questions are answered and it can be stopped.
    fn restore(&mut self, turns: usize) {
        let Some(session) = self.session.take() else { return };
        let (workspace, line, cancel) = (self.workspace.clone(), self.parts.line.clone(), CancelSource::new());
        let handle = cancel.handle();
        let turn = Box::pin(async move {
            let text = match workspace.rollback(turns, &handle).await {
                Ok(told) => told,
                Err(error) => format!("Not everything was taken back: {error}"),
            };
            line.show(Body::Notice { text }).await;
            (session, Outcome::Answered(String::new()))
        });
        self.running = Some(Running { turn, cancel });
    }
}
