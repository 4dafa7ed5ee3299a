//! The wire traits on top of the author's traits: decode, call, encode, contain.

use hermes_plugin_abi as abi;
use hermes_plugin_abi::{
    BackendBox, BackendSessionBox, CancelBox, ChannelBox, Fault, FfiFuture, JsonFuture, McpServerBox, PlatformBox,
    RResult, RStr, RString, RVec, ScannerBox, ServiceBox, SinkBox, TD_Opaque, UnitFuture,
};
use serde::de::DeserializeOwned;

use crate::backend::{Backend, BackendSession};
use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Channel, Output, Sink};
use crate::gate::{Commands, Gate};
use crate::model::Model;
use crate::platform::Platform;
use crate::scanner::Scanner;
use crate::shim::{Shared, wire, wire_json};
use crate::tools::McpServer;

/// A scanner, ready for the wire.
pub fn scanner(scanner: impl Scanner) -> ScannerBox {
    abi::Scanner_TO::from_value(Serve(Shared::new(scanner)), TD_Opaque)
}

/// A backend, ready for the wire.
pub fn backend(backend: impl Backend) -> BackendBox {
    abi::Backend_TO::from_value(Serve(Shared::new(backend)), TD_Opaque)
}

/// A platform, ready for the wire.
pub fn platform(platform: impl Platform) -> PlatformBox {
    abi::Platform_TO::from_value(Serve(Shared::new(platform)), TD_Opaque)
}

/// A toolset, ready for the wire.
pub fn mcp_server(server: impl McpServer) -> McpServerBox {
    abi::McpServer_TO::from_value(Serve(Shared::new(server)), TD_Opaque)
}

/// A model, ready for the wire.
pub fn model(model: impl Model) -> ServiceBox {
    abi::Service_TO::from_value(ServeModel(Shared::new(model)), TD_Opaque)
}

/// A gate, ready for the wire.
pub fn gate(gate: impl Gate) -> ServiceBox {
    abi::Service_TO::from_value(ServeGate(Shared::new(gate)), TD_Opaque)
}

/// Command words, ready for the wire.
pub fn commands(commands: impl Commands) -> ServiceBox {
    abi::Service_TO::from_value(ServeCommands(Shared::new(commands)), TD_Opaque)
}

fn read<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| PluginError::protocol(what, error))
}

struct Serve<T>(Shared<T>);

impl<T: Scanner> abi::Scanner for Serve<T> {
    fn scan(&self, subject: RString) -> JsonFuture {
        let scanner = self.0.get();
        wire_json(move || {
            let subject = read("a subject", &subject)?;
            Ok(async move { scanner.value().scan(&subject).await })
        })
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

impl<T: Backend> abi::Backend for Serve<T> {
    fn open(&self, spec: RString) -> FfiFuture<RResult<BackendSessionBox, Fault>> {
        let backend = self.0.get();
        wire(
            move || {
                let spec = read("a session spec", &spec)?;
                Ok(async move { backend.value().open(spec).await })
            },
            |session| Ok(abi::BackendSession_TO::from_value(ServeSession(Shared::new(session?)), TD_Opaque)),
        )
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

struct ServeSession<T>(Shared<T>);

impl<T: BackendSession> abi::BackendSession for ServeSession<T> {
    fn facts(&self) -> RString {
        let facts = crate::shim::contain(|| Ok(serde_json::to_string(&self.0.value().facts())?));
        facts.unwrap_or_default().into()
    }

    fn exec(&self, request: RString, input: ChannelBox, output: SinkBox, cancel: CancelBox) -> JsonFuture {
        let session = self.0.get();
        wire_json(move || {
            let request = read("an exec request", &request)?;
            let (input, output) = (Channel::from_wire(input), Output::from_wire(output));
            let cancel = Cancel::from_wire(cancel);
            Ok(async move { session.value().exec(request, input, output, cancel).await })
        })
    }

    fn read_file(&self, path: RStr<'_>, output: SinkBox) -> UnitFuture {
        let (session, path) = (self.0.get(), path.to_string());
        wire(move || Ok(async move { session.value().read_file(&path, Output::from_wire(output)).await }), |done| done)
    }

    fn write_file(&self, path: RStr<'_>, data: RVec<u8>) -> UnitFuture {
        let (session, path) = (self.0.get(), path.to_string());
        wire(move || Ok(async move { session.value().write_file(&path, data.into()).await }), |done| done)
    }

    fn close(&self, keep: RString) -> UnitFuture {
        let session = self.0.get();
        wire(
            move || {
                let keep = read("what to keep", &keep)?;
                Ok(async move { session.value().close(keep).await })
            },
            |done| done,
        )
    }
}

impl<T: Platform> abi::Platform for Serve<T> {
    fn run(&self, inbox: SinkBox, cancel: CancelBox) -> UnitFuture {
        let platform = self.0.get();
        let (inbox, cancel) = (Sink::from_wire(inbox), Cancel::from_wire(cancel));
        wire(move || Ok(async move { platform.value().run(inbox, cancel).await }), |done| done)
    }

    fn send(&self, outbound: RString) -> JsonFuture {
        let platform = self.0.get();
        wire_json(move || {
            let outbound = read("an outbound message", &outbound)?;
            Ok(async move { platform.value().send(outbound).await })
        })
    }

    fn fetch(&self, media: RString, limit: u64, output: SinkBox) -> UnitFuture {
        let platform = self.0.get();
        wire(
            move || {
                let media = read("a media item", &media)?;
                let output = Output::from_wire(output);
                Ok(async move { platform.value().fetch(media, limit, output).await })
            },
            |done| done,
        )
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

impl<T: McpServer> abi::McpServer for Serve<T> {
    fn tools(&self) -> JsonFuture {
        let server = self.0.get();
        wire_json(move || Ok(async move { server.value().tools().await }))
    }

    fn call(&self, call: RString, progress: SinkBox, cancel: CancelBox) -> JsonFuture {
        let server = self.0.get();
        wire_json(move || {
            let call = read("a tool call", &call)?;
            let (progress, cancel) = (Sink::from_wire(progress), Cancel::from_wire(cancel));
            Ok(async move { server.value().call(call, progress, cancel).await })
        })
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

struct ServeModel<T>(Shared<T>);

impl<T: Model> abi::Service for ServeModel<T> {
    fn invoke(&self, method: RStr<'_>, request: RString, events: SinkBox, cancel: CancelBox) -> JsonFuture {
        let (model, cancel) = (self.0.get(), Cancel::from_wire(cancel));
        match method.as_str() {
            "models" => wire_json(move || Ok(async move { model.value().models(cancel).await })),
            "info" => wire_json(move || {
                let name = read("a model's name", &request)?;
                Ok(async move { model.value().info(name).await })
            }),
            _ => {
                let known = known(method, "complete");
                wire_json(move || {
                    known?;
                    let request = read("a model request", &request)?;
                    let deltas = Sink::from_wire(events);
                    Ok(async move { model.value().complete(request, deltas, cancel).await })
                })
            }
        }
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

struct ServeGate<T>(Shared<T>);

impl<T: Gate> abi::Service for ServeGate<T> {
    fn invoke(&self, method: RStr<'_>, request: RString, _: SinkBox, _: CancelBox) -> JsonFuture {
        let (gate, known) = (self.0.get(), known(method, "admit"));
        wire_json(move || {
            known?;
            let sender = read("a sender", &request)?;
            Ok(async move { gate.value().admit(sender).await })
        })
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

struct ServeCommands<T>(Shared<T>);

impl<T: Commands> abi::Service for ServeCommands<T> {
    fn invoke(&self, method: RStr<'_>, request: RString, events: SinkBox, _: CancelBox) -> JsonFuture {
        let (commands, name) = (self.0.get(), method.to_string());
        wire_json(move || {
            let argv = read("arguments", &request)?;
            let output = Output::from_wire(events);
            Ok(async move { commands.value().run(&name, argv, output).await })
        })
    }

    // [since 1.1]
    fn stop(&self) -> UnitFuture {
        let served = self.0.get();
        wire(move || Ok(async move { served.value().stop().await }), |done| done)
    }
    // [end]
}

fn known(method: RStr<'_>, only: &str) -> Result<()> {
    match method.as_str() == only {
        true => Ok(()),
        false => Err(PluginError::unsupported(method)),
    }
}
