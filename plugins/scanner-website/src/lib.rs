//! The owner's list of websites that the agent does not reach.
//!
//! It judges the URLs that the host is about to fetch, redirects included. A list that cannot be read, whole and in
//! every line, blocks everything and says why; so do settings that became malformed. It fetches nothing and asks
//! nobody.
#![forbid(unsafe_code)]

mod config;
mod policy;
mod rule;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hermes_plugin_api::prelude::*;

use config::Config;
use policy::Policy;

struct Website {
    host: Host,
    home: PathBuf,
    list: Mutex<List>,
}

/// The list of one version of the settings; none where it is not in force.
struct List {
    version: u64,
    policy: Option<Policy>,
}

impl List {
    fn of(version: u64, config: Config, home: PathBuf) -> Self {
        let Config { enabled, domains, shared_files } = config;
        Self { version, policy: enabled.then(|| Policy::new(domains, shared_files, home)) }
    }
}

impl Website {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the settings over that were written since.
    async fn refresh(&self) -> Result<()> {
        let known = self.list().version;
        let fresh = match self.host.settings::<Config>(known).await {
            Err(error) if error.code == ErrorCode::UNSUPPORTED => None,
            fresh => fresh?,
        };
        if let Some((version, config)) = fresh {
            let mut list = self.list();
            // Another question may have brought a later one.
            if version > list.version {
                *list = List::of(version, config, self.home.clone());
            }
        }
        Ok(())
    }
}

impl Scanner for Website {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let Subject::Url { url } = subject else { return Ok(Vec::new()) };
        if let Err(error) = self.refresh().await {
            return Ok(vec![policy::unknown(&error)]);
        }
        // Held while files are read: two readers would do it twice.
        let mut list = self.list();
        Ok(list.policy.as_mut().and_then(|policy| policy.judge(url, self.host.now_ms())).into_iter().collect())
    }
}

export_plugin!(scanner "website" => |ctx| {
    let home = PathBuf::from(ctx.host.describe().home);
    let list = List::of(0, ctx.config()?, home.clone());
    Ok(Website { host: ctx.host.clone(), home, list: Mutex::new(list) })
});
