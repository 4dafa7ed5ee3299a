//! A platform on which what is said comes back, as if somebody had answered. `run` and `send` are the places to begin.
#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hermes_plugin_api::gate::Sender;
use hermes_plugin_api::platform::{Body, Event, Inbound, Outbound, Receipt};
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(platform "loopback" => |_| Ok(Loopback::default()));

#[derive(Default)]
struct Loopback {
    /// Where messages go in, while the host receives.
    inbox: Mutex<Option<Sink<Inbound>>>,
    /// Chats in which the next message is the answer to what came back. It stays there, or two would talk for ever.
    answered: Mutex<HashSet<String>>,
}

impl Platform for Loopback {
    async fn run(&self, inbox: Sink<Inbound>, cancel: Cancel) -> Result<()> {
        // Where there is a server, this is the loop that reads from it; acknowledge once `push` has returned.
        *self.inbox() = Some(inbox);
        cancel.cancelled().await;
        *self.inbox() = None;
        Ok(())
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        let Outbound { op, chat, body } = outbound;
        match body {
            Body::Message { text } | Body::MessageEnd { text } => {
                if self.is_answer(&chat) {
                    self.forget(&chat);
                } else if let Err(error) = self.comes_back(&op, &chat, text).await {
                    self.forget(&chat);
                    return Err(error);
                }
                Ok(Receipt { id: Some(op) })
            }
            // What a platform has no way to show, it leaves out.
            _ => Ok(Receipt::default()),
        }
    }
}

impl Loopback {
    fn inbox(&self) -> MutexGuard<'_, Option<Sink<Inbound>>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message answers one that came back. Every second does.
    fn is_answer(&self, chat: &str) -> bool {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        !answered.insert(chat.to_owned())
    }

    fn forget(&self, chat: &str) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.remove(chat);
    }

    async fn comes_back(&self, op: &str, chat: &str, text: String) -> Result<()> {
        let inbox = self.inbox().clone();
        let inbox = inbox.ok_or_else(|| PluginError::unavailable("Nobody receives yet"))?;
        let inbound = Inbound {
            // The same `op` gives the same id, by which the host knows a repetition.
            id: format!("back-{op}"),
            chat: chat.to_owned(),
            sender: Sender {
                platform: "loopback".to_owned(),
                id: "echo".to_owned(),
                name: "Echo".to_owned(),
                direct: true,
            },
            event: Event::Message {
                text,
                media: Vec::new(),
            },
        };
        inbox.push(&inbound).await
    }
}
