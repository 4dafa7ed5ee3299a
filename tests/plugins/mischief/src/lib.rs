//! A scanner that does whatever its plugin's id says: panics, hangs, or behaves.

use std::time::Duration;

use hermes_plugin_api::prelude::*;

export_plugin!(scanner "mischief" => |ctx| start(ctx));

struct Mischief {
    does: String,
}

fn start(ctx: &Context) -> Result<Mischief> {
    match ctx.plugin.as_str() {
        "scanner-panics-in-init" => panic!("in init"),
        "scanner-fails-in-init" => Err(PluginError::config("It wants `mischief.key`").with_hint("set `mischief.key`")),
        "scanner-hangs-in-init" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        does => Ok(Mischief { does: does.to_owned() }),
    }
}

impl Scanner for Mischief {
    fn scan(&self, subject: &Subject) -> impl Future<Output = Result<Vec<Finding>>> + Send {
        assert!(self.does != "scanner-panics-in-call", "in call");
        let does = self.does.clone();
        let text = match subject {
            Subject::Command(command) => command.command.text.clone(),
            _ => String::new(),
        };
        async move {
            match does.as_str() {
                "scanner-panics-in-poll" => panic!("in poll"),
                "scanner-panics-in-drop" => {
                    let _bomb = Bomb;
                    std::future::pending::<()>().await;
                }
                "scanner-blocks" => loop {
                    std::thread::sleep(Duration::from_secs(1));
                },
                "scanner-waits" => std::future::pending::<()>().await,
                "scanner-untidy" => return Ok(vec![finding("No Id", ""), finding("fine", "fine")]),
                _ => {}
            }
            Ok(if text.contains("mischief") { vec![finding("mischief", "mischief")] } else { Vec::new() })
        }
    }
}

impl Drop for Mischief {
    fn drop(&mut self) {
        assert!(self.does != "scanner-panics-in-drop", "in the drop of the scanner");
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

fn finding(rule: &str, title: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        title: title.to_owned(),
        severity: Severity::Medium,
        action: Action::Ask,
        remember: Remember::Always,
        ..Finding::default()
    }
}
