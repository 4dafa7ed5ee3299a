//! The hermes core: loads plugins, runs turns, guards every effect. It names no plugin.
#![deny(unsafe_code)]

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod context;
pub mod conversation;
pub mod env_policy;
pub mod error;
pub mod files;
pub mod flow;
pub mod guard;
pub mod host;
pub mod lent;
pub mod notes;
pub mod plugin;
pub mod redact;
pub mod session;
pub mod shell;
pub mod turn;
