//! The owner's list of websites that the agent does not reach.
//!
//! It judges the URLs that the host is about to fetch, redirects included. A list that cannot be read, whole and in
//! every line, blocks everything and says why. It fetches nothing and asks nobody.
#![forbid(unsafe_code)]

mod config;
mod policy;
mod rule;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_api::prelude::*;

use config::Config;
use policy::Policy;

struct Website {
    host: Host,
    enabled: bool,
    policy: Mutex<Policy>,
}

impl Scanner for Website {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let Subject::Url { url } = subject else { return Ok(Vec::new()) };
        if !self.enabled {
            return Ok(Vec::new());
        }
        // Held while files are read: two readers would do it twice.
        let mut policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(policy.judge(url, self.host.now_ms()).into_iter().collect())
    }
}

export_plugin!(scanner "website" => |ctx| {
    let Config { enabled, domains, shared_files } = ctx.config()?;
    let policy = Policy::new(domains, shared_files, PathBuf::from(ctx.host.describe().home));
    Ok(Website { host: ctx.host.clone(), enabled, policy: Mutex::new(policy) })
});
