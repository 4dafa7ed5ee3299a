//! A real Apptainer for stories, with an image that is made here, from programs of this machine: nothing is fetched.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::hermes::{Hermes, run, text};
use crate::person::NOBODY;
use crate::skip::skip;

/// Makes a folder of programs, and a SIF file of it.
const MAKE: &str = r#"set -e
rm -rf "$1/root"; mkdir -p "$1/root"; cd "$1/root"
mkdir bin tmp etc proc sys dev root workspace run var var/tmp
for name in $(/bin/busybox --list); do ln -s busybox "bin/$name"; done
rm -f bin/busybox bin/bash; cp /bin/busybox /bin/bash bin/
for library in $(ldd /bin/bash | grep -o '/[^ ]*'); do mkdir -p ".${library%/*}"; cp -L "$library" ".$library"; done
echo root:x:0:0:root:/root:/bin/sh >etc/passwd; touch etc/group etc/resolv.conf
apptainer build -F "$1/image.part" "$1/root" && mv "$1/image.part" "$1/image.sif""#;

/// The image; `None`, said aloud, where there is no Apptainer.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn image() -> Option<PathBuf> {
    if !Path::new("/usr/bin/apptainer").exists() || !Path::new("/bin/busybox").exists() {
        skip("backend singularity", "tests/peers/apptainer.sh and apt-get install busybox-static");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("hermes-test-image-{}", uid()));
    std::fs::create_dir_all(&folder).expect("made");
    let lock = std::fs::File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("locked");
    let image = folder.join("image.sif");
    if !image.exists() {
        let ran = run(program("sh", &["-c", MAKE, "sh", text(&folder)]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    Some(image)
}

/// The program with this image; `more` are further lines under `terminal`, and after.
#[must_use]
pub fn hermes(image: &Path, more: &str) -> Hermes {
    Hermes::new().configured(&format!("terminal:\n  singularity_image: {}\n{more}", text(image)))
}

/// The program with arguments; what Apptainer keeps is in the story's folder.
#[must_use]
pub fn command(hermes: &Hermes, args: &[&str]) -> Command {
    let mut command = hermes.harmless(args);
    command.env("APPTAINER_CONFIGDIR", hermes.path("user/apptainer"));
    command
}

/// As [`command`], as somebody who is not root: root's containers are no boundary.
///
/// # Panics
/// When the story's folder cannot be given to them.
#[must_use]
pub fn ordinary(hermes: &Hermes, args: &[&str]) -> Command {
    if uid() != 0 {
        return command(hermes, args);
    }
    NOBODY.runs(hermes, args, &command(hermes, &[]))
}

/// The instances of a story that run.
#[must_use]
pub fn instances(hermes: &Hermes) -> usize {
    let mut list = program("apptainer", &["-q", "instance", "list", "--json"]);
    list.env("APPTAINER_CONFIGDIR", hermes.path("user/apptainer"));
    run(list).out.matches("\"instance\"").count()
}

/// Whether root runs the tests.
#[must_use]
pub fn is_root() -> bool {
    uid() == 0
}

fn uid() -> u32 {
    std::fs::metadata("/proc/self").expect("there").uid()
}

fn program(name: &str, args: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a story needs what it talks to")]
    let mut command = Command::new(name);
    command.args(args);
    command
}
