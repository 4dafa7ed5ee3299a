//! Asks tirith, a program that knows deceptive URLs, pipes into interpreters and hidden characters, about every
//! command before it runs.
//!
//! tirith is run as a program, never linked. Its exit code is the verdict; what follows from a verdict, and from
//! none, is the host's. Where there is none it is downloaded, and no command waits for that.
#![forbid(unsafe_code)]

mod ask;
mod breaker;
mod config;
mod download;
mod find;
mod install;
mod release;
#[cfg(test)]
mod tests;
mod trouble;
mod verdict;
mod words;

use std::path::{Path, PathBuf};
use std::pin::pin;

use futures_util::future::{Either, select};
use hermes_plugin_api::prelude::*;

use ask::Env;
use breaker::Breaker;
use config::Config;
use find::{Found, Places};
use install::Background;

/// Longest command, in bytes, that fits into an argument.
const LONGEST: usize = 120 << 10;
/// Under this the plugin's store keeps how tirith did lately.
const BREAKER: &str = "breaker";

struct Tirith {
    host: Host,
    config: Config,
    /// The home.
    home: PathBuf,
    background: Background,
}

impl Tirith {
    fn new(ctx: &Context) -> Result<Self> {
        let (host, home) = (ctx.host.clone(), ctx.host.describe().home.into());
        Ok(Self { host, config: ctx.config()?, home, background: Background::default() })
    }

    /// What its children see.
    fn environment(&self, may_see: &Env) -> Env {
        ask::environment(may_see, &self.home, self.config.online)
    }

    /// Where to look, by the environment that programs of this plugin may see.
    fn places(&self, env: &Env) -> Places {
        let variable = |name: &str| env.get(name).cloned();
        Places {
            named: self.config.path.clone(),
            path: variable("PATH").unwrap_or_default().into(),
            user: variable("HOME").map(PathBuf::from),
            home: self.home.clone(),
        }
    }

    async fn program(&self, may_see: &Env, env: &Env) -> Result<PathBuf> {
        let places = self.places(may_see);
        match places.find() {
            Found::Program(path) => Ok(path),
            Found::Wrong(why) => Err(PluginError::unavailable(why)),
            Found::Nowhere => {
                let why = self.background.begin(&self.host, &self.config.release_url, &places, env).await;
                Err(PluginError::unavailable(why))
            }
        }
    }

    /// Asks, unless it failed too often, and remembers how it went.
    async fn asked(&self, program: &Path, command: &str, env: &Env) -> Result<Vec<Finding>> {
        // A store that cannot be read has nothing against asking.
        let breaker: Breaker = self.host.kv_get(BREAKER).await.ok().flatten().unwrap_or_default();
        breaker.admit(self.host.now_ms()).map_err(PluginError::unavailable)?;
        match self.answer(program, command, env).await {
            Ok(found) => {
                if breaker.failures > 0 {
                    self.keep(&Breaker::default()).await;
                    trouble::over(&self.host).await;
                }
                Ok(found)
            }
            Err(why) => {
                let breaker = breaker.failed(&why, self.host.now_ms());
                self.keep(&breaker).await;
                if breaker.until_ms > 0 {
                    let said = format!("tirith failed {} times in a row, and is left alone: {why}", breaker.failures);
                    let fix = "`hermes tirith status` tells more; `security.tirith_enabled: false` does without it";
                    trouble::tell(&self.host, &said, fix, breaker.until_ms).await;
                }
                Err(PluginError::unavailable(format!("tirith gave no verdict: {why}")))
            }
        }
    }

    async fn answer(&self, program: &Path, command: &str, env: &Env) -> Result<Vec<Finding>, String> {
        let limit = self.config.timeout();
        let asked = pin!(ask::ask(&self.host, program, command, env));
        let told = match select(asked, pin!(self.host.sleep(limit))).await {
            Either::Left((told, _)) => told?,
            Either::Right(_) => return Err(format!("it did not answer within {} s", limit.as_secs_f64())),
        };
        verdict::read(told.exit.code, &told.printed, command).map_err(|why| match told.complaint.trim() {
            "" => why,
            complaint => format!("{why}: {}", complaint.lines().next().unwrap_or_default()),
        })
    }

    async fn keep(&self, breaker: &Breaker) {
        if let Err(error) = self.host.kv_set(BREAKER, breaker).await {
            tracing::warn!(%error, "What became of tirith cannot be kept.");
        }
    }
}

impl Scanner for Tirith {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let Subject::Command(CommandSubject { command, .. }) = subject else { return Ok(Vec::new()) };
        if !self.config.enabled || command.text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let may_see = self.host.environment().await?;
        let env = self.environment(&may_see);
        let program = self.program(&may_see, &env).await?;
        // The command's doing, and not a failure of tirith, which might let it pass.
        if command.text.len() > LONGEST {
            return Ok(vec![verdict::unjudged(&format!("it is longer than {} KiB", LONGEST >> 10))]);
        }
        if command.text.contains('\0') {
            return Ok(vec![verdict::unjudged("it contains a NUL character")]);
        }
        self.asked(&program, &command.text, &env).await
    }

    async fn stop(&self) -> Result<()> {
        self.background.stop();
        Ok(())
    }
}

export_plugin! {
    scanner "tirith" => Tirith::new,
    commands "tirith" => Tirith::new,
}
