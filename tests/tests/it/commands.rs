//! The reader, the command rules, the floor and the protected things together: what a checked backend makes of a
//! line.

mod corpus;
mod examples;
mod lists;

use std::path::Path;

use hermes_core::guard::floor::{FloorContext, floor};
use hermes_core::guard::protect::Protected;
use hermes_plugin_api::rule::judge;

/// The rules of the plugin, compiled in: a plugin is a shared library and cannot be linked to.
#[path = "../../../plugins/scanner-commands/src"]
mod plugin {
    pub(crate) mod rules;
}

const CWD: &str = "/work/project";

/// Everything that is found in a line: ids of rules, and problems of the reader.
fn found(text: &str) -> Vec<String> {
    let command = hermes_core::command::read(text);
    let ctx = FloorContext { cwd: CWD.into(), home: "/home/ada".into(), own_pids: Vec::new(), in_gateway: false };
    let (home, bundled) = (Path::new("/home/ada"), Path::new("/opt/hermes/lib/hermes/plugins"));
    let protected = Protected::new(&home.join(".hermes"), home, bundled);

    let mut found: Vec<String> = judge(&plugin::rules::ALL, &command, CWD, |_| true)
        .into_iter()
        .chain(protected.self_disarm(&command, CWD))
        .map(|finding| finding.rule)
        .collect();
    found.extend(floor(&command, &ctx).map(|hit| format!("floor: {}", hit.what)));
    found.extend(command.problems.iter().map(|problem| format!("{:?}: {}", problem.kind, problem.message)));
    found
}
