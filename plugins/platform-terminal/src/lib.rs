//! The terminal: one person, one screen, one keyboard.
//!
//! It shows and reads, and decides nothing: signals are the host's, what an answer means is the guard's. It is
//! the only plugin that owns standard input and output.
#![forbid(unsafe_code)]

mod clean;
mod clock;
mod complete;
mod config;
mod console;
mod draft;
mod editor;
mod keyboard;
mod markdown;
mod reader;
mod screen;
mod seat;
mod style;
mod work;

use std::io::IsTerminal as _;
use std::sync::Arc;

use hermes_plugin_api::gate::Sender;
use hermes_plugin_api::platform::{Event, Inbound, Outbound, Receipt};
use hermes_plugin_api::prelude::*;

use crate::console::Console;
use crate::editor::Setup;
use crate::reader::Reader;
use crate::screen::{Screen, Wiring};
use crate::seat::Seat;
use crate::style::Style;

/// The one chat there is.
const CHAT: &str = "terminal";

struct Terminal {
    seat: Arc<Seat>,
}

impl Platform for Terminal {
    async fn run(&self, inbox: Sink<Inbound>, cancel: Cancel) -> Result<()> {
        let mut reader = Reader::start(self.seat.clone())?;
        let mut number = 0_u64;
        while let Ok(Some(event)) = cancel.run(reader.next()).await {
            number += 1;
            let last = event == Event::Closed;
            inbox.push(&inbound(number, event)).await?;
            if last {
                break;
            }
        }
        // What comes after us on this terminal begins on a line of its own. One that is gone needs none.
        let _ = self.seat.aside().leave(rustix::stdio::stdin());
        Ok(())
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        let shown = self.seat.show(&outbound.body);
        shown.map_err(|error| PluginError::unavailable(format!("Failed to write to the terminal: {error}")))?;
        Ok(Receipt::default())
    }
}

impl Terminal {
    #[expect(clippy::disallowed_methods, reason = "whose folder `~` is, on the terminal that this plugin owns")]
    fn new(ctx: &Context) -> Result<Self> {
        let config::Config {} = ctx.config()?;
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let wiring = Wiring { typed: std::io::stdin().is_terminal(), out: out.is_terminal(), err: err.is_terminal() };
        let style = Style::of_terminal(wiring.err);
        let screen = Screen::new(Box::new(out), Box::new(err), wiring, style).measured(columns);
        let home = std::env::var("HOME").ok();
        let setup = Setup { coloured: style.is_coloured(), home, ..Setup::default() };
        Ok(Self { seat: Arc::new(Seat::new(Console::new(screen, setup))?) })
    }
}

/// How wide the terminal is now.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(screen::COLUMNS)
}

fn inbound(number: u64, event: Event) -> Inbound {
    let sender = Sender { platform: CHAT.into(), id: "owner".into(), direct: true, ..Sender::default() };
    Inbound { id: number.to_string(), chat: CHAT.into(), sender, event }
}

hermes_plugin_api::export_plugin!(platform "terminal" => Terminal::new);

#[cfg(test)]
mod tests;
