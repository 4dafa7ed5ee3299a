//! What scanners are asked (`Subject`) and what they answer (`Finding`). Plain data; policy is the host's.

mod subject;

use serde::{Deserialize, Serialize};

use crate::command::{Command, Span};

/// What a scanner is asked to judge. A scanner gets only the kinds that its manifest declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum Subject {
    /// A command about to run.
    Command(CommandSubject),
    /// A URL about to be fetched.
    Url {
        /// The URL as the model or a redirect gave it.
        url: String,
    },
    /// A project file about to enter the prompt.
    ContextFile {
        /// Its name, relative to the project.
        name: String,
        /// Its text.
        text: String,
    },
    /// A skill about to be installed.
    Skill {
        /// Relative path and text of each file.
        files: std::collections::BTreeMap<String, String>,
    },
    /// The result of a tool about to enter the prompt.
    ToolOutput {
        /// The tool's name.
        tool: String,
        /// Its text.
        text: String,
    },
    /// A chat message.
    Message {
        /// Its text.
        text: String,
    },
}

/// A command, and where it would run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSubject {
    /// The command as the host read it.
    pub command: Command,
    /// The working directory, absolute.
    pub cwd: String,
    /// The backend's name: `local`, `ssh`.
    pub backend: String,
}

/// One thing a scanner found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id, in lower-case words joined by `-`: what `always` writes to the allow-list.
    pub rule: String,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// What the scanner wants done.
    #[serde(default)]
    pub action: Action,
    /// A few words for the prompt: `recursive delete`.
    pub title: String,
    /// More words, where they help.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The part of the text that triggered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The program the finding is about, for allow-list entries that name programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// A safer way to the same end, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
    /// How long a person's yes may last at most.
    #[serde(default)]
    pub remember: Remember,
    /// Anything further, for programs.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Undone with some work.
    #[default]
    Medium,
    /// Data or access may be lost.
    High,
    /// The machine or its secrets may be lost.
    Critical,
}

/// What a scanner wants done about a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Say so, and go on.
    Note,
    /// Ask a person.
    #[default]
    Ask,
    /// Do not run it.
    Forbid,
}

/// How long a yes to a finding may last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    /// This execution only.
    Once,
    /// The session at most.
    Session,
    /// Also the permanent allow-list.
    #[default]
    Always,
}
