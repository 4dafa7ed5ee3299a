//! Plugins: found by manifest, trusted by lock, loaded through one door, called through typed handles.

pub mod catalogue;
pub mod find;
pub mod handle;
#[expect(unsafe_code, reason = "loads shared objects; the only place in core that may")]
pub mod load;
pub mod lock;
pub mod registry;
pub mod template;
pub mod trust;
