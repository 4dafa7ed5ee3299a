//! What is floor, and what only looks like it.

use hermes_plugin_api::command::{How, Launcher, Piece, Redirect, RedirectOp, Simple, Unknown, Why};

use super::*;

fn ctx() -> FloorContext {
    FloorContext { cwd: "/work".into(), home: "/home/ada".into(), own_pids: vec![4321], in_gateway: true }
}

/// Words are split at blanks; `~` at the start of one is the home, and `*` is a pattern.
fn line(text: &str) -> Command {
    let words = text.split(' ').map(word).collect();
    Command { text: text.into(), simple: vec![Simple { words, ..Simple::default() }], ..Command::default() }
}

fn word(text: &str) -> Word {
    let mut pieces = Vec::new();
    let rest = match text.strip_prefix('~') {
        Some(rest) => {
            pieces.push(Piece::Home);
            rest
        }
        None => text,
    };
    match rest.split_once('*') {
        Some((before, _)) => {
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.into())));
            pieces.push(Piece::Glob("*".into()));
        }
        None => pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.into()))),
    }
    Word { pieces, ..Word::default() }
}

/// A check, what it must find, and what only looks like it.
const EXAMPLES: &[(&str, &[&str], &[&str])] = &[
    (
        "recursive delete of a system directory or home",
        &[
            "rm -rf /",
            "rm -rf /*",
            "rm -rf /.",
            "rm -rf //",
            "rm -rf /tmp/..",
            "rm -rf --no-preserve-root /",
            "rm --recursive -f /etc",
            "rm -r /usr/*",
            "rm -rf /lib64",
            "rm -rf x /home/",
            "rm -rf ~",
            "rm -rf ~/",
            "rm -rf ~/*",
            "rm -rf /home/ada",
            "find / -delete",
            "find ~ -xdev -delete",
        ],
        &[
            "rm -rf /etc/nginx",
            "rm -rf /home/ada/project",
            "rm -rf /var/tmp/x",
            "rm -rf build",
            "rm -rf *",
            "rm -f /etc/hosts",
            "rm /",
            "find / -name x -delete",
            "find . -delete",
            "rm -rf /tmp/*",
        ],
    ),
    (
        "format or overwrite a disk",
        &[
            "mkfs.ext4 /dev/sdb1",
            "mkfs -t ext4 /dev/nvme0n1",
            "dd if=x of=/dev/sda",
            "tee /dev/vda",
            "cp x /dev/mmcblk0",
            "shred /dev/sda",
        ],
        &[
            "mkfs.ext4 disk.img",
            "mkfs --help",
            "dd if=/dev/sda of=disk.img",
            "wipefs -a /dev/sda",
            "cat /dev/sda",
            "tee /dev/null",
        ],
    ),
    (
        "signal to every process",
        &["kill -9 -1", "kill -KILL -1", "kill -SIGKILL -1", "kill -s 9 -1", "kill -9 -- -1", "kill -- -1", "killall5"],
        &["kill -1 4321000", "kill -9 1234", "kill -0 -1", "kill -l", "kill -9 -1234", "pkill node"],
    ),
    (
        "shut down or restart the machine",
        &[
            "shutdown",
            "shutdown -h now",
            "reboot",
            "halt -f",
            "poweroff",
            "init 0",
            "telinit 6",
            "systemctl reboot --force",
            "systemctl --no-wall poweroff",
            "systemctl isolate reboot.target",
            "tee /proc/sysrq-trigger",
        ],
        &[
            "shutdown -c",
            "shutdown --help",
            "init 3",
            "systemctl status reboot.target",
            "systemctl restart nginx",
            "echo reboot",
        ],
    ),
    (
        "stop or replace the gateway from inside it",
        &[
            "kill 4321",
            "kill -9 -4321",
            "pkill hermes",
            "pkill -f hermes",
            "hermes gateway stop",
            "hermes -p work gateway restart",
            "hermes update",
            "systemctl --user restart hermes-gateway",
        ],
        &[
            "hermes gateway status",
            "hermes gateway stop --help",
            "pkill node",
            "kill -0 4321",
            "kill 1234",
            "systemctl --user status hermes-gateway",
        ],
    ),
];

#[test]
fn what_ends_the_machine_or_the_gateway_is_floor_and_nothing_else() {
    for (what, finds, spares) in EXAMPLES {
        assert!(finds.len() >= 5 && spares.len() >= 5, "{what}");
        for text in *finds {
            assert_eq!(floor(&line(text), &ctx()).map(|hit| hit.what), Some(*what), "{text}");
        }
        for text in *spares {
            assert_eq!(floor(&line(text), &ctx()), None, "{text}");
        }
    }
    // How functions multiply takes more than one command to say.
    let covered = |what: &&str| *what == "fork bomb" || EXAMPLES.iter().any(|(own, ..)| own == what);
    assert!(CHECKS.iter().all(|(what, _)| covered(what)));
}

#[test]
fn the_working_directory_counts() {
    let mut command = line("cd /");
    command.simple.extend(line("rm -rf *").simple);
    assert!(floor(&command, &ctx()).is_some());
    let at_home = FloorContext { cwd: "/home/ada".into(), ..ctx() };
    assert!(floor(&line("rm -rf ."), &at_home).is_some());
}

#[test]
fn unknown_words_are_asked_about_elsewhere() {
    let mut command = line("rm -rf x");
    let unknown = Unknown { why: Why::Variable, name: "X".into(), from: Vec::new(), quoted: true };
    command.simple[0].words[2].pieces = vec![Piece::Unknown(unknown)];
    assert_eq!(floor(&command, &ctx()), None);
}

#[test]
fn outside_the_gateway_it_may_be_stopped() {
    let outside = FloorContext { in_gateway: false, ..ctx() };
    assert_eq!(floor(&line("hermes gateway stop"), &outside), None);
    assert!(floor(&line("kill 4321"), &outside).is_some());
}

#[test]
fn redirections_onto_disks_are_floor() {
    let mut command = line("echo x");
    command.simple[0].redirects = vec![Redirect { fd: Some(1), op: RedirectOp::Write, target: Word::from("/dev/sda") }];
    assert!(floor(&command, &ctx()).is_some());
}

#[test]
fn a_function_that_multiplies_is_floor() {
    let mut command = line("bomb");
    command.simple[0].via = vec![Launcher { program: "bomb".into(), how: How::Definition }];
    assert_eq!(floor(&command, &ctx()), None);
    command.simple[0].background = true;
    assert!(floor(&command, &ctx()).is_some());
}

#[test]
fn a_directory_holds_in_its_own_shell() {
    for (text, is_floor) in [
        ("cd / && (cd /tmp; ls); rm -rf *", true),
        ("cd /; ls | cd /tmp; rm -rf *", true),
        ("cd /; bash -c 'cd /tmp'; rm -rf *", true),
        ("cd /; echo $(cd /tmp); rm -rf *", true),
        ("cd /; cd /tmp & rm -rf *", true),
        ("cd /; (rm -rf *)", true),
        ("cd /; (cd usr; (cd ..; rm -rf *))", true),
        ("cd /; { cd /tmp; }; rm -rf *", false),
        ("(cd /); rm -rf *", false),
        ("(cd /; ls) && rm -rf *", false),
        ("bash -c 'cd /; ls'; rm -rf *", false),
        ("cd / | rm -rf *", false),
        ("cd /tmp; (cd /; ls); (rm -rf *)", false),
    ] {
        assert_eq!(floor(&crate::command::read(text), &ctx()).is_some(), is_floor, "{text}");
    }
}
