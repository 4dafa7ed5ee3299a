//! `hermes tirith`: where it is and how it does, and downloading it now.

use hermes_plugin_api::prelude::*;

use crate::breaker::Breaker;
use crate::find::Found;
use crate::install::{self, Last};
use crate::{BREAKER, Tirith};

/// What may be said after `hermes tirith`.
const USAGE: &str = "say `hermes tirith status` or `hermes tirith install`";

impl Commands for Tirith {
    async fn run(&self, _: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        match words[..] {
            [] | ["status"] => self.status(&output).await,
            ["install"] => self.install(&output).await,
            ["-h" | "--help"] => {
                output.write(format!("{USAGE}: where it is and how it does, or download it now\n")).await?;
                Ok(0)
            }
            _ => Err(PluginError::user(format!("`{}` is nothing to do", argv.join(" "))).with_hint(USAGE)),
        }
    }
}

impl Tirith {
    async fn status(&self, output: &Output) -> Result<i32> {
        let (host, now) = (&self.host, self.host.now_ms());
        let found = self.places(&host.environment().await?).find();
        let breaker: Breaker = host.kv_get(BREAKER).await?.unwrap_or_default();
        let mut lines = Vec::new();
        if !self.config.enabled {
            lines.push("It is not asked: `security.tirith_enabled` is off".to_owned());
        }
        lines.push(match &found {
            Found::Program(path) => format!("The program is `{}`", path.display()),
            Found::Wrong(why) => why.clone(),
            Found::Nowhere => "There is none, neither on PATH nor in the home".to_owned(),
        });
        if let Some((_, why)) = Last::kept(host).await.failed(now).filter(|_| found == Found::Nowhere) {
            lines.push(format!("The last download failed: {why}; `hermes tirith install` tries again"));
        }
        if let Err(why) = breaker.admit(now) {
            lines.push(why);
        }
        lines.push(match self.config.fail_open {
            true => "Commands run when it gives no verdict (`security.tirith_fail_open`)".to_owned(),
            false => "Commands ask when it gives no verdict (`security.tirith_fail_open`)".to_owned(),
        });
        output.write(lines.join("\n") + "\n").await?;
        Ok(i32::from(!matches!(found, Found::Program(_))))
    }

    async fn install(&self, output: &Output) -> Result<i32> {
        let base = self.config.release_url.trim();
        if base.is_empty() {
            let error = PluginError::config("`security.tirith_release_url` is empty: there is nothing to download");
            return Err(error.with_hint("put tirith on PATH, or name it in `security.tirith_path`"));
        }
        let may_see = self.host.environment().await?;
        let (places, env) = (self.places(&may_see), self.environment(&may_see));
        let said = install::install(&self.host, base, &places, &env).await;
        let said = said.map_err(|why| PluginError::unavailable(format!("Downloading tirith failed: {why}")))?;
        output.write(format!("{said}\n")).await?;
        match places.find() {
            Found::Program(path) if path == places.installed() => {}
            Found::Program(path) => output.write(format!("note: `{}` comes before it\n", path.display())).await?,
            Found::Wrong(why) => output.write(format!("note: {why}\n")).await?,
            Found::Nowhere => {}
        }
        Ok(0)
    }
}
