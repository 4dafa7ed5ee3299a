//! Fakes and helpers shared by the stories in `tests/it`.
