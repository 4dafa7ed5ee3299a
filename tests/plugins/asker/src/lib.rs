//! A toolset that uses the services of its call's session: it asks, tells, and has the model answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hermes_plugin_api::harness::Collected;
use hermes_plugin_api::host::{Body, FetchRequest};
use hermes_plugin_api::model::Message;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::session::{AskRequest, CompleteRequest, Report};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use serde_json::{Value, json};

export_plugin!(mcp_server "asker" => |ctx| Ok(Asker { host: ctx.host.clone(), old: Arc::default() }));

struct Asker {
    host: Host,
    /// The token of the call before.
    old: Arc<Mutex<String>>,
}

impl McpServer for Asker {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let schema = json!({ "type": "object" });
        Ok(vec![Tool { name: "asker".into(), input_schema: schema, parallel: true, ..Tool::default() }])
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        let mut token = call.context.token.clone();
        let old = std::mem::replace(&mut *self.old.lock().unwrap(), token.clone());
        if call.arguments["old"] == true {
            token = old;
        }
        let arguments = call.arguments;
        let said = match arguments["what"].as_str().unwrap_or_default() {
            "ask" => self.ask(token, arguments, &cancel).await,
            "emit" => self.emit(&token, &arguments).await,
            "fetch" => self.fetch(token, arguments).await,
            "complete" => self.complete(token, &arguments, &cancel).await,
            _ => Ok(self.host.describe().methods.join(" ")),
        };
        match said {
            Ok(said) => Ok(CallResult::text(said)),
            Err(error) => Ok(CallResult::error(format!("code {}: {error}", error.code.0))),
        }
    }
}

impl Asker {
    async fn ask(&self, token: String, mut arguments: Value, cancel: &Cancel) -> Result<String> {
        let leave = arguments["leave"] == true;
        arguments["token"] = token.into();
        let request: AskRequest = serde_json::from_value(arguments)?;
        if leave {
            // Asks, and does not wait for the answer: the call ends while the question stands.
            let mut asking = Box::pin(self.host.ask(&request, cancel));
            let mut pause = Box::pin(self.host.sleep(Duration::from_millis(300)));
            return std::future::poll_fn(|context| {
                let _ = asking.as_mut().poll(context);
                pause.as_mut().poll(context).map(|()| Ok("gone".to_owned()))
            })
            .await;
        }
        Ok(json!(self.host.ask(&request, cancel).await?).to_string())
    }

    async fn fetch(&self, token: String, mut arguments: Value) -> Result<String> {
        arguments["token"] = token.into();
        let fetched = self.host.fetch(&serde_json::from_value::<FetchRequest>(arguments)?).await?;
        let Body { bytes, cut } = fetched.body().await?;
        let said = if cut { "cut".into() } else { String::from_utf8_lossy(&bytes).into_owned() };
        Ok(format!("{} {} {} {said}", fetched.status, fetched.url, bytes.len()))
    }

    async fn emit(&self, token: &str, arguments: &Value) -> Result<String> {
        let text = arguments["text"].as_str().unwrap_or_default().to_owned();
        self.host.emit(token, Report::Progress { text: format!("half of {text}") }).await?;
        self.host.emit(token, Report::Notice { text }).await?;
        Ok("told".to_owned())
    }

    async fn complete(&self, token: String, arguments: &Value, cancel: &Cancel) -> Result<String> {
        let content = arguments["text"].as_str().unwrap_or_default().to_owned();
        let messages = vec![Message { content, ..Message::default() }];
        let request = CompleteRequest { token, messages, max_tokens: Some(9), ..CompleteRequest::default() };
        let streamed = Collected::default();
        let answer = self.host.complete(&request, Some(streamed.output()), cancel).await?;
        let streamed = String::from_utf8_lossy(&streamed.bytes()).into_owned();
        Ok(format!("streamed {streamed:?}, whole {:?}, calls {}", answer.content, answer.tool_calls.len()))
    }
}
