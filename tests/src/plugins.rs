//! Builds the plugins in `tests/plugins`, once, and puts them into folders as plugins are shipped.
//!
//! They are built outside of the workspace against the installed sources of plugin-api; `probe` also against
//! copies of those sources as an older, a newer and an incompatible version would have them.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A library among those that are built here: `mischief`, `aborts`, `raw`, `raw-other-epoch`, `errand`, `worker`, `asker`,
/// `probe`,
/// and `probe-older`, `probe-newer`, `probe-other-major`.
///
/// # Panics
/// When they cannot be built.
#[must_use]
pub fn library(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(build).join(format!("{name}.so"));
    assert!(path.exists(), "`{}` was not built", path.display());
    path
}

/// A plugin as it is shipped.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Its id.
    pub id: String,
    /// Its library, as [`library`] names it.
    pub library: String,
    /// `kind name`, each.
    pub provides: Vec<String>,
    /// More lines of the manifest.
    pub more: String,
}

impl Shipped {
    /// A plugin that offers what its library does.
    #[must_use]
    pub fn new(id: &str, library: &str) -> Self {
        let provides = match library {
            library if library.starts_with("probe") => vec!["scanner probe".to_owned(), "commands probe".to_owned()],
            library if library.starts_with("raw") => vec!["scanner raw".to_owned()],
            "errand" | "worker" => vec![format!("commands {library}")],
            "asker" => vec!["mcp_server asker".to_owned()],
            library => vec![format!("scanner {library}")],
        };
        Self { id: id.to_owned(), library: library.to_owned(), provides, more: String::new() }
    }

    /// With other capabilities in the manifest: kind and name, and what a scanner judges if that is not commands.
    #[must_use]
    pub fn provides(mut self, provides: &[&str]) -> Self {
        self.provides = provides.iter().map(|&one| one.to_owned()).collect();
        self
    }

    /// With more lines in the manifest.
    #[must_use]
    pub fn more(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self.more.push('\n');
        self
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> String {
        let offer = |text: &String| {
            let mut words = text.split(' ');
            let (kind, name) = (words.next().unwrap_or_default(), words.next().expect("kind and name"));
            let judges = words.next().unwrap_or("command");
            // Only what ships with the program is asked at once, whatever others say of themselves.
            let scanner = format!(", subjects: [{judges}], at_once: true");
            let subjects = if kind == "scanner" { scanner } else { String::new() };
            format!("  - {{kind: {kind}, name: {name}{subjects}}}\n")
        };
        let offers: String = self.provides.iter().map(offer).collect();
        format!(
            "id: {}\nversion: 0.1.0\ndescription: Built for the tests.\napi: {{epoch: 1, min: '1.0'}}\n\
             library: lib.so\nprovides:\n{offers}{}",
            self.id, self.more
        )
    }

    /// Writes it into a folder of its id below `dir`, and returns that folder.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn put(&self, dir: &Path) -> PathBuf {
        let folder = dir.join(&self.id);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("plugin.yaml"), self.manifest()).expect("written");
        fs::copy(library(&self.library), folder.join("lib.so")).expect("copied");
        folder
    }
}

/// The prefix that everything was installed into for the tests.
fn prefix() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "xtask says here where it installed the program")]
    let prefix = std::env::var_os("HERMES_TEST_PREFIX").expect("run the tests with `cargo xtask test`");
    prefix.into()
}

fn cargo() -> Command {
    #[expect(clippy::disallowed_methods, reason = "cargo says here which one it is")]
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    #[expect(clippy::disallowed_methods, reason = "builds plugins as their authors do")]
    Command::new(cargo)
}

/// Builds a crate of somebody else's in place, as its author would.
///
/// # Panics
/// When that fails.
pub fn build_crate(dir: &Path) {
    // What the plugins here are made of has been built already.
    let _ = library("mischief");
    let target = prefix().parent().expect("the prefix lies in the target directory").join("test-plugins/build");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), dir.join("Cargo.lock")).expect("copied");
    let mut cargo = cargo();
    cargo.args(["build", "--offline", "--quiet"]).current_dir(dir).env("CARGO_TARGET_DIR", &target);
    // As the plugins here are built, so that nothing is built twice.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_INCREMENTAL", "0");
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{cargo:?}: {}", String::from_utf8_lossy(&output.stderr));
    let name = dir.file_name().expect("it has a name").to_string_lossy().replace('-', "_");
    let built = dir.join("target/debug");
    fs::create_dir_all(&built).expect("made");
    fs::copy(target.join(format!("debug/lib{name}.so")), built.join(format!("lib{name}.so"))).expect("copied");
}

/// Builds all of them unless they are there. Several processes may ask at once: one builds.
fn build() -> PathBuf {
    let root = prefix().parent().expect("the prefix lies in the target directory").join("test-plugins");
    fs::create_dir_all(root.join("out")).expect("a folder");
    let lock = fs::File::create(root.join("lock")).expect("a lock");
    lock.lock().expect("locked");
    let sources = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins"));
    let api = read(&prefix().join("share/hermes/plugin-api"));
    let mut hasher = DefaultHasher::new();
    (&sources, &api, prefix(), fs::read(env!("CARGO_MANIFEST_DIR").to_owned() + "/../Cargo.lock").ok())
        .hash(&mut hasher);
    let stamp = hasher.finish().to_string();
    if fs::read_to_string(root.join("stamp")).is_ok_and(|known| known == stamp) {
        return root.join("out");
    }
    let current = Workspace::new(&root, "current", &sources, &prefix().join("share/hermes/plugin-api"));
    current.build(&["build"], &["mischief", "errand", "worker", "asker", "probe", "raw"].map(|name| (name, name)));
    current.build(&["build", "-p", "raw", "--features", "raw/other-epoch"], &[("raw", "raw-other-epoch")]);
    current.build(&["rustc", "-p", "aborts", "--", "-Cpanic=abort"], &[("aborts", "aborts")]);
    for (name, version, features) in
        [("older", "1.0.0", ""), ("newer", "1.2.0", "probe/newer"), ("other-major", "2.0.0", "")]
    {
        let copy = root.join("src").join(name).join("api");
        write(&copy, &api.iter().map(|(path, text)| (path.clone(), vary(path, text, name, version))).collect());
        let workspace = Workspace::new(&root, name, &sources, &copy);
        workspace.build(&["build", "-p", "probe", "--features", features], &[("probe", &format!("probe-{name}"))]);
    }
    fs::write(root.join("stamp"), stamp).expect("written");
    root.join("out")
}

/// A file of plugin-api as another version has it.
fn vary(path: &str, text: &str, name: &str, version: &str) -> String {
    let text = text.replace("version = \"1.1.0\"", &format!("version = \"{version}\""));
    match name {
        "older" => without_newer(&text),
        "newer" => with_more(path, &text),
        _ => text,
    }
}

/// Without what came after 1.0.
fn without_newer(text: &str) -> String {
    let mut kept = true;
    let lines = text.lines().filter(|line| {
        let line = line.trim();
        kept &= !line.starts_with("// [since ");
        let keep = kept;
        kept |= line == "// [end]";
        keep
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// With one more method in every trait of the wire, and the host's called by its face for authors.
fn with_more(path: &str, text: &str) -> String {
    let wire =
        "    /// Came later.\n    fn later(&self) -> RString {\n        RString::from(\"nothing, it is older\")\n    }";
    let face = "    /// Came later.\n    pub fn later(&self) -> String {\n        self.0.later().into()\n    }";
    let method = if path.starts_with("abi/") { wire } else { face };
    let lines = text.lines().flat_map(|line| {
        let marked = line.trim().starts_with("// [next ");
        [if marked { method } else { line }, "\n"]
    });
    lines.collect()
}

/// A copy of `tests/plugins` that is built against certain sources of plugin-api.
struct Workspace {
    dir: PathBuf,
    target: PathBuf,
    out: PathBuf,
}

impl Workspace {
    fn new(root: &Path, name: &str, sources: &BTreeMap<String, String>, api: &Path) -> Self {
        let dir = root.join("src").join(name).join("plugins");
        let filled = |text: &String| text.replace("{{api}}", &api.display().to_string());
        write(&dir, &sources.iter().map(|(path, text)| (path.clone(), filled(text))).collect());
        // The versions that the workspace uses, which are there without a network.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, dir.join("Cargo.lock")).expect("copied");
        Self { dir, target: root.join("build"), out: root.join("out") }
    }

    fn build(&self, args: &[&str], libraries: &[(&str, &str)]) {
        let mut cargo = cargo();
        let (verb, rest) = args.split_first().expect("a verb");
        cargo.arg(verb).args(["--offline", "--quiet"]).args(rest);
        cargo.current_dir(&self.dir).env("CARGO_TARGET_DIR", &self.target).env_remove("RUSTFLAGS");
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "{cargo:?}: {}", String::from_utf8_lossy(&output.stderr));
        for (from, to) in libraries {
            let from = self.target.join("debug").join(format!("lib{from}.so"));
            fs::copy(from, self.out.join(format!("{to}.so"))).expect("copied");
        }
    }
}

/// The text files below a folder, by their relative path.
fn read(dir: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("`{}`: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let relative = path.strip_prefix(dir).expect("it lies there");
                files.insert(relative.display().to_string(), text);
            }
        }
    }
    files
}

/// Writes files, and leaves those alone that say so already: cargo looks at their times.
fn write(dir: &Path, files: &BTreeMap<String, String>) {
    for (path, text) in files {
        let path = dir.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }
}
