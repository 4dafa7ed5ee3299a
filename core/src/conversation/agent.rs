//! Who answers: a model, its tools, and how much it may do. Shared by all conversations.

use std::sync::Arc;
use std::time::Duration;

use crate::plugin::handle::ModelHandle;
use crate::turn::limits::Limits;
use crate::turn::models::{Standby, label};
use crate::turn::toolbox::Toolbox;

/// Who answers.
#[derive(Clone)]
pub struct Agent {
    /// The model.
    pub model: ModelHandle,
    /// The model's name, as its provider knows it; its default when empty.
    pub model_name: String,
    /// Who answers when it cannot.
    pub fallbacks: Arc<[Standby]>,
    /// How long conversations become shorter.
    pub compression: Compression,
    /// Who names sessions.
    pub title: Side,
    /// Who looks at pictures for tools.
    pub vision: Side,
    /// The tools.
    pub toolbox: Toolbox,
    /// How much of anything a turn takes.
    pub limits: Limits,
}

/// How long conversations become shorter.
#[derive(Clone, Default)]
pub struct Compression {
    /// The model that summarises, where it is not the one that answers.
    pub own: Option<Arc<Standby>>,
    /// How long it may take.
    pub time: Duration,
    /// From which part of what the model can read that happens unasked; `None` for never.
    pub threshold: Option<f64>,
}

/// The model of a side task.
#[derive(Clone)]
pub struct Side {
    /// A model of its own, where it is not the one that answers.
    pub own: Option<Arc<Standby>>,
    /// How long it may take.
    pub time: Duration,
}

impl Agent {
    /// What answers, for a person.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.model.origin().name, &self.model_name)
    }
}
