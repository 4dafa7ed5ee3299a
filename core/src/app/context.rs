//! What prompts are made of in a run of the program: the home's own texts, the project's, and what the manifests of
//! plugins in use say to a model.

use std::path::{Path, PathBuf};

use hermes_plugin_api::manifest::{Kind, Provide};

use super::{App, scanners};
use crate::context::Context;
use crate::context::admit::Admission;
use crate::guard::content::Contents;
use crate::notes::Notebook;
use crate::plugin::handle::{Origin, ToolsHandle};

/// The kind of subject that judges what enters a prompt.
const SUBJECT: &str = "context_file";
/// Where nobody watches, an answer is text for programs.
const PIPED: &str = "Your last words go into a pipe or a file, alone: plain text, without markdown.";

/// Where a conversation takes place.
pub struct Surroundings<'a> {
    /// The toolsets in use.
    pub toolsets: &'a [ToolsHandle],
    /// The directory of the project, where it is on this machine.
    pub directory: Option<PathBuf>,
    /// Where commands run, in words for a model.
    pub place: String,
    /// The platform, where somebody watches.
    pub platform: Option<&'a Origin>,
}

impl App {
    /// What prompts are made of there.
    #[must_use]
    pub fn context(&self, there: Surroundings<'_>) -> Context {
        let in_use = |plugin: &str, offer: &Provide| {
            there.toolsets.iter().any(|tools| tools.origin().plugin == plugin && tools.origin().name == offer.name)
        };
        let guidance = self.plugins.offers(Kind::McpServer).filter(|(entry, offer)| in_use(&entry.found.id, offer));
        let shown = |origin: &Origin| {
            let mut offers = self.plugins.offers(Kind::Platform);
            let of_it = offers.find(|(entry, offer)| entry.found.id == origin.plugin && offer.name == origin.name);
            of_it.map(|(_, offer)| offer.guidance.clone()).unwrap_or_default()
        };
        Context {
            soul: self.home.soul_file(),
            directory: there.directory,
            guidance: guidance.map(|(_, offer)| offer.guidance.clone()).collect(),
            place: there.place,
            platform: there.platform.map_or_else(|| PIPED.to_owned(), shown),
            notes: Notebook::new(self.home.clone()),
            admission: self.admission(),
            told: Default::default(),
        }
    }

    /// Who decides what enters a prompt: every enabled scanner of context files, and the owner's exceptions.
    #[must_use]
    pub fn admission(&self) -> Admission {
        let contents = self.late_contents();
        let user = self.config.environment().user_home();
        let path = |path: &str| match (path.strip_prefix("~/"), &user) {
            (Some(rest), Some(user)) => user.join(rest),
            _ => Path::new(path).to_owned(),
        };
        let allowed = self.config.settings.security.context_allow.iter();
        let allowed = allowed.map(|allow| (path(&allow.path), allow.sha256.clone())).collect();
        Admission::new(contents, allowed, self.way_to_a_scanner())
    }

    /// Every enabled scanner of context files, for later.
    pub fn late_contents(&self) -> impl FnOnce() -> Contents + Send + 'static {
        let (plugins, config) = (self.plugins.clone(), self.config.clone());
        move || Contents::new(scanners::of(&plugins, &config, SUBJECT))
    }

    /// Every enabled scanner of context files.
    #[must_use]
    pub fn contents(&self) -> Contents {
        Contents::new(scanners::of(&self.plugins, &self.config, SUBJECT))
    }

    /// How the owner gets a scanner of context files.
    fn way_to_a_scanner(&self) -> String {
        let judges = |offer: &Provide| offer.subjects.iter().any(|subject| subject == SUBJECT);
        let known = self.plugins.catalogue().provides(Kind::Scanner).find(|(_, offer)| judges(offer));
        match known {
            Some((listed, _)) => {
                let refusal = self.plugins.absence(&listed.id);
                format!("{refusal} ({})", refusal.hint)
            }
            None => "See `hermes plugins list` for what is installed".to_owned(),
        }
    }
}
