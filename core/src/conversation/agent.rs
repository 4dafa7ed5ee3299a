//! Who answers: a model, its tools, and how much it may do. Shared by all conversations.

use crate::plugin::handle::ModelHandle;
use crate::turn::limits::Limits;
use crate::turn::toolbox::Toolbox;

/// Who answers.
#[derive(Clone)]
pub struct Agent {
    /// The model.
    pub model: ModelHandle,
    /// The model's name, as its provider knows it; its default when empty.
    pub model_name: String,
    /// The tools.
    pub toolbox: Toolbox,
    /// How much of anything a turn takes.
    pub limits: Limits,
}

impl Agent {
    /// What answers, for a person.
    #[must_use]
    pub fn label(&self) -> String {
        match self.model_name.as_str() {
            "" => self.model.origin().name.clone(),
            name => format!("{name} ({})", self.model.origin().name),
        }
    }
}
