//! The judgements of core that no setting reaches: how a line is read, the floor under all modes, and what
//! counts as an attack on the guard itself.

use std::path::Path;

use hermes_plugin_api::backend::SessionFacts;
use hermes_plugin_api::command::Command;
use hermes_plugin_api::finding::{Action, Finding, Severity};

use super::findings::{self, HARDLINE};
use super::floor::{self, FloorContext};
use super::policy::Policy;
use super::protect::Protected;

/// Where a command would run, and what is protected there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) cwd: &'a str,
    pub(super) facts: &'a SessionFacts,
    pub(super) policy: &'a Policy,
}

/// Reads a line.
pub(super) fn read(text: &str) -> Command {
    crate::command::read(text)
}

/// Returns what the floor says against a line.
pub(super) fn floor(command: &Command, place: Place<'_>) -> Option<Finding> {
    let ctx = FloorContext {
        cwd: place.cwd.to_owned(),
        home: place.facts.home.clone(),
        own_pids: place.policy.own_pids.clone(),
        in_gateway: place.policy.in_gateway,
    };
    let hit = floor::floor(command, &ctx)?;
    Some(Finding { span: hit.span, ..findings::own(HARDLINE, hit.what, Severity::Critical, Action::Forbid) })
}

/// Returns what a line would do to the guard itself.
pub(super) fn self_disarm(command: &Command, place: Place<'_>) -> Vec<Finding> {
    place.protected().self_disarm(command, place.cwd)
}

/// Whether a line would write to a place that only a person gives away.
pub(super) fn touches_protected(command: &Command, place: Place<'_>) -> bool {
    place.protected().is_touched(command, place.cwd)
}

impl Place<'_> {
    fn protected(self) -> Protected {
        Protected::new(&self.policy.home, Path::new(&self.facts.home), &self.policy.bundled)
    }
}
