//! One instance: started for a task, shared by its sessions, started again when it was lost.

use std::path::{Path, PathBuf};

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::{NotThere, Place, Waiting};
use serde::Deserialize;

use crate::config::{Config, Shared};
use crate::engine::{Engine, Ran, SOON};
use crate::limits;
use crate::task::{Keep, Task, fingerprint};

/// An instance that this process uses.
pub(crate) struct Instance {
    engine: Engine,
    task: Task,
    id: String,
    /// What starts it, without limits.
    arguments: Vec<String>,
    shared: Shared,
    /// What people read.
    name: String,
    /// The limits that do not hold for it.
    lacking: Vec<String>,
}

/// What the program tells of an instance.
#[derive(Deserialize)]
struct Listed {
    instance: String,
    pid: u32,
}

#[derive(Deserialize)]
struct List {
    instances: Vec<Listed>,
}

impl Instance {
    /// Finds the instance of a task, or starts it.
    ///
    /// # Errors
    /// `CONFIG` for settings that cannot be; `UNAVAILABLE` when it does not start.
    pub(crate) async fn open(
        engine: Engine,
        home: &str,
        image: &Path,
        task: &str,
        config: &Config,
        shared: &Shared,
    ) -> Result<Self> {
        let random: String = engine.host.random(8).iter().map(|byte| format!("{byte:02x}")).collect();
        let task = Task::take(home, task, (!shared.persistent).then_some(&random))?;
        let mut arguments = vec!["--containall", "--no-home", "--no-mount", "bind-paths"];
        if engine.root {
            arguments.push("--no-privs");
        }
        if !config.network {
            arguments.extend(["--net", "--network", "none"]);
        }
        let mut arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        match shared.persistent {
            true => arguments.extend(["--overlay".to_owned(), task.folder.join("overlay").display().to_string()]),
            false => arguments.push("--writable-tmpfs".to_owned()),
        }
        for file in credential_files(home, &shared.credential_files)? {
            arguments.extend(["--bind".to_owned(), file]);
        }
        arguments.push(image.display().to_string());
        let settings = format!("{arguments:?} {:?}", limits::arguments(shared));
        let id = format!("hermes-{}", fingerprint(&[home, &task.folder.display().to_string(), &settings]));
        let name = format!("instance `{id}`");
        let mut instance = Self { engine, task, id, arguments, shared: shared.clone(), name, lacking: Vec::new() };
        let pid = instance.ensure().await?;
        instance.lacking = limits::lacking(pid, shared);
        Ok(instance)
    }

    /// Which limits do not hold.
    pub(crate) fn lacking(&self) -> &[String] {
        &self.lacking
    }

    /// Starts it unless it runs. Returns the id of its first process.
    async fn ensure(&self) -> Result<u32> {
        if let Some(pid) = self.find().await? {
            return Ok(pid);
        }
        // Sessions of one task that are opened side by side start it once.
        let (_starting, waited) = self.task.starting(&self.engine.host).await?;
        if let (true, Some(pid)) = (waited, self.find().await?) {
            return Ok(pid);
        }
        let other = self.task.instance();
        if !other.is_empty() && other != self.id && self.is_running(&other).await? {
            return Err(PluginError::unavailable("Another session of this task has an instance with other settings")
                .with_hint("close it, or begin a task of its own"));
        }
        self.task.note(&self.id)?;
        let limited = self.start(&limits::arguments(&self.shared)).await?;
        if let Some(pid) = self.find().await? {
            return Ok(pid);
        }
        // Whoever is not root may have no say about limits here. That they do not hold is read back and said.
        let ran = match limited.said.contains("cgroup") {
            true => self.start(&[]).await?,
            false => limited,
        };
        if let Some(pid) = self.find().await? {
            return Ok(pid);
        }
        let hint = "`terminal.singularity_image` names the image; see whether it runs by hand";
        Err(PluginError::unavailable(format!("No instance can be started: {}", ran.complaint())).with_hint(hint))
    }

    async fn start(&self, limits: &[String]) -> Result<Ran> {
        let mut all = vec!["-q", "instance", "start"];
        all.extend(limits.iter().map(String::as_str));
        all.extend(self.arguments.iter().map(String::as_str));
        all.push(&self.id);
        self.engine.run(&all, SOON).await
    }

    /// The id of its first process, when it runs.
    async fn find(&self) -> Result<Option<u32>> {
        let ran = self.engine.run(&["-q", "instance", "list", "--json"], SOON).await?;
        let list = ran.said.find('{').and_then(|at| serde_json::from_str::<List>(&ran.said[at..]).ok());
        let list =
            list.ok_or_else(|| PluginError::unavailable(format!("Instances cannot be listed: {}", ran.complaint())))?;
        Ok(list.instances.into_iter().find(|listed| listed.instance == self.id).map(|listed| listed.pid))
    }

    async fn is_running(&self, name: &str) -> Result<bool> {
        let ran = self.engine.run(&["-q", "instance", "list", "--json", name], SOON).await?;
        Ok(ran.said.contains(&format!("\"{name}\"")))
    }

    async fn enter(&self) -> std::result::Result<Waiting, NotThere> {
        let place = format!("instance://{}", self.id);
        Waiting::start(&self.engine.host, |script| {
            let mut arguments = vec!["-q", "exec", "--cleanenv", "--pwd", "/"];
            if self.engine.root {
                arguments.push("--no-privs");
            }
            arguments.extend([&place, "sh", "-c", script]);
            self.engine.request(&arguments)
        })
        .await
    }
}

impl Place for Instance {
    fn host(&self) -> &Host {
        &self.engine.host
    }

    fn name(&self) -> &str {
        &self.name
    }

    async fn shell(&self) -> Result<Waiting> {
        match self.enter().await {
            Ok(waiting) => return Ok(waiting),
            Err(NotThere::Unstarted(error)) => return Err(error),
            // It may have been ended from outside; nothing has run.
            Err(NotThere::Ended(_)) => _ = self.ensure().await?,
        }
        self.enter().await.map_err(|error| match error {
            NotThere::Unstarted(error) => error,
            NotThere::Ended(said) => {
                let said = Ran { code: 1, said };
                PluginError::unavailable(format!("No shell can be started in the {}: {}", self.name, said.complaint()))
                    .with_hint("the image must have `sh` and `bash`")
            }
        })
    }

    async fn leave(&self, keep: Keep) -> Result<()> {
        self.task.leave(&self.engine, keep).await
    }
}

/// Files under the home, where commands find them: in the folder of hermes below their own home, to be read.
fn credential_files(home: &str, files: &[String]) -> Result<Vec<String>> {
    let mut binds = Vec::new();
    for file in files {
        let wrong = |why: &str| {
            PluginError::config(format!("`terminal.credential_files` names {file:?}, {why}"))
                .with_hint("paths are relative to the home of hermes")
        };
        if file.starts_with('/') || file.split('/').any(|part| part == "..") {
            return Err(wrong("which is not below the home"));
        }
        if file.contains([':', ',', '\\', '"']) || file.chars().any(char::is_control) {
            return Err(wrong("which cannot be bound"));
        }
        let Ok(path) = std::fs::canonicalize(Path::new(home).join(file)) else { continue };
        let root = std::fs::canonicalize(home).unwrap_or_else(|_| PathBuf::from(home));
        if !path.starts_with(&root) || !path.is_file() {
            return Err(wrong("which is no file below the home"));
        }
        binds.push(format!("{}:/root/.hermes/{file}:ro", path.display()));
    }
    Ok(binds)
}
