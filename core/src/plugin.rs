//! Plugins: found by manifest, trusted by lock, loaded through one door, called through typed handles.

pub mod asks;
pub mod attended;
pub mod catalogue;
pub mod conform;
pub mod elf;
pub mod find;
pub mod handle;
pub mod install;
#[expect(unsafe_code, reason = "loads shared objects; the only place in core that may")]
pub mod load;
pub mod lock;
pub mod probe;
pub mod refusal;
pub mod registry;
pub mod state;
pub mod template;
pub mod trust;
