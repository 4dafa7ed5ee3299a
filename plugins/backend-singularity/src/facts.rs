//! What an instance really is: looked at from inside, by a shell and nothing else.

/// Tells how the instance sees this machine, and whether `$1` is a directory there. What it opens for appending it does not write to.
pub(crate) const PROBE: &str = r#"mkdir -p /workspace /root 2>/dev/null
for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /sys/kernel/uevent_helper /sys/kernel/mm/ksm/run; do
  if ( : >>"$f" ) 2>/dev/null; then echo "kernel $f"; fi
done
while IFS=: read -r name rest; do
  case $rest in *[0-9]*) echo "net ${name##* }";; esac
done </proc/net/dev
while read -r line; do echo "mount $line"; done </proc/self/mountinfo
if [ -w /workspace ]; then echo "workspace"; fi
if command -v bash >/dev/null; then echo "bash"; fi
if [ -w /root ]; then echo "home"; fi
if ( cd -- "$1" ) 2>/dev/null; then echo "cwd"; fi"#;

/// Kinds of file systems that are the instance's own, or whose contents are the kernel's and guarded by it.
const OWN: [&str; 12] = [
    "overlay",
    "tmpfs",
    "proc",
    "sysfs",
    "mqueue",
    "devpts",
    "devtmpfs",
    "cgroup",
    "cgroup2",
    "squashfs",
    "ramfs",
    "fuse.fuse-overlayfs",
];

/// What [`PROBE`] told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Why it is no boundary, each a part of a sentence.
    pub(crate) open: Vec<String>,
    /// `/workspace` is there, and can be written in.
    pub(crate) workspace: bool,
    /// `/root` can be written in.
    pub(crate) home: bool,
    /// The shell that commands are written for is there.
    pub(crate) bash: bool,
    /// The directory that was asked for is there.
    pub(crate) cwd: bool,
}

impl Facts {
    /// Reads it. What was not told is taken for the worse.
    pub(crate) fn read(text: &str) -> Self {
        let mut facts = Self::default();
        let mut mounts = 0;
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("kernel", file)) => facts.opens("it can change the kernel of this machine", Some(file)),
                Some(("net", "lo")) => {}
                Some(("net", name)) => facts.opens("it has the network of this machine", Some(name)),
                Some(("mount", mount)) => {
                    mounts += 1;
                    if let Some(place) = writable(mount) {
                        facts.opens("files of this machine are in it and can be changed", Some(place));
                    }
                }
                _ => match line {
                    "workspace" => facts.workspace = true,
                    "home" => facts.home = true,
                    "bash" => facts.bash = true,
                    "cwd" => facts.cwd = true,
                    _ => {}
                },
            }
        }
        if mounts == 0 {
            facts.opens("it does not tell what is mounted in it", None);
        }
        facts
    }

    fn opens(&mut self, what: &str, which: Option<&str>) {
        if !self.open.iter().any(|said| said.starts_with(what)) {
            self.open.push(which.map_or_else(|| what.to_owned(), |which| format!("{what} (`{which}`)")));
        }
    }
}

/// Where a line of `mountinfo` mounts something of this machine that can be written to.
fn writable(line: &str) -> Option<&str> {
    let (fields, rest) = line.split_once(" - ")?;
    let mut fields = fields.split(' ').skip(4);
    let (place, options) = (fields.next()?, fields.next()?);
    let kind = rest.split(' ').next()?;
    let open = options.split(',').any(|option| option == "rw") && !OWN.contains(&kind);
    open.then_some(place)
}
