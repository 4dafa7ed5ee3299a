//! The terminal: one person, one screen, one keyboard.
//!
//! It shows and reads, and decides nothing: signals are the host's, what an answer means is the guard's. It is
//! the only plugin that owns standard input and output.
#![forbid(unsafe_code)]

mod clean;
mod config;
mod console;
mod reader;
mod screen;
mod style;

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hermes_plugin_api::gate::Sender;
use hermes_plugin_api::platform::{Event, Inbound, Outbound, Receipt};
use hermes_plugin_api::prelude::*;

use crate::console::Console;
use crate::reader::Reader;
use crate::screen::{Screen, Wiring};
use crate::style::Style;

/// The one chat there is.
const CHAT: &str = "terminal";

struct Terminal {
    console: Arc<Mutex<Console>>,
}

impl Platform for Terminal {
    async fn run(&self, inbox: Sink<Inbound>, cancel: Cancel) -> Result<()> {
        let mut reader = Reader::start(self.console.clone())?;
        let mut number = 0_u64;
        while let Ok(Some(event)) = cancel.run(reader.next()).await {
            number += 1;
            let last = event == Event::Closed;
            inbox.push(&inbound(number, event)).await?;
            if last {
                break;
            }
        }
        // What comes after us on this terminal begins on a line of its own.
        Ok(self.console().leave()?)
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        let shown = self.console().show(&outbound.body, rustix::stdio::stdin());
        shown.map_err(|error| PluginError::unavailable(format!("Failed to write to the terminal: {error}")))?;
        Ok(Receipt::default())
    }
}

impl Terminal {
    fn console(&self) -> MutexGuard<'_, Console> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new(ctx: &Context) -> Result<Self> {
        let config::Config {} = ctx.config()?;
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let wiring = Wiring { typed: std::io::stdin().is_terminal(), out: out.is_terminal(), err: err.is_terminal() };
        let style = Style::of_terminal(wiring.err);
        let screen = Screen::new(Box::new(out), Box::new(err), wiring, style);
        Ok(Self { console: Arc::new(Mutex::new(Console::new(screen))) })
    }
}

fn inbound(number: u64, event: Event) -> Inbound {
    let sender = Sender { platform: CHAT.into(), id: "owner".into(), direct: true, ..Sender::default() };
    Inbound { id: number.to_string(), chat: CHAT.into(), sender, event }
}

hermes_plugin_api::export_plugin!(platform "terminal" => Terminal::new);

#[cfg(test)]
mod tests;
