//! Where hermes lives and how it is set up: the only door to the environment and the home directory.
//!
//! Everything here is read at the edge and handed down as values. Nothing in it may name a plugin: what core
//! knows of plugins it has not loaded comes in as [`keys::Claim`]s and [`layers::Catalogue`] data.
pub mod check;
pub mod dotenv;
pub mod edit;
pub mod environment;
pub mod home;
pub mod keys;
pub mod layers;
pub mod problem;
pub mod schema;
pub mod settings;
pub mod yaml;

pub use environment::Environment;
pub use home::Home;
pub use keys::{Claim, KeySpace};
pub use layers::{Catalogue, Config, Origin, Sources};
pub use problem::{ConfigError, Problem};
pub use settings::Settings;
