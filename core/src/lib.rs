//! The hermes core: loads plugins, runs turns, guards every effect. Names no plugin.
pub mod command;
pub mod config;
