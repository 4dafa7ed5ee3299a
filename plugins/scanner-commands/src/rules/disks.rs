//! Disks: formatting, copying, partitioning, writing past the file system.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Syntax, WriteKind};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| makes_file_system(case) && !case.only_asks_help(),
        ..Rule::new("format-filesystem", "format filesystem", Severity::Critical)
    },
    Rule {
        matches: |case| {
            case.runs(&["dd", "gdd", "dcfldd"]) && case.args().iter().any(|word| word.leading().starts_with("if="))
        },
        ..Rule::new("disk-copy", "disk copy", Severity::High)
    },
    Rule {
        matches: |case| {
            case.changes().iter().any(|write| {
                write.path.is_block_device()
                    && (!matches!(write.kind, WriteKind::Remove | WriteKind::Attributes | WriteKind::CopyInto)
                        || case.is(&["shred"]))
            })
        },
        ..Rule::new("block-device-write", "write to block device", Severity::Critical)
    },
    Rule {
        matches: |case| !case.only_asks_help() && repartitions(case),
        ..Rule::new("disk-tool", "wipe or repartition a disk", Severity::Critical)
    },
];

fn makes_file_system(case: &Case) -> bool {
    case.program().is_some_and(|program| {
        ["mkfs", "mke2fs", "mkdosfs", "mkntfs", "mkreiserfs", "newfs", "mkswap"].contains(&&*program)
            || program.starts_with("mkfs.")
            || program.starts_with("newfs_")
    })
}

fn repartitions(case: &Case) -> bool {
    let flag = |short, long| case.has_flag(short, long);
    let says = |words: &[&str]| case.args().iter().any(|word| word.is_any(words));
    let Some(program) = case.program() else {
        return false;
    };
    let given = case.args().iter().any(|word| !word.leading().starts_with('-'));
    match &*program {
        "wipefs" => (flag('a', "all") || flag('o', "offset")) && !flag('n', "no-act"),
        "blkdiscard" | "luksErase" => given,
        "fdisk" | "cfdisk" | "gdisk" | "cgdisk" => given && !flag('l', "list") && !flag('s', "getsz"),
        "sfdisk" => given && !(flag('l', "list") || flag('d', "dump") || flag('J', "json") || flag('n', "no-act")),
        "sgdisk" => case.args().iter().any(|word| changes_table(&word.leading())),
        "parted" => {
            says(&["mklabel", "mktable", "mkpart", "mkpartfs", "rm", "resizepart", "resize", "rescue", "move", "set"])
        }
        "cryptsetup" => {
            says(&["luksFormat", "luksErase", "erase", "reencrypt", "luksKillSlot", "luksRemoveKey", "plainOpen"])
        }
        "hdparm" => case.args().iter().any(|word| word.leading().starts_with("--security-erase")),
        "nvme" => says(&["format", "sanitize", "write-zeroes", "delete-ns"]),
        "badblocks" => case.parse(&Syntax { short_values: "bcdopti", ..Syntax::GNU }).has('w', ""),
        "mdadm" => says(&["--zero-superblock", "--create", "-C"]),
        "pvremove" | "vgremove" | "lvremove" | "pvcreate" => given,
        "zpool" => says(&["destroy", "labelclear"]),
        "zfs" => says(&["destroy"]),
        "btrfs" => says(&["delete"]),
        "diskutil" => case.subcommand(0).is_some_and(|verb| {
            let verb = verb.to_ascii_lowercase();
            ["erase", "zero", "random", "secureerase", "partition", "reformat"]
                .iter()
                .any(|word| verb.starts_with(word))
        }),
        _ => false,
    }
}

/// The options of `sgdisk` that only look are few; the rest write.
fn changes_table(option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => ["zap", "clear", "delete", "new", "load-backup", "mbrtogpt", "gpttombr", "replicate", "typecode"]
            .iter()
            .any(|name| long.starts_with(name)),
        None => option
            .strip_prefix('-')
            .is_some_and(|letters| letters.starts_with(['z', 'Z', 'o', 'd', 'n', 'l', 'g', 'm', 'R', 't', 'G'])),
    }
}
