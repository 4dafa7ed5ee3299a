//! The guard: decides every effect, and is the only one that can allow it.
//!
//! Whoever wants an effect brings a [`CommandRequest`] to [`Guard::authorize`] and gets either the witness that
//! the effect needs or a [`Refusal`] that says why not. Nothing here runs a command or talks to a terminal.

mod ask;
pub mod audit;
mod consent;
pub mod content;
mod decide;
mod deny;
pub mod egress;
pub mod entry;
mod findings;
pub mod floor;
mod judge;
mod law;
pub mod look;
mod output;
pub mod policy;
mod prompt;
pub mod protect;
pub mod refusal;
pub mod report;
pub mod request;
mod scan;
pub(crate) mod show;
mod smart;
pub(crate) mod spell;
pub mod store;
mod trial;
pub mod witness;
mod workers;
mod write;

pub use audit::Audit;
pub use decide::Guard;
pub use entry::Entry;
pub use policy::{ConsentStore, Mode, OnFailure, Policy, ScannerSlot, Unattended};
pub use refusal::{Kind, Refusal};
pub use report::{Judged, Report, Verdict};
pub use request::{Approver, Audience, Caller, CommandRequest, Listener, WriteRequest};
pub use smart::{Adviser, Question};
pub use store::AllowList;
pub(crate) use trial::Trial;

#[cfg(test)]
mod tests;
