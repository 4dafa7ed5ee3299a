//! The container of a task: made with the flags of the security page, found again by its labels, and taken away.
//!
//! Nothing of the environment goes in here: an engine shows the configuration of a container to everybody who may
//! ask it. Containers without this home's labels are never touched.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HostConfig, Mount, MountType};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use hermes_plugin_api::backend::SharedFile;
use hermes_plugin_api::prelude::*;

use crate::config::Config;
use crate::engine::{Engine, is_conflict, is_missing};
use crate::image;
use crate::task::{self, Task, Unused};

/// The label that names the home.
const HOME: &str = "hermes.home";
/// The label that names the task.
const TASK: &str = "hermes.task";

/// Where commands begin.
pub(crate) const WORKSPACE: &str = "/workspace";
/// The home in the container.
pub(crate) const ROOT: &str = "/root";

/// The page's tmpfs mounts, to the letter.
const TMPFS: [(&str, &str); 3] = [
    ("/tmp", "rw,nosuid,size=512m"),
    ("/var/tmp", "rw,noexec,nosuid,size=256m"),
    ("/run", "rw,noexec,nosuid,size=64m"),
];

/// How many processes a container may have.
pub(crate) const PIDS: i64 = 256;

/// How often, and how far apart, it is looked whether a container that is being removed is gone.
const PATIENCE: u32 = 50;
const MOMENT: Duration = Duration::from_millis(100);

const MEGABYTE: i64 = 1 << 20;

/// What a container is to be.
pub(crate) struct Plan {
    /// Its name.
    pub(crate) name: String,
    /// Its configuration.
    pub(crate) body: ContainerCreateBody,
}

/// Who uses the container: files that it leaves in the folders of the task belong to the user of this process.
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether a file system in memory can be given to them by number, which Podman does not take.
    pub(crate) can_own: bool,
}

impl User {
    /// The user of this process. In a rootless engine that is the container's root.
    pub(crate) fn of(engine_is_rootless: bool, engine_is_podman: bool) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let can_own = !engine_is_podman;
        match std::fs::metadata("/proc/self") {
            Ok(own) if !engine_is_rootless => Self { uid: own.uid(), gid: own.gid(), can_own },
            _ => Self { uid: 0, gid: 0, can_own },
        }
    }

    /// Options of a file system in memory that is theirs.
    fn owns(&self) -> String {
        match self {
            Self { uid: 0, .. } => "mode=0755".to_owned(),
            Self { uid, gid, can_own: true } => format!("uid={uid},gid={gid},mode=0755"),
            // Podman's word for the user of the container. It takes the mode from what the image has there.
            Self { can_own: false, .. } => "mode=0755,U".to_owned(),
        }
    }

    /// As the engine takes it; nothing for root, who needs no telling.
    fn told(&self) -> Option<String> {
        (self.uid != 0).then(|| format!("{}:{}", self.uid, self.gid))
    }
}

impl Plan {
    /// Plans the container of a task.
    ///
    /// # Errors
    /// `CONFIG` for volumes that are none; `UNAVAILABLE` when the task's folders cannot be made.
    pub(crate) fn new(
        config: &Config,
        home: &str,
        task: &Task,
        files: &[SharedFile],
        user: &User,
        disk: bool,
    ) -> Result<Self> {
        let mut tmpfs: HashMap<String, String> = TMPFS.map(|(path, options)| (path.into(), options.into())).into();
        let mut mounts = Vec::new();
        let here = config.mount_cwd.then(std::env::current_dir).transpose();
        let here = here.map_err(|error| PluginError::unavailable(format!("The working directory is gone: {error}")))?;
        for (place, name) in [(WORKSPACE, "workspace"), (ROOT, "home")] {
            match &here {
                Some(here) if place == WORKSPACE => mounts.push(bind(here, place)),
                _ if config.persistent => {
                    let folder = task.folder.join(name);
                    std::fs::create_dir_all(&folder).map_err(|error| {
                        PluginError::unavailable(format!("Failed to make `{}`: {error}", folder.display()))
                    })?;
                    mounts.push(bind(&folder, place));
                }
                _ => {
                    let size = if config.disk > 0 { format!(",size={}m", config.disk) } else { String::new() };
                    tmpfs.insert(place.into(), format!("rw,exec,nosuid,{}{size}", user.owns()));
                }
            }
        }
        for SharedFile { source, name } in files {
            if config.persistent
                && let Some(parent) = task.folder.join("home/.hermes").join(name).parent()
            {
                // What the engine makes on the way belongs to root.
                let _ = std::fs::create_dir_all(parent);
            }
            let target = format!("{ROOT}/.hermes/{name}");
            mounts.push(Mount { read_only: Some(true), ..bind(Path::new(source), &target) });
        }
        let host = HostConfig {
            cap_drop: Some(vec!["ALL".into()]),
            cap_add: Some(config.cap_add.clone()).filter(|more| !more.is_empty()),
            security_opt: Some(vec!["no-new-privileges".into()]),
            pids_limit: Some(PIDS),
            tmpfs: Some(tmpfs),
            init: Some(true),
            nano_cpus: Some(nano_cpus(config.cpu)),
            memory: Some(i64::from(config.memory) * MEGABYTE),
            storage_opt: disk.then(|| HashMap::from([("size".into(), format!("{}m", config.disk))])),
            network_mode: (!config.network).then(|| "none".into()),
            mounts: Some(mounts),
            binds: Some(volumes(&config.volumes)?).filter(|binds| !binds.is_empty()),
            ..HostConfig::default()
        };
        let mut body = ContainerCreateBody {
            image: Some(config.image.clone()),
            entrypoint: Some(vec!["sleep".into()]),
            cmd: Some(vec!["2147483647".into()]),
            user: user.told(),
            working_dir: Some(WORKSPACE.into()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let shape = serde_json::to_string(&serde_json::to_value(&body)?)?;
        let name = format!("hermes-{}-{}", task::digest(&[home, &task.name]), &task::digest(&[&shape])[..8]);
        body.labels = Some(HashMap::from([(HOME.into(), home.into()), (TASK.into(), task.name.clone())]));
        Ok(Self { name, body })
    }

    /// Makes the container run: the one that is there already, or a new one.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) async fn run(&self, engine: &Engine, told: &dyn image::Told) -> Result<ContainerInspectResponse> {
        let api = &engine.api;
        let mut patience = PATIENCE;
        loop {
            let there = match api.inspect_container(&self.name, None).await {
                Ok(there) => there,
                Err(error) if is_missing(&error) => {
                    self.create(engine, told).await?;
                    continue;
                }
                Err(error) => return Err(engine.failed("look for the container", &error)),
            };
            if !self.is_own(&there) {
                let error = PluginError::unavailable(format!("There is a container `{}` that is not ours", self.name));
                return Err(error.with_hint("rename or remove it"));
            }
            if is_running(&there) {
                return Ok(there);
            }
            match api.start_container(&self.name, None).await {
                Ok(()) => {}
                Err(error) if is_missing(&error) => continue,
                // Somebody is taking it away right now.
                Err(error) if is_conflict(&error) && patience > 0 => {
                    patience -= 1;
                    tokio::time::sleep(MOMENT).await;
                    continue;
                }
                Err(error) => {
                    let error = engine.failed("start the container", &error);
                    self.remove(engine).await;
                    return Err(error);
                }
            }
            let there = api.inspect_container(&self.name, None).await;
            let there = there.map_err(|error| engine.failed("look at the container", &error))?;
            if is_running(&there) {
                return Ok(there);
            }
            let state = there.state.unwrap_or_default();
            self.remove(engine).await;
            let why = state.error.filter(|why| !why.is_empty());
            let why = why.unwrap_or_else(|| format!("exit code {}", state.exit_code.unwrap_or_default()));
            let text = format!("The container ended as soon as it was started: {why}");
            let hint = format!("does `{}` have `sleep` and `sh`?", self.image());
            return Err(PluginError::unavailable(text).with_hint(hint));
        }
    }

    async fn create(&self, engine: &Engine, told: &dyn image::Told) -> Result<()> {
        let options = CreateContainerOptionsBuilder::new().name(&self.name).build();
        let mut created = engine.api.create_container(Some(options.clone()), self.body.clone()).await;
        if let Err(error) = &created
            && is_missing(error)
        {
            image::pull(engine, self.image(), told).await?;
            created = engine.api.create_container(Some(options), self.body.clone()).await;
        }
        match created {
            // Somebody was faster.
            Err(error) if is_conflict(&error) => Ok(()),
            Err(Error::DockerResponseServerError { status_code: 400, message })
                if message.contains("reference format") =>
            {
                let error = PluginError::config(format!("`{}` is not the name of an image: {message}", self.image()));
                Err(error.with_hint("write `terminal.docker_image: name:tag` or `name@sha256:…`, in small letters"))
            }
            Err(error) => Err(engine.failed("make the container", &error)),
            Ok(_) => Ok(()),
        }
    }

    /// Takes the container away, if it is there.
    pub(crate) async fn remove(&self, engine: &Engine) -> Option<Error> {
        remove(engine, &self.name).await
    }

    pub(crate) fn image(&self) -> &str {
        self.body.image.as_deref().unwrap_or_default()
    }

    fn is_own(&self, there: &ContainerInspectResponse) -> bool {
        let labels = there.config.as_ref().and_then(|config| config.labels.as_ref());
        let ours = self.body.labels.iter().flatten();
        labels.is_some_and(|labels| ours.into_iter().all(|(name, value)| labels.get(name) == Some(value)))
    }
}

/// A container of this home.
pub(crate) struct Found {
    pub(crate) id: String,
    /// Whose it is, as its label says.
    pub(crate) task: String,
    /// What it does.
    pub(crate) state: String,
}

/// Containers of this home.
pub(crate) async fn list(engine: &Engine, home: &str) -> Result<Vec<Found>> {
    let filters = HashMap::from([("label", vec![format!("{HOME}={home}")])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let found = engine.api.list_containers(Some(options)).await;
    let found = found.map_err(|error| engine.failed("list the containers", &error))?;
    let of = |labels: &HashMap<String, String>, name: &str| labels.get(name).cloned().unwrap_or_default();
    let named = found.into_iter().filter_map(|one| {
        let labels = one.labels.unwrap_or_default();
        // The filter of an engine is not trusted with what may be removed.
        let state = one.state.map(|state| state.to_string()).unwrap_or_default();
        (of(&labels, HOME) == home).then(|| Some(Found { id: one.id?, task: of(&labels, TASK), state })).flatten()
    });
    Ok(named.collect())
}

/// How long a container that nobody uses stays for a process that goes on with its task, in milliseconds.
const ORPHANED: u64 = 3_600_000;

/// Takes away what processes left that ended without closing: containers of this home whose tasks nobody has used
/// for a while. Their files stay.
pub(crate) async fn reap(engine: &Engine, home: &str, now: u64) -> Result<()> {
    for Found { id, task, .. } in list(engine, home).await? {
        let unused = Unused::find(home, &task).filter(|unused| now.saturating_sub(unused.since) >= ORPHANED);
        if unused.is_some() {
            tracing::info!(task, "Removing a container that nobody uses.");
            if let Some(error) = remove(engine, &id).await {
                tracing::warn!(task, %error, "A container that nobody uses could not be removed.");
            }
        }
    }
    Ok(())
}

/// Takes a container away with its anonymous volumes. Returns what went wrong.
pub(crate) async fn remove(engine: &Engine, id: &str) -> Option<Error> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    engine.api.remove_container(id, Some(options)).await.err().filter(|error| !is_missing(error))
}

/// Whether it runs.
pub(crate) fn is_running(there: &ContainerInspectResponse) -> bool {
    there.state.as_ref().and_then(|state| state.running).unwrap_or_default()
}

fn bind(source: &Path, target: &str) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_string_lossy().into_owned()),
        target: Some(target.to_owned()),
        ..Mount::default()
    }
}

/// Volumes as the engine takes them. A relative path would be taken for a name, or be refused without a reason.
fn volumes(volumes: &[String]) -> Result<Vec<String>> {
    for volume in volumes {
        let mut parts = volume.split(':');
        let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let source_fits = !source.is_empty() && (source.starts_with('/') || !source.contains('/'));
        if !source_fits || !target.starts_with('/') {
            let error = PluginError::config(format!("`{volume}` in `terminal.docker_volumes` is not a volume"));
            return Err(error.with_hint("write `/path/here:/path/there` or `/path/here:/path/there:ro`"));
        }
    }
    Ok(volumes.to_vec())
}

/// Cores in the engine's unit.
pub(crate) fn nano_cpus(cores: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a number of cores, in bounds")]
    let nano = (cores.clamp(0.01, 10_000.0) * 1e9) as i64;
    nano
}
