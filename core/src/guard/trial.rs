//! The leave for the conformance suite of backends to run its own commands, which no person is asked about.
//!
//! The suite lives in plugin-api; its commands are fixed texts, and what they touch are directories that it makes
//! itself. Whoever says `hermes plugins test` asks for just these. Nothing else can be run with this leave, it is for
//! one session, and it is not given before it stands in the audit log.

use hermes_plugin_api::backend::ExecRequest;
use hermes_plugin_api::conformance::lines::is_own_line;
use hermes_plugin_api::conformance::{is_own_command, is_own_file};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};

use super::audit::{Audit, Record};
use super::witness::{Authorized, Exec, Write};
use crate::host::clock;

/// The leave, for one session of one backend.
#[derive(Debug)]
pub(crate) struct Trial {
    backend: String,
    session: String,
}

impl Trial {
    /// Writes down that the suite runs on a plugin's backend, and gives the leave.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) fn begin(audit: &Audit, plugin: &str, backend: &str, session: &str) -> Result<Self> {
        audit.record(&Record {
            time_ms: clock::now_ms(),
            session,
            who: "plugins test",
            backend,
            command: &format!("the fixed commands of the conformance suite, on plugin {plugin}"),
            allowed: true,
            by: "conformance",
            ..Record::default()
        })?;
        Ok(Self { backend: backend.to_owned(), session: session.to_owned() })
    }

    /// Allows one command of the suite's.
    ///
    /// # Errors
    /// `DENIED` for any other.
    pub(crate) fn command(&self, request: &ExecRequest) -> Result<Authorized<Exec>> {
        let command = is_own_command(request).ok_or_else(|| denied("command"))?.to_owned();
        let cwd = request.cwd.clone().unwrap_or_default();
        let (backend, session) = (self.backend.clone(), self.session.clone());
        Ok(Authorized::mint(Exec { command, cwd, backend, session }))
    }

    /// Allows one command line of the suite's, in a directory.
    ///
    /// # Errors
    /// `DENIED` for any other.
    pub(crate) fn line(&self, text: &str, cwd: &str) -> Result<Authorized<Exec>> {
        if !is_own_line(text) {
            return Err(denied("command"));
        }
        let (backend, session) = (self.backend.clone(), self.session.clone());
        Ok(Authorized::mint(Exec { command: text.to_owned(), cwd: cwd.to_owned(), backend, session }))
    }

    /// Allows one file of the suite's to be written.
    ///
    /// # Errors
    /// `DENIED` for any other.
    pub(crate) fn file(&self, path: &str) -> Result<Authorized<Write>> {
        if !is_own_file(path) {
            return Err(denied("file"));
        }
        let (backend, session) = (self.backend.clone(), self.session.clone());
        Ok(Authorized::mint(Write { path: path.to_owned(), backend, session }))
    }
}

fn denied(what: &str) -> PluginError {
    PluginError::new(ErrorCode::DENIED, format!("This is no {what} of the conformance suite"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_covers_the_suites_own_and_nothing_else_and_is_written_down() {
        let home = tempfile::tempdir().expect("a directory");
        let audit = Audit::new(home.path());
        let trial = Trial::begin(&audit, "backend-mine", "mine", "s").expect("given");
        let log = std::fs::read_to_string(audit.path()).expect("written");
        assert!(log.contains(r#""who":"plugins test""#) && log.contains("on plugin backend-mine"), "{log}");
        let request = |argv: &[&str]| ExecRequest {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            ..ExecRequest::default()
        };
        let own = trial.command(&request(&["sh", "-c", "exit \"$1\"", "sh", "3"])).expect("allowed");
        assert_eq!((own.effect().backend.as_str(), own.effect().session.as_str()), ("mine", "s"));
        let other = trial.command(&request(&["sh", "-c", "rm -r /", "sh"])).expect_err("denied");
        assert_eq!(other.code, ErrorCode::DENIED);
        assert!(trial.line("cd /; export CONFORMANCE=left", "/").is_ok());
        assert_eq!(trial.line("rm -r /", "/").expect_err("denied").code, ErrorCode::DENIED);
        assert!(trial.file("/w/hermes-conformance.aB3dE6/x").is_ok());
        assert_eq!(trial.file("/etc/passwd").expect_err("denied").code, ErrorCode::DENIED);
    }

    #[test]
    fn what_cannot_be_written_down_is_not_given() {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("logs"), "in the way").expect("written");
        let refused = Trial::begin(&Audit::new(home.path()), "backend-mine", "mine", "s");
        assert_eq!(refused.expect_err("refused").code, ErrorCode::UNAVAILABLE);
    }
}
