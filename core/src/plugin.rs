//! Plugins: found by manifest, trusted by lock, loaded through one door, called through typed handles.

pub mod handle;
