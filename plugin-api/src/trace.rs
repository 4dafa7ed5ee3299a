//! Forwards `tracing` events and panics of a plugin to the host's log.
//!
//! A plugin has its own copy of `tracing` and of the panic hook, so both are installed once per library. They
//! keep the host of the first initialisation: a process has one host.

use std::fmt::{Debug, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::host::Host;

/// Installs both. Does nothing when this library already has them.
pub(crate) fn install(host: &Host, plugin: &str) {
    let bridge = Bridge { host: host.clone(), plugin: plugin.to_owned() };
    if tracing::subscriber::set_global_default(bridge).is_err() {
        return;
    }
    let (host, plugin) = (host.clone(), plugin.to_owned());
    std::panic::set_hook(Box::new(move |info| {
        host.log(1, &plugin, &format!("Plugin panicked: {info}"), "{}");
    }));
}

struct Bridge {
    host: Host,
    plugin: String,
}

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let more = Value::Object(fields.more).to_string();
        self.host.log(number(*event.metadata().level()), &self.plugin, &fields.message, &more);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn number(level: Level) -> u32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    more: Map<String, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.more.insert(field.name().to_owned(), format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.more.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.more.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.more.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.more.insert(field.name().to_owned(), value.into());
    }
}
