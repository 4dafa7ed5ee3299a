//! The archive: what was said in the sessions that the host keeps. Only types: [`crate::Host`] has the methods.
//!
//! A tool call looks into it with its token ([`crate::tools::CallContext`]) and `search` in the manifest's
//! `permissions.session`. It sees what its person could: where others have sessions of their own, theirs stay unseen.

use serde::{Deserialize, Serialize};

use crate::model::Message;

/// Most messages that a search or a look brings.
pub const MOST: usize = 100;

/// Words to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Search {
    /// The token of the tool call.
    pub token: String,
    /// The words: all must stand in a message. `"words in quotes"` stand together, `word*` begins so.
    pub words: String,
    /// Only in this session, by id. When absent, in all but that of the call.
    pub session: Option<String>,
    /// So many at most, up to [`MOST`].
    pub limit: usize,
}

/// A message in which the words stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// The session's id.
    pub session: String,
    /// Its title.
    pub title: String,
    /// The message's place in it, from 1.
    pub place: u64,
    /// `user`, `assistant` or `tool`.
    pub role: String,
    /// When it was said, in milliseconds since 1970.
    pub at_ms: u64,
    /// A piece of it, with `**` around what was found.
    pub piece: String,
}

/// Messages of a session to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// The token of the tool call.
    pub token: String,
    /// The session, by id, the beginning of it, or title; that of the call when absent.
    pub session: Option<String>,
    /// The place to begin at; when absent, the last ones.
    pub from: Option<u64>,
    /// Only results of this tool, the last ones; where there are none, those of the session that this one goes on from.
    pub tool: Option<String>,
    /// So many at most, up to [`MOST`].
    pub limit: usize,
}

/// A piece of a session. It ends early where messages are long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Excerpt {
    /// The session's id.
    pub session: String,
    /// Its title.
    pub title: String,
    /// How many messages it has.
    pub messages: u64,
    /// Those that were looked at, in their order.
    pub said: Vec<Said>,
}

/// A message of a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Its place, from 1.
    pub place: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What, without secrets.
    pub message: Message,
}
