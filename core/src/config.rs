//! Layers, schema and comment-keeping edits of the configuration.
