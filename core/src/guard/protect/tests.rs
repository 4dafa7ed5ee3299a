//! What is protected, and what is left alone.

use super::*;

fn protected() -> Protected {
    Protected::new(Path::new("/srv/agent"), Path::new("/home/ada"), Path::new("/opt/hermes/lib/hermes/plugins"))
}

fn disarms(text: &str) -> bool {
    let command = Command::of(&text.split(' ').collect::<Vec<_>>());
    !protected().self_disarm(&command, "/work").is_empty()
}

#[test]
fn paths_have_a_class() {
    for (path, class) in [
        ("/srv/agent/config.yaml", Some(Class::Settings)),
        ("/srv/agent/.env", Some(Class::Settings)),
        ("/srv/agent/profiles/work/config.yaml", Some(Class::Settings)),
        ("/home/ada/.hermes/config.yaml", Some(Class::Settings)),
        ("/srv/agent/plugins/x/plugin.yaml", Some(Class::Plugins)),
        ("/srv/agent/plugins.lock", Some(Class::Plugins)),
        ("/srv/agent/active_profile", Some(Class::Settings)),
        ("/opt/hermes/lib/hermes/plugins/scanner-commands/lib.so", Some(Class::Plugins)),
        ("/srv/agent/pairing/telegram-approved.json", Some(Class::Pairing)),
        ("/srv/agent/logs/audit.jsonl", Some(Class::Audit)),
        ("/srv/agent/state.db-wal", Some(Class::State)),
        ("/home/ada/.config/systemd/user/hermes-gateway.service", Some(Class::Service)),
        ("/home/ada/.bashrc", Some(Class::ShellStartup)),
        ("/home/ada/.ssh/config", Some(Class::Login)),
        ("/home/ada/.netrc", Some(Class::Credential)),
        ("/srv/agent/logs/hermes.log", None),
        ("/srv/agent/notes.txt", None),
        ("/work/config.yaml", None),
        ("/work/.env", None),
    ] {
        assert_eq!(protected().classify_write(Path::new(path)), class, "{path}");
    }
}

#[test]
fn secrets_are_not_read() {
    for (path, hidden) in [
        ("/srv/agent/.env", true),
        ("/srv/agent/pairing/telegram-approved.json", true),
        ("/home/ada/.ssh/id_ed25519", true),
        ("/home/ada/.aws/credentials", true),
        ("/etc/shadow", true),
        ("/srv/agent/config.yaml", false),
        ("/home/ada/.ssh/id_ed25519.pub", false),
        ("/home/ada/.bashrc", false),
        ("/work/.env.example", false),
    ] {
        assert_eq!(protected().classify_read(Path::new(path)).is_some(), hidden, "{path}");
    }
}

#[test]
fn commands_that_change_the_guard_are_found() {
    for text in [
        "tee /srv/agent/config.yaml",
        "cp x /srv/agent/.env",
        "mv /srv/agent/plugins.lock /tmp",
        "rm -r /srv/agent/pairing",
        "rm -rf /srv/agent",
        "sed -i s/manual/off/ /srv/agent/config.yaml",
        "ln -s /srv/agent /tmp/x",
        "ln -sf /tmp/x /srv/agent/config.yaml",
        "install x /srv/agent/plugins/x.so",
        "rsync -a x/ /srv/agent/",
        "truncate -s 0 /srv/agent/logs/audit.jsonl",
        "dd if=x of=/srv/agent/state.db",
        "chmod 777 /srv/agent/config.yaml",
        "vim /srv/agent/config.yaml",
        "sqlite3 /srv/agent/state.db",
        "xxd -r dump /srv/agent/config.yaml",
        "gzip /srv/agent/logs/audit.jsonl",
        "find / -fprint /srv/agent/.env",
        "mount --bind x /srv/agent/plugins",
        "script /srv/agent/config.yaml",
        "tar xCf /srv/agent/plugins a.tar",
        "systemctl --user edit hermes-gateway",
        "export HERMES_HOME=/tmp/other",
        "env HERMES_PLUGIN_PATH=/tmp/x hermes chat",
        "hermes config set approvals.mode off",
        "hermes -p work config set security.tirith_enabled false",
        "hermes config set telegram.TELEGRAM_ALLOWED_USERS 1",
        "hermes config edit",
        "hermes config set acme.base_url http://evil.example",
        "hermes config set acme.endpoints.mine http://evil.example",
        "hermes model set acme fast --base-url http://evil.example",
        "hermes setup --detect",
        "env HERMES_ACME_BASE_URL=http://evil.example hermes -q hi",
        "export HERMES_APPROVALS_MODE=off",
        "hermes plugins disable scanner-commands",
        "hermes pairing approve telegram ABC",
        "hermes profile use lax",
        "hermes tools disable terminal",
        "hermes mcp add x",
        "hermes --yolo",
        "export HERMES_YOLO_MODE=1",
        "hermes chat -q hi --yolo",
        "target/debug/hermes plugins install ./x",
        "cargo run -p hermes-core -- plugins remove x",
        "cargo xtask run -- config set approvals.mode off",
    ] {
        assert!(disarms(text), "{text}");
    }
}

#[test]
fn commands_that_only_look_are_not() {
    for text in [
        "cat /srv/agent/config.yaml",
        "cp /srv/agent/config.yaml /tmp/b",
        "ls /srv/agent/plugins",
        "cp notes.txt /srv/agent/",
        "tee /srv/agent/notes.txt",
        "hermes config show",
        "hermes config path",
        "gzip -k /srv/agent/logs/audit.jsonl",
        "xxd /srv/agent/config.yaml",
        "tar cCf /srv/agent/plugins a.tar .",
        "systemctl --user status hermes-gateway",
        "hermes model list",
        "hermes model show --json",
        "export HERMES_LOG=debug",
        "hermes config set terminal.timeout 60",
        "hermes plugins list",
        "hermes pairing list",
        "hermes profile list",
        "hermes tools",
        "hermes mcp list",
        "hermes plugins install --help",
        "cargo run -- config show",
        "cargo xtask test",
        "rm -rf /work/build",
        "chmod 600 /home/ada/.ssh/id_rsa",
    ] {
        assert!(!disarms(text), "{text}");
    }
}

#[test]
fn a_yes_lasts_for_one_execution() {
    let findings = protected().self_disarm(&Command::of(&["hermes", "config", "edit"]), "/work");
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule.as_str(), findings[0].remember), ("self-disarm", Remember::Once));
    assert_eq!(findings[0].program.as_deref(), Some("hermes"));
}

/// Every place of the page, by every way that a line has to change a file.
#[test]
fn every_way_to_change_a_protected_place_is_found() {
    const PLACES: &[&str] = &[
        "/srv/agent/config.yaml",
        "/srv/agent/.env",
        "/srv/agent/plugins/x/plugin.yaml",
        "/srv/agent/plugins.lock",
        "/srv/agent/pairing/chat-approved.json",
        "/srv/agent/logs/audit.jsonl",
        "/srv/agent/state.db",
        "/srv/agent/profiles/work/.env",
        "/opt/hermes/lib/hermes/plugins/scanner-commands/plugin.yaml",
        "/etc/systemd/system/hermes-gateway.service",
    ];
    const WAYS: &[&str] = &[
        "tee {}",
        "tee -a {}",
        "cp x {}",
        "mv x {}",
        "mv {} x",
        "ln -sf x {}",
        "ln {} x",
        "install -m 600 x {}",
        "rsync x {}",
        "scp h:x {}",
        "sed -i s/a/b/ {}",
        "perl -pi -e s/a/b/ {}",
        "dd if=x of={}",
        "truncate -s 0 {}",
        "rm {}",
        "unlink {}",
        "shred -u {}",
        "chmod 666 {}",
        "chown ada {}",
        "patch {} x.diff",
        "curl -o {} https://example.com",
        "wget -O {} https://example.com",
        "vim {}",
        "sort -o {} x",
        "sponge {}",
        "gpg -o {} x",
        "openssl enc -in x -out {}",
    ];
    for place in PLACES {
        for way in WAYS {
            assert!(disarms(&way.replace("{}", place)), "{way} with {place}");
        }
    }
}

#[test]
fn what_rules_speak_of_is_touched_too() {
    let protected = Protected::new(Path::new("/home/ada/.hermes"), Path::new("/home/ada"), Path::new("/opt/hermes"));
    let touched = |text: &str| protected.is_touched(&crate::command::read(text), "/work");
    for text in [
        "echo x >>~/.ssh/config",
        "cp x ~/.netrc",
        "tee -a /home/ada/.bashrc",
        "rm ~/.ssh/id_ed25519",
        "true && sed -i s/a/b/ ~/.hermes/config.yaml",
    ] {
        assert!(touched(text), "{text}");
    }
    for text in ["rm -r build", "cat ~/.ssh/config", "echo x >/etc/motd", "echo '>~/.ssh/config'"] {
        assert!(!touched(text), "{text}");
    }
}
