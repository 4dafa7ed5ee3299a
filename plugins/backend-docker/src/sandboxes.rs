//! `hermes sandboxes`: what tasks keep on this machine, and taking away what nobody uses.
//!
//! Files go only when they are named: a container is made again, files are not.

use std::collections::BTreeMap;
use std::path::Path;

use hermes_plugin_api::prelude::*;
use serde::Serialize;

use crate::config::Config;
use crate::container;
use crate::engine::Engine;
use crate::task::{self, Unused};

const USAGE: &str = "usage: hermes sandboxes list [--json]\n       hermes sandboxes prune [--files] [--json]\n";

/// One task, as it is listed.
#[derive(Debug, Default, Serialize)]
struct Listed {
    task: String,
    /// The container's id, and what it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<Container>,
    /// A process of hermes uses it now.
    in_use: bool,
    /// Its folder, where it has one.
    files: Option<String>,
    /// Taken away by this run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pruned: bool,
    /// What could not be taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct Container {
    id: String,
    state: String,
}

/// Runs one of the verbs. Returns the exit code.
pub(crate) async fn run(host: &Host, config: &Config, argv: &[String], output: &Output) -> Result<i32> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let has = |flag: &str| words.contains(&flag);
    let known = |flags: &[&str]| words.iter().skip(1).all(|word| flags.contains(word));
    let mut tasks = match words.first() {
        Some(&"list") if known(&["--json"]) => find(host, config).await?.1,
        Some(&"prune") if known(&["--files", "--json"]) => prune(host, config, has("--files")).await?,
        Some(&("--help" | "-h")) => {
            output.write(USAGE).await?;
            return Ok(0);
        }
        _ => {
            return Err(
                PluginError::user(format!("{} is not a way to call it", argv.join(" "))).with_hint(USAGE.trim_end())
            );
        }
    };
    if words.first() == Some(&"prune") {
        tasks.retain(|task| task.pruned || task.failed.is_some());
    }
    let failed = tasks.iter().any(|task| task.failed.is_some());
    let text = if has("--json") { serde_json::to_string_pretty(&tasks)? + "\n" } else { table(&tasks, words[0]) };
    output.write(text).await?;
    Ok(i32::from(failed))
}

/// All tasks of this home, and the engine if one answers: files are there without it.
async fn find(host: &Host, config: &Config) -> Result<(Option<Engine>, Vec<Listed>)> {
    let home = host.describe().home;
    let engine = Engine::connect(host, &config.host).await.ok();
    let mut tasks: BTreeMap<String, Listed> = BTreeMap::new();
    let folder = task::folder(&home);
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let files = Some(folder.join(&name).display().to_string());
            tasks.insert(name.clone(), Listed { task: name, files, ..Listed::default() });
        }
    }
    if let Some(engine) = &engine {
        for found in container::list(engine, &home).await? {
            let entry =
                tasks.entry(found.task.clone()).or_insert_with(|| Listed { task: found.task, ..Listed::default() });
            entry.containers.push(Container { id: found.id, state: found.state });
        }
    }
    let mut tasks: Vec<Listed> = tasks.into_values().collect();
    for task in &mut tasks {
        task.in_use = Unused::find(&home, &task.task).is_none();
    }
    Ok((engine, tasks))
}

async fn prune(host: &Host, config: &Config, files: bool) -> Result<Vec<Listed>> {
    let home = host.describe().home;
    let (engine, mut tasks) = find(host, config).await?;
    for task in &mut tasks {
        // Held until it is done: nobody takes it into use meanwhile.
        let Some(_unused) = Unused::find(&home, &task.task) else { continue };
        if let Some(engine) = &engine {
            for container in &task.containers {
                match container::remove(engine, &container.id).await {
                    Some(error) => task.failed = Some(engine.failed("remove the container", &error).message),
                    None => task.pruned = true,
                }
            }
        }
        if let (true, None, Some(folder)) = (files, &task.failed, &task.files) {
            match std::fs::remove_dir_all(Path::new(folder)) {
                Ok(()) => task.pruned = true,
                Err(error) => task.failed = Some(format!("Failed to remove `{folder}`: {error}")),
            }
        }
    }
    Ok(tasks)
}

fn table(tasks: &[Listed], verb: &str) -> String {
    if tasks.is_empty() {
        return if verb == "list" { "There are no sandboxes.\n" } else { "Nothing to take away.\n" }.to_owned();
    }
    let width = tasks.iter().map(|task| task.task.chars().count()).max().unwrap_or_default();
    let line = |task: &Listed| {
        let states: Vec<&str> = task.containers.iter().map(|container| container.state.as_str()).collect();
        let container = if states.is_empty() { "-".to_owned() } else { states.join(",") };
        let state = match (&task.failed, task.pruned, task.in_use) {
            (Some(why), ..) => why.as_str(),
            (None, true, _) => "taken away",
            (None, false, true) => "in use",
            (None, false, false) => "unused",
        };
        let files = task.files.as_deref().unwrap_or("-");
        format!("{:width$}  {container:10}  {state:10}  {files}\n", plain(&task.task))
    };
    tasks.iter().map(line).collect()
}

/// A label may hold anything.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
