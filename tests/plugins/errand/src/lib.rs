//! A word that runs one errand: it has no runtime, and does all of it through the host's services.

use std::collections::BTreeMap;
use std::time::Duration;

use hermes_plugin_api::host::{EXIT, HttpRequest, STDIN, STDOUT, SpawnRequest, WS_TEXT};
use hermes_plugin_api::prelude::*;
use serde_json::json;

export_plugin!(commands "errand" => |ctx| Ok(Errand(ctx.host.clone())));

struct Errand(Host);

impl Commands for Errand {
    async fn run(&self, _: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        let what = argv.first().map_or("", String::as_str);
        let at = argv.get(1).map_or("", String::as_str);
        let said = match what {
            "http" => self.http(at).await?,
            "websocket" => self.websocket(at).await?,
            "process" => self.process(at).await?,
            "sleep" => self.sleep().await,
            "kv" => self.kv().await?,
            "secret" => match self.0.secret(at).await? {
                Some(secret) => format!("{} letters, shown as {secret}", secret.expose().len()),
                None => "not set".to_owned(),
            },
            "random" => (self.0.random(16) != self.0.random(16)).to_string(),
            "methods" => self.0.describe().methods.join(" "),
            "log" => {
                tracing::warn!(answer = 42, "An errand was logged.");
                "logged".to_owned()
            }
            "panic" => panic!("an errand"),
            "fail" => return Err(PluginError::user("The errand failed").with_hint("try another")),
            "code" => return Ok(at.parse().unwrap_or(1)),
            "stream" => {
                for line in 1..=1000 {
                    output.write(format!("{line}\n")).await?;
                }
                "end".to_owned()
            }
            _ => self.0.call::<serde_json::Value>(what, &json!({})).await?.to_string(),
        };
        output.write(format!("{said}\n")).await?;
        Ok(0)
    }
}

impl Errand {
    async fn http(&self, url: &str) -> Result<String> {
        let request = HttpRequest { method: "POST".into(), url: url.into(), body: "ping".into(), ..HttpRequest::default() };
        let response = self.0.http(&request).await?;
        let status = response.status;
        let mut chunks = 0;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            chunks += 1;
            body.extend(chunk);
        }
        Ok(format!("{status} {} in {chunks} chunks", String::from_utf8_lossy(&body)))
    }

    async fn websocket(&self, url: &str) -> Result<String> {
        let socket = self.0.websocket(url, &[]).await?;
        socket.send(WS_TEXT, "ping").await?;
        let answer = socket.recv().await?;
        Ok(answer.map_or("closed".into(), |piece| String::from_utf8_lossy(&piece.data).into_owned()))
    }

    async fn process(&self, program: &str) -> Result<String> {
        let argv = vec![program.to_owned()];
        let request = SpawnRequest { argv, env: BTreeMap::new(), stdin: true, ..SpawnRequest::default() };
        let child = self.0.spawn(&request).await?;
        child.send(STDIN, "through a pipe").await?;
        child.control(&json!({ "op": "close_stdin" })).await?;
        let mut said = String::new();
        while let Some(piece) = child.recv().await? {
            match piece.tag {
                STDOUT => said.push_str(&String::from_utf8_lossy(&piece.data)),
                EXIT => said.push_str(&format!(", then {}", String::from_utf8_lossy(&piece.data))),
                _ => {}
            }
        }
        Ok(said)
    }

    async fn sleep(&self) -> String {
        let before = self.0.now_ms();
        self.0.sleep(Duration::from_millis(50)).await;
        (self.0.now_ms() >= before + 50).to_string()
    }

    async fn kv(&self) -> Result<String> {
        let runs: Option<u32> = self.0.kv_get("runs").await?;
        let runs = runs.unwrap_or_default() + 1;
        self.0.kv_set("runs", &runs).await?;
        Ok(format!("run {runs}"))
    }
}
