//! Podman for stories, of the machine's root or of an ordinary person, as another engine that the program talks to.
//!
//! Each has its own storage, settings and socket, and mounts what it mounts where nobody else sees it. Like Docker's,
//! it goes on until the next run finds it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use crate::docker::{self, Engine, command, has};
use crate::hermes::{run, text};
use crate::person::Person;
use crate::skip::skip;

/// Whose the rootless engine is. Nothing of this machine knows them.
pub const OWNER: Person = Person { uid: 64_001, gid: 64_001, group: None };

/// What must be there.
const PROGRAMS: [&str; 5] = ["podman", "runc", "catatonit", "newuidmap", "iptables"];

/// What works in a machine within a machine too: no systemd, groups of control of either version, hard bounds of
/// open files that cannot be raised.
const SETTINGS: &str = "[containers]
default_ulimits = [\"nofile=16384:16384\", \"nproc=16384:16384\"]
[engine]
cgroup_manager = \"cgroupfs\"
runtime = \"runc\"
events_logger = \"file\"
[network]
network_backend = \"netavark\"
";

/// Serves in a space of mounts of its own, as the user of `$2`, who is root or is made known there.
const SERVE: &str = r#"set -e
cd "$1"
export HOME="$1/home" XDG_RUNTIME_DIR="$1/run" CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf"
echo $$ >pid
if [ "$2" = 0 ]; then exec podman system service -t 0 "unix://$1/sock"; fi
cp /etc/passwd /etc/group .
echo "hermes-person:x:$2:$2::$1/home:/bin/sh" >>passwd
echo "hermes-person:x:$2:" >>group
echo 'hermes-person:7000000:65536' >subuid
cp subuid subgid
for file in passwd group subuid subgid; do [ -e "/etc/$file" ] || : >"/etc/$file"; mount --bind "$file" "/etc/$file"; done
chown -R "$2:$2" home run
exec setpriv --reuid "$2" --regid "$2" --clear-groups podman system service -t 0 "unix://$1/run/sock"
"#;

/// Podman of the machine's root; `None`, said aloud, where this machine can have none.
#[must_use]
pub fn rootful() -> Option<&'static Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    ENGINE.get_or_init(|| start(&docker::folder().join("podman"), None)).as_ref()
}

/// Podman of [`OWNER`], whose files lie where they can come to.
#[must_use]
pub fn rootless() -> Option<&'static Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    ENGINE.get_or_init(|| start(&reachable(), Some(&OWNER))).as_ref()
}

/// A folder that everybody can come to, whose path is kept where the engines of this build are.
fn reachable() -> PathBuf {
    let kept = docker::folder().join("rootless");
    fs::create_dir_all(docker::folder()).expect("made");
    let lock = fs::File::create(kept.with_extension("lock")).expect("a lock");
    lock.lock().expect("locked");
    if let Some(folder) = fs::read_to_string(&kept).ok().map(PathBuf::from).filter(|folder| folder.is_dir()) {
        return folder;
    }
    let folder = tempfile::Builder::new().prefix("hermes-podman-").tempdir().expect("made").keep();
    fs::write(&kept, text(&folder)).expect("written");
    folder
}

fn start(folder: &Path, owner: Option<&Person>) -> Option<Engine> {
    if !docker::is_root() || !PROGRAMS.iter().all(|program| has(program)) || !Path::new("/bin/busybox").exists() {
        let wanted = "install podman, runc, catatonit, netavark, aardvark-dns, uidmap and busybox-static, and be root";
        skip("backend-docker over podman", wanted);
        return None;
    }
    for name in ["home", "run", "data", "net"] {
        fs::create_dir_all(folder.join(name)).expect("made");
    }
    let lock = fs::File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("locked");
    let (uid, socket) = owner.map_or((0, folder.join("sock")), |owner| (owner.uid, folder.join("run/sock")));
    let engine = Engine::at(&format!("unix://{}", text(&socket)));
    if !engine.answers() {
        let (data, state, driver) = match owner {
            None => (folder.join("data"), folder.join("run/state"), "overlay"),
            // Layers need what only root has here, or FUSE.
            Some(_) => (folder.join("home/data"), folder.join("run/state"), "vfs"),
        };
        let storage = format!("[storage]\ndriver = \"{driver}\"\ngraphroot = {data:?}\nrunroot = {state:?}\n");
        let settings = format!("{SETTINGS}network_config_dir = {:?}\n", text(&folder.join("net")));
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
        write("storage.conf", &storage);
        write("containers.conf", if owner.is_some() { SETTINGS } else { &settings });
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("set");
        let _ = fs::remove_file(&socket);
        let log = fs::File::create(folder.join("log")).expect("a log");
        // In a session of its own: it outlives the test that began it.
        let mut podman = command("setsid");
        podman.args(["--fork", "unshare", "--mount", "sh", "-c", SERVE, "sh", text(folder), &uid.to_string()]);
        podman.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        assert!(podman.status().expect("started").success(), "podman was not started");
        let came = (0..120).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(250));
            engine.answers()
        });
        assert!(came, "podman does not answer: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
    engine.make_images(&docker::folder());
    Some(engine)
}

/// The engine's socket.
///
/// # Panics
/// When it has none on this machine.
#[must_use]
pub fn socket(engine: &Engine) -> PathBuf {
    engine.host().strip_prefix("unix://").expect("a socket").into()
}

/// The version of Podman that this machine has.
#[must_use]
pub fn version() -> String {
    let mut podman = command("podman");
    podman.arg("--version");
    run(podman).out.trim().trim_start_matches("podman version ").to_owned()
}
