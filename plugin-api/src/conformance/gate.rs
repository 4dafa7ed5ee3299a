//! Every gate answers about whoever writes, and admits nobody whom its owner did not admit.

use std::sync::Arc;

use super::{Check, Checks, Held, PATIENCE, Runner, graceful, shapes};
use crate::Gate;
use crate::gate::{Admission, Sender};

/// The longest reply that every platform can carry whole.
const REPLY: usize = 2_000;

/// Runs the checks of a gate that the manifest calls `name`, as it is when nobody was admitted yet.
pub async fn gate(runner: &impl Runner, gate: &Arc<impl Gate>, name: &str) -> Vec<Check> {
    let mut checks = Checks::default();
    for (shape, text) in shapes() {
        for direct in [true, false] {
            let sender = Sender { platform: "test".to_owned(), id: text.clone(), name: text.clone(), direct };
            let asked = gate.clone();
            let result = match runner.run(PATIENCE, async move { asked.admit(sender).await }).await {
                Ok(admission) => formed(&admission),
                Err(error) => graceful(&error),
            };
            let place = if direct { "direct" } else { "group" };
            checks.add(format!("gate `{name}` judges a stranger with an id of {shape}, {place}"), result);
        }
    }
    checks.0
}

fn formed(admission: &Admission) -> Held {
    match admission {
        Admission::Admitted => Err("it admitted a stranger".to_owned()),
        Admission::Unknown => Ok(()),
        Admission::Challenge { reply } if reply.trim().is_empty() => Err("the reply is empty".to_owned()),
        Admission::Challenge { reply } if reply.len() > REPLY => {
            Err(format!("the reply has {} bytes; {REPLY} can be sent everywhere", reply.len()))
        }
        Admission::Challenge { reply } if reply.chars().any(|c| c.is_control() && c != '\n') => {
            Err("the reply has control characters".to_owned())
        }
        Admission::Challenge { .. } => Ok(()),
    }
}
