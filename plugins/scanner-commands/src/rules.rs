//! The rules, by family. Each is an id, a title for the prompt and one question; the examples that hold them to
//! their word are in `examples.yaml`.

mod accounts;
mod clouds;
mod containers;
mod databases;
mod delete;
mod disks;
mod files;
mod gateway;
mod git;
mod interpreters;
mod leaks;
mod network;
mod permissions;
mod processes;
mod programs;
mod remote;
mod schedules;
mod services;
mod sql;
mod traces;

use std::sync::LazyLock;

use hermes_plugin_api::rule::Rule;

/// Every rule, in the order in which findings of one simple command are shown.
pub(crate) static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [
        delete::RULES,
        permissions::RULES,
        disks::RULES,
        databases::RULES,
        files::RULES,
        services::RULES,
        processes::RULES,
        gateway::RULES,
        remote::RULES,
        interpreters::RULES,
        git::RULES,
        accounts::RULES,
        schedules::RULES,
        leaks::RULES,
        network::RULES,
        traces::RULES,
        containers::RULES,
        clouds::RULES,
    ]
    .concat()
});
