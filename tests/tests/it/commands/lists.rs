//! Lists of lines, written for this project: evasions must all be found, and nothing is found in everyday lines.

use super::found;

/// Reads a list: one line each, `␤` for a line break; lines that begin with `## ` are headings.
fn lines(list: &str) -> Vec<String> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## "))
        .map(|line| line.replace('␤', "\n"))
        .collect()
}

#[test]
fn evasions_are_found() {
    let lines = lines(include_str!("../../../fixtures/commands/evasions.txt"));
    assert!(lines.len() >= 700, "only {} lines", lines.len());
    let missed: Vec<&String> = lines.iter().filter(|line| found(line).is_empty()).collect();
    assert!(missed.is_empty(), "{} lines:\n{missed:#?}", missed.len());
}

#[test]
fn nothing_is_found_in_everyday_lines() {
    let lines = lines(include_str!("../../../fixtures/commands/everyday.txt"));
    assert!(lines.len() >= 1000, "only {} lines", lines.len());
    let alarms: Vec<_> = lines.iter().map(|line| (line, found(line))).filter(|(_, found)| !found.is_empty()).collect();
    assert!(alarms.is_empty(), "{} lines:\n{alarms:#?}", alarms.len());
}

/// What code of another language hands to a shell is judged as what it is, and the floor stands under it.
#[test]
fn literal_commands_in_other_code_are_judged() {
    for line in [
        "python3 -c 'import os; os.system(\"rm -rf /etc\")'",
        "python3 -c 'import shutil; shutil.rmtree(\"/etc\")'",
        "python3 - <<E\nimport subprocess\nsubprocess.run(['rm', '-rf', '/etc'])\nE",
        "echo 'require(\"child_process\").execSync(\"rm -rf /etc\")' > t.js; node t.js",
        "perl -e 'print `rm -rf /etc`'",
        "awk 'BEGIN { \"rm -rf /etc\" | getline }'",
        "printf 'all:\\n\\trm -rf /etc\\n' > Makefile; make",
        "echo '@reboot rm -rf /etc' | crontab -",
        "npx rimraf@5 x; vim -es -c '!rm -rf /etc' -c q",
    ] {
        let found = found(line);
        assert!(found.iter().any(|found| found.starts_with("floor")), "{line}: {found:?}");
    }
    for line in ["cat > t.py <<E\nprint('rm -rf /etc')\nE\npython3 t.py", "echo 'rm -rf /etc' > notes; cat notes"] {
        assert!(found(line).is_empty(), "{line}: {:?}", found(line));
    }
}
