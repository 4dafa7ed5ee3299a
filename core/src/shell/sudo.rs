//! The password for `sudo`, fed on standard input.
//!
//! It is the first line that the wrapper reads, in a form that looks the same however a shell quotes it, so that it
//! is hidden wherever a command prints its variables. It is on no command line and in no environment.

use hermes_plugin_api::secret::Secret;

use crate::command;
use crate::redact;

/// What runs before a command that runs `sudo`, on one line: a function of that name, which the command's own shell
/// finds first. Programs that run `sudo` themselves do not.
///
/// What `sudo` does not ask for it does not read: then the password would be the first line that the command reads.
/// So it is fed to `sudo -v`, and the command has its own input. Only where nothing is remembered from one `sudo` to
/// the next is it fed before the command's input; a command that needs no password there would read it. Whoever says
/// how `sudo` asks is left alone. `builtin command` would not do: where it fails, `set -e` ends even a condition.
pub(super) const SCRIPT: &str = concat!(
    r#"unset -v __hermes_sudo; builtin read -r __hermes_sudo; "#,
    r#"__hermes_password() { builtin printf '%b\n' "${__hermes_sudo//x/\\x}" 2>/dev/null; }; "#,
    r#"__hermes_alone() { local __hermes_word; builtin type -P sudo >/dev/null || return 0; "#,
    r#"while [[ ${1-} == -?* || ${1-} == [a-zA-Z_]*=* ]]; do __hermes_word=$1; shift; case $__hermes_word in "#,
    r#"--) return 1;; --a*|--st*|--n*|--r*|--ve*|--he*) return 0;; --*=*) ;; "#,
    r#"--u*|--g*|--pro*|--ho*|--ch*|--t*|--cl*|--co*|--o*|--login-*) shift "$(($# > 0))";; --*) ;; "#,
    r#"-*) while __hermes_word=${__hermes_word#?}; [[ $__hermes_word ]]; do case $__hermes_word in "#,
    r#"[AKNSVhkn]*) return 0;; [CDRTUacgprtu]) shift "$(($# > 0))"; break;; [CDRTUacgprtu]*) break;; "#,
    r#"esac; done;; esac; done; return 1; }; "#,
    r#"sudo() { { local -; set +x; } 2>/dev/null; if __hermes_alone "$@"; then command sudo "$@"; "#,
    r#"elif ! command sudo -S -p '' -v < <(__hermes_password) "#,
    r#"|| command sudo -n -v </dev/null 2>/dev/null; then command sudo -n "$@"; "#,
    r#"else command sudo -k -S -p '' "$@" < <(__hermes_password; exec cat 2>/dev/null); fi; }; "#,
);

/// The password, from the settings.
#[derive(Clone, Debug)]
pub struct Sudo {
    line: Secret,
}

impl Sudo {
    /// Takes the password in, and keeps it out of what is shown.
    #[must_use]
    pub fn new(password: &Secret) -> Self {
        let encoded: String = password.expose().bytes().map(|byte| format!("x{byte:02x}")).collect();
        redact::know([password.clone(), Secret::new(encoded.as_str())]);
        Self { line: Secret::new(encoded + "\n") }
    }

    /// What the wrapper reads first.
    pub(super) fn line(&self) -> Vec<u8> {
        self.line.expose().as_bytes().to_vec()
    }
}

/// Whether a command runs `sudo`.
pub(super) fn is_run_by(text: &str) -> bool {
    let runs = |simple: &hermes_plugin_api::command::Simple| {
        let launched = simple.via.iter().any(|launcher| launcher.program == "sudo");
        launched || simple.words.first().is_some_and(|word| word.leading() == "sudo")
    };
    text.contains("sudo") && command::read(text).simple.iter().any(runs)
}
