//! An open session of a place: hands on to it, and keeps no state between commands; that is the host's.

use std::collections::BTreeMap;

use super::{Place, exec, read_file, write_file};
use crate::backend::{BackendSession, ExecRequest, Exit, Keep, SessionFacts};
use crate::error::Result;
use crate::flow::{Cancel, Channel, Output};

/// A session whose commands run at a [`Place`], beginning where its facts say.
pub struct RemoteSession<P> {
    place: P,
    env: BTreeMap<String, String>,
    facts: SessionFacts,
}

impl<P: Place + Send + 'static> RemoteSession<P> {
    /// A session that is open at that place. Its commands have the variables `env` beside what the place gives them.
    #[must_use]
    pub fn new(place: P, env: BTreeMap<String, String>, facts: SessionFacts) -> Self {
        Self { place, env, facts }
    }
}

impl<P: Place + Send + 'static> BackendSession for RemoteSession<P> {
    fn facts(&self) -> SessionFacts {
        self.facts.clone()
    }

    async fn exec(&self, mut request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        request.cwd.get_or_insert_with(|| self.facts.cwd.clone());
        exec(&self.place, &self.env, request, &input, &output, &cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        read_file(&self.place, &self.facts.cwd, path, &output).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        write_file(&self.place, &self.facts.cwd, path, &data).await
    }

    async fn close(&self, keep: Keep) -> Result<()> {
        self.place.leave(keep).await
    }
}
