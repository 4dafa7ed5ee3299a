//! URLs that a model chose, through the program: which are fetched, and what is dialled.

mod check;
mod fetch;
mod web;
mod website;
