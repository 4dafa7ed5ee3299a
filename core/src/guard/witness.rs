//! The proof that the guard allowed an effect. Only the guard makes one, it cannot be copied, and it is used up
//! by the effect.

use std::net::SocketAddr;

use super::egress::target::Target;
use super::look::Script;

/// An effect that the guard allowed.
///
/// Anyone can say what they want and look at what was allowed:
/// ```
/// use hermes_core::guard::witness::{Authorized, Exec};
/// let exec = Exec { command: "id".into(), cwd: "/".into(), backend: "local".into(), session: "s".into() };
/// fn look(witness: &Authorized<Exec>) -> &str {
///     &witness.effect().command
/// }
/// ```
/// Nobody but the guard can allow it (private field, private constructor):
/// ```compile_fail,E0451
/// use hermes_core::guard::witness::{Authorized, Exec};
/// let exec = Exec { command: "id".into(), cwd: "/".into(), backend: "local".into(), session: "s".into() };
/// let forged = Authorized { effect: exec };
/// ```
/// ```compile_fail,E0624
/// use hermes_core::guard::witness::{Authorized, Exec};
/// let exec = Exec { command: "id".into(), cwd: "/".into(), backend: "local".into(), session: "s".into() };
/// let forged = Authorized::mint(exec);
/// ```
/// The leave for the conformance suite, which makes proofs for the suite's own commands, is for this program alone:
/// ```compile_fail,E0603
/// use hermes_core::guard::Trial;
/// ```
/// It serves once (no copy), and what was allowed cannot be swapped for something else (no way to change it):
/// ```compile_fail,E0599
/// use hermes_core::guard::witness::{Authorized, Exec};
/// fn twice(witness: Authorized<Exec>) -> (Authorized<Exec>, Authorized<Exec>) {
///     (witness.clone(), witness)
/// }
/// ```
/// ```compile_fail,E0594
/// use hermes_core::guard::witness::{Authorized, Exec};
/// fn swap(witness: Authorized<Exec>) {
///     witness.effect().command = "rm -rf /".into();
/// }
/// ```
#[derive(Debug)]
#[must_use = "an authorization that is not used should not have been asked for"]
pub struct Authorized<E> {
    effect: E,
}

impl<E> Authorized<E> {
    /// Makes the proof. For the guard's own `authorize…` alone.
    pub(in crate::guard) fn mint(effect: E) -> Self {
        Self { effect }
    }

    /// Makes the proof for a test of what comes after the guard.
    #[cfg(test)]
    pub(crate) fn for_test(effect: E) -> Self {
        Self::mint(effect)
    }

    /// What was allowed.
    pub fn effect(&self) -> &E {
        &self.effect
    }

    /// Uses the proof up.
    pub(crate) fn redeem(self) -> E {
        self.effect
    }
}

/// A command to run.
#[derive(Debug, PartialEq, Eq)]
pub struct Exec {
    /// The exact text.
    pub command: String,
    /// The working directory it was judged for.
    pub cwd: String,
    /// The backend's name.
    pub backend: String,
    /// The session's id.
    pub session: String,
}

/// A URL to fetch that somebody else than the owner named.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Where.
    pub target: Target,
    /// The addresses that were judged. No other may be dialled.
    pub addresses: Vec<SocketAddr>,
}

/// A file to read, by a tool and not by a command.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The path that was judged: absolute, links resolved.
    pub path: String,
    /// The backend's name.
    pub backend: String,
    /// The session's id.
    pub session: String,
}

/// A look at what is there, by a fixed script.
#[derive(Debug, PartialEq, Eq)]
pub struct Look {
    /// The script.
    pub script: Script,
    /// The backend's name.
    pub backend: String,
    /// The session's id.
    pub session: String,
}

/// A file to write, by a tool and not by a command.
#[derive(Debug, PartialEq, Eq)]
pub struct Write {
    /// The path that was judged: absolute, links resolved.
    pub path: String,
    /// The backend's name.
    pub backend: String,
    /// The session's id.
    pub session: String,
}
