//! Somebody who is not root, and who runs the program as such.

use std::process::Command;

use crate::hermes::{Hermes, run, text};

/// A user, who need not be known to this machine.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Their number.
    pub uid: u32,
    /// The number of their group.
    pub gid: u32,
    /// A further group of theirs.
    pub group: Option<u32>,
}

/// Who is nobody in particular.
pub const NOBODY: Person = Person { uid: 65_534, gid: 65_534, group: None };

impl Person {
    /// The program as they run it, with what `plain` has in its environment. The story's folder is theirs from now on.
    ///
    /// # Panics
    /// When it cannot be given to them.
    #[must_use]
    pub fn runs(&self, hermes: &Hermes, args: &[&str], plain: &Command) -> Command {
        let (uid, gid) = (self.uid.to_string(), self.gid.to_string());
        let given = run(program("chown", &["-R", &format!("{uid}:{gid}"), text(&hermes.path("."))]));
        assert_eq!(given.code, Some(0), "{given:?}");
        let group = self.group.map(|group| group.to_string());
        let groups = group.as_ref().map_or(vec!["--clear-groups"], |group| vec!["--groups", group]);
        let become_them = [&["--reuid", &uid, "--regid", &gid][..], &groups].concat();
        let path = hermes.program();
        let reaches = [&become_them[..], &["test", "-x", text(&path)]].concat();
        // Where the folders above the program are root's alone, it is at least let through them.
        let through: &[&str] = match run(program("setpriv", &reaches)).code {
            Some(0) => &[],
            _ => &["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"],
        };
        let all = [&become_them[..], through, &[text(&path)], args].concat();
        let mut command = program("setpriv", &all);
        command.env_clear().current_dir(hermes.path("work"));
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }
}

fn program(name: &str, args: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a story needs somebody else")]
    let mut command = Command::new(name);
    command.args(args);
    command
}
