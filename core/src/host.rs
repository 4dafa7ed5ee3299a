//! The services a plugin may ask for, and the doors through which every effect of the host goes.

pub mod clock;
pub mod file;
pub mod http;
pub mod log;
pub mod process;
pub mod scope;
pub mod service;
pub mod store;
