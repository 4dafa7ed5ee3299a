//! The proof that the guard allowed an effect. Only the guard makes one, it cannot be copied, and it is used up
//! by the effect.

/// An effect that the guard allowed.
///
/// ```compile_fail
/// use hermes_core::guard::witness::{Authorized, Exec};
/// let exec = Exec { command: "id".into(), cwd: "/".into(), backend: "local".into(), session: "s".into() };
/// let forged = Authorized { effect: exec };
/// ```
/// ```compile_fail
/// use hermes_core::guard::witness::{Authorized, Exec};
/// fn twice(witness: Authorized<Exec>) -> (Authorized<Exec>, Authorized<Exec>) {
///     (witness.clone(), witness)
/// }
/// ```
#[derive(Debug)]
#[must_use = "an authorization that is not used should not have been asked for"]
pub struct Authorized<E> {
    effect: E,
}

impl<E> Authorized<E> {
    /// Makes the proof. For `guard::decide` alone.
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
