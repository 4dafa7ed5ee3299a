//! The plugin host, with real libraries: good ones, those of other versions, and bad ones.

mod conform;
mod contained;
mod listed;
mod refused;
mod services;
mod session;
mod variants;
mod verbs;
