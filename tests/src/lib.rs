//! Fakes and helpers shared by the stories in `tests/it`.

pub mod apptainer;
pub mod docker;
pub mod dockerd;
pub mod hermes;
pub mod lab;
pub mod model_server;
pub mod owner;
pub mod person;
pub mod plugins;
pub mod podman;
pub mod registry;
pub mod skip;
pub mod sshd;
pub mod terminal;
