//! Services of the host for the session of a tool call: a question to its person, something to tell them, and an
//! answer of its model. Only types: [`crate::Host`] has the methods.
//!
//! All of them need the call's token ([`crate::tools::CallContext`]), which is worth nothing once the call is over,
//! and a word in the manifest's `permissions.session`.

use serde::{Deserialize, Serialize};

use crate::model::Message;

/// Longest question, in characters.
pub const QUESTION: usize = 2_000;
/// Most lines of a question.
pub const QUESTION_LINES: usize = 20;
/// Most choices of a question.
pub const CHOICES: usize = 9;
/// Longest choice, in characters.
pub const CHOICE: usize = 200;
/// Seconds that a question waits when it does not say.
pub const ASK_TIMEOUT: u64 = 300;
/// Most seconds that a question may wait.
pub const ASK_LONGEST: u64 = 1_500;
/// Longest report that is shown, in characters; the rest is cut.
pub const REPORT: usize = 2_000;
/// Longest request for a completion, all its texts together, in bytes.
pub const COMPLETION: usize = 1 << 20;
/// Most that the pictures of such a request may have together, in bytes of base64.
pub const PICTURES: usize = 32 << 20;

/// A question to the person of a tool call.
///
/// It is shown with the plugin's id, and set apart from the guard's own prompts. What is answered is no consent to
/// anything: the guard asks by itself. It is no place for passwords: answers are seen as they are typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskRequest {
    /// The token of the tool call.
    pub token: String,
    /// The question, at most [`QUESTION`] characters on [`QUESTION_LINES`] lines.
    pub question: String,
    /// Answers to choose from, at most [`CHOICES`], each one line of at most [`CHOICE`] characters.
    pub choices: Vec<String>,
    /// Whether the person may answer in their own words. Without choices they always may.
    pub free_text: bool,
    /// Seconds to wait, at most [`ASK_LONGEST`]; [`ASK_TIMEOUT`] when absent.
    pub timeout: Option<u64>,
}

impl Default for AskRequest {
    fn default() -> Self {
        let (token, question, choices) = Default::default();
        Self { token, question, choices, free_text: true, timeout: None }
    }
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// One of the choices.
    Chosen {
        /// Which, from 0.
        index: usize,
        /// Its text.
        text: String,
    },
    /// Something else, in the person's words. Secrets that the host knows are replaced.
    Typed {
        /// Their words, without control characters.
        text: String,
    },
    /// The person did not want to answer: an empty line, Ctrl-C, or they left.
    Declined,
    /// Nobody can be asked: a single query, a scheduled job.
    Nobody,
    /// Nobody answered in time.
    Late,
}

/// Something to tell the person of a tool call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmitRequest {
    /// The token of the tool call.
    pub token: String,
    /// What to tell.
    pub report: Report,
}

/// What a tool call tells while it runs. It is shown with the plugin's id, and cut at [`REPORT`] characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Report {
    /// How far it is: one line, left out where the person wants quiet.
    Progress {
        /// The line.
        text: String,
    },
    /// What the person must know in any case.
    Notice {
        /// The text.
        text: String,
    },
}

impl Default for Report {
    fn default() -> Self {
        Self::Progress { text: String::new() }
    }
}

/// A question to the model of the session, beside the conversation: it sees these messages and no tools.
///
/// It is the person's model, at their cost. Secrets that the host knows are replaced before it reads anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompleteRequest {
    /// The token of the tool call.
    pub token: String,
    /// The system prompt.
    pub system: String,
    /// What was said, by user and assistant; the user last. At most [`COMPLETION`] bytes with the system prompt, and
    /// [`PICTURES`] of pictures.
    pub messages: Vec<Message>,
    /// Sampling temperature; the provider's default when absent.
    pub temperature: Option<f64>,
    /// Longest answer in tokens; the provider's default when absent.
    pub max_tokens: Option<u32>,
}
