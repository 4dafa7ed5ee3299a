//! Puts the parts together: home, plugins found, configuration, services, guard.
//!
//! In two steps, so that what only reads (`plugins list`, `config check`) pays and risks no more than reading:
//! [`Ground`] opens no library and needs no valid configuration; [`App`] has both.

pub mod context;
mod egress;
pub mod live;
mod models;
mod scanners;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use hermes_plugin_abi::HostBox;
use hermes_plugin_api::manifest::{Kind, Manifest};
use serde_json::{Value, json};

use crate::config::environment::Environment;
use crate::config::home::{Home, Profile};
use crate::config::keys::{Claim, KeyPath, Owner};
use crate::config::layers::{Catalogue as Known, Config, Sources};
use crate::config::settings;
use crate::env_policy::{self, Asking, Child};
use crate::error::Failure;
use crate::guard::egress::Egress;
use crate::guard::{Audit, ConsentStore, Guard, Mode, Policy, ScannerSlot, Unattended};
use crate::host::http::Http;
use crate::host::scope::Scopes;
use crate::host::service::{self, LateEgress, Services};
use crate::plugin::catalogue::{Catalogue, Listed};
use crate::plugin::find::{self, Found, Roots};
use crate::plugin::lock::Source;
use crate::plugin::registry::{Plugins, Supply};
use crate::plugin::state::Choice;
use live::Live;

/// What can be known without a configuration and without opening a library.
#[derive(Clone)]
pub struct Ground {
    /// The home.
    pub home: Home,
    /// The environment of the process.
    pub env: Environment,
    /// Where plugins lie.
    pub roots: Roots,
    /// What lies there.
    pub found: Vec<Found>,
    /// What first-party plugins claim.
    pub catalogue: Catalogue,
}

impl Ground {
    /// Looks around.
    ///
    /// # Errors
    /// When there is no home, or a lock file or the catalogue is malformed.
    pub fn survey(env: Environment, profile: Option<Profile>) -> Result<Self, Failure> {
        let home = Home::resolve(&env)?;
        let profile = profile.map_or_else(|| home.active_profile(), |profile| Ok(Some(profile)))?;
        let home = profile.map_or(home.clone(), |profile| home.profile(profile));
        home.check()?;
        let extra = env.var("HERMES_PLUGIN_PATH").map(|paths| std::env::split_paths(paths).collect());
        let bundle = crate::config::environment::prefix().map(|prefix| prefix.join("lib/hermes"));
        let roots = Roots { extra: extra.unwrap_or_default(), home: home.root().to_owned(), bundle };
        Self::of(home, env, roots)
    }

    /// What a configuration is made of here.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources::new(self.home.clone(), self.env.clone(), self.known())
    }

    /// The same home with the plugins that lie there now.
    ///
    /// # Errors
    /// As [`Self::survey`].
    pub fn again(&self) -> Result<Self, Failure> {
        Self::of(self.home.clone(), self.env.clone(), self.roots.clone())
    }

    fn of(home: Home, env: Environment, roots: Roots) -> Result<Self, Failure> {
        let found = find::find(&roots)?;
        let catalogue = roots.bundle.as_ref().map(|bundle| Catalogue::read(&bundle.join("catalogue.yaml")));
        let catalogue = catalogue.transpose()?.unwrap_or_default();
        Ok(Self { home, env, roots, found, catalogue })
    }

    fn known(&self) -> Known {
        let installed = |id: &str| self.found.iter().any(|found| found.id == id);
        let mut claims: Vec<Claim> = Vec::new();
        for listed in &self.catalogue.plugins {
            claims.extend(claims_of(listed, installed(&listed.id)));
        }
        for found in self.found.iter().filter(|found| self.catalogue.find(&found.id).is_none()) {
            let Ok(manifest) = &found.manifest else { continue };
            let theirs = claims_of(&Listed::from(manifest), true);
            // One that claims what is taken is broken, and said to be; its keys do not count.
            if self.catalogue.violated_by(manifest).is_some() {
                continue;
            }
            let taken = |claim: &Claim| claims.iter().any(|known| overlap(known, claim));
            if !theirs.iter().any(taken) {
                claims.extend(theirs);
            }
        }
        Known { claims, defaults: self.defaults(), secrets: self.secrets() }
    }

    /// Names of variables that hold secrets of plugins, installed or known.
    fn secrets(&self) -> BTreeSet<String> {
        let manifests = self.found.iter().filter_map(|found| found.manifest.as_ref().ok());
        let installed = manifests.flat_map(|manifest| &manifest.secrets);
        self.catalogue.plugins.iter().flat_map(|listed| &listed.secrets).chain(installed).cloned().collect()
    }

    /// Defaults of core's keys that are the name of a plugin.
    fn defaults(&self) -> Value {
        let bundled = self.found.iter().filter(|found| found.source == Source::Bundled);
        let bundled: Vec<Listed> = bundled.filter_map(|found| found.manifest.as_ref().ok().map(Listed::from)).collect();
        let all = || self.catalogue.plugins.iter().chain(&bundled);
        let offers = |kind: Kind| {
            all().flat_map(move |one| {
                one.provides.iter().filter(move |offer| offer.kind == kind).map(move |offer| (one, offer))
            })
        };
        let named = |kind: Kind| offers(kind).find(|(_, offer)| offer.default).map(|(_, offer)| offer.name.clone());
        let mut required: Vec<&str> =
            offers(Kind::Scanner).filter(|(_, o)| o.required).map(|(one, _)| one.id.as_str()).collect();
        required.dedup();
        let mut defaults = json!({ "security": { "required_scanners": required } });
        if let Some(backend) = named(Kind::Backend) {
            defaults["terminal"] = json!({ "backend": backend });
        }
        if let Some(model) = named(Kind::Model) {
            defaults["model"] = json!({ "provider": model });
        }
        defaults
    }

    /// The plugins, as a configuration chooses among them. Without a supply they can be listed and not started.
    #[must_use]
    pub fn plugins(self, config: &Config, supply: Option<Box<dyn Supply>>) -> Plugins {
        let hashes = Some(self.home.cache_dir().join("plugin-hashes.json"));
        let choice = choice(config);
        Plugins::new(self.found, self.catalogue, &choice, supply, hashes)
    }
}

/// What the user chose about plugins.
#[must_use]
pub fn choice(config: &Config) -> Choice {
    let settings = &config.settings.plugins;
    Choice {
        enabled: settings.enabled.clone(),
        disabled: settings.disabled.clone(),
        trusted: settings.trusted.clone(),
        chosen: settings.choose.clone(),
    }
}

fn claims_of(listed: &Listed, installed: bool) -> Vec<Claim> {
    let claim = |(key, schema): (&String, &Value)| {
        Some(Claim {
            plugin: listed.id.clone(),
            installed,
            available: listed.available,
            path: key.parse().ok()?,
            schema: schema.clone(),
            default: schema.get("default").cloned(),
            secret: schema.get("secret").and_then(Value::as_bool).unwrap_or_default(),
            env: schema.get("env").and_then(Value::as_str).map(str::to_owned),
        })
    };
    listed.settings.iter().filter_map(claim).collect()
}

fn overlap(one: &Claim, other: &Claim) -> bool {
    one.path.covers(&other.path) || other.path.covers(&one.path)
}

/// Everything that a session needs.
pub struct App {
    /// The home.
    pub home: Home,
    /// The configuration as it was at the start, which most of the program goes by.
    pub config: Config,
    /// The configuration as it is now.
    pub live: Arc<Live>,
    /// The plugins.
    pub plugins: Arc<Plugins>,
    /// What plugins' host objects share, the scopes of tool calls among it.
    pub services: Arc<Services>,
}

impl App {
    /// Reads the configuration and gets ready to load plugins. Must be called on the runtime.
    ///
    /// # Errors
    /// When the home cannot be made, or the configuration is refused.
    pub fn start(ground: Ground, flags: Vec<(KeyPath, Value)>) -> Result<Self, Failure> {
        ground.home.create()?;
        let files = vec![ground.home.config_file(), ground.home.env_file()];
        let (again, first) = (ground.clone(), Mutex::new(Some(ground.sources())));
        let reader = move || {
            // The start has looked around already.
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut sources = first.map_or_else(|| Ok::<_, Failure>(again.again()?.sources()), Ok)?;
            sources.flags.clone_from(&flags);
            Ok(Config::load(&sources)?)
        };
        let (live, config) = Live::start(files, Box::new(reader))?;
        let (live, config) = (Arc::new(live), Arc::unwrap_or_clone(config));
        begin_log(&ground.home, &config);
        crate::redact::know(config.secret_values());
        let (secrets, helped, fresh) = (config.clone(), config.clone(), live.clone());
        let services = Arc::new(Services {
            runtime: tokio::runtime::Handle::current(),
            scopes: Scopes::default(),
            http: Http::default(),
            egress: OnceLock::new(),
            secret: Box::new(move |name| secrets.secret(name)),
            helper: Box::new(move |named| {
                let secrets = helped.secret_names();
                let asking = Asking { named, ..Asking::new(helped.environment(), &secrets) };
                env_policy::texts(env_policy::of(Child::Helper, asking))
            }),
            settings: Box::new(move |manifest, known| {
                let (version, config) = fresh.now()?;
                Ok((version != known).then(|| (version, settings_of(&config, manifest))))
            }),
            home: ground.home.root().to_owned(),
            stores: ground.home.stores_dir(),
        });
        let supply: Box<dyn Supply> = Box::new(Supplies { services: services.clone(), config: config.clone() });
        let home = ground.home.clone();
        let plugins = Arc::new(ground.plugins(&config, Some(supply)));
        // The plugins hold the services: these hold the plugins only as long as somebody else does.
        let (later, settings, root, now) =
            (Arc::downgrade(&plugins), config.clone(), home.root().to_owned(), live.clone());
        let late: LateEgress = LazyLock::new(Box::new(move || egress::late(&later, &settings, &now, &root)));
        services.egress.get_or_init(|| late);
        Ok(Self { home, config, live, plugins, services })
    }

    /// The guard of this home, with every enabled command scanner.
    ///
    /// # Errors
    /// When a deny rule is malformed or the audit log cannot be used.
    pub fn guard(&self, store: Arc<dyn ConsentStore>, yolo: bool) -> Result<Guard, Failure> {
        let audit = Audit::new(self.home.root());
        let guard = Guard::new(self.policy(yolo), self.scanners(), store, audit)?;
        let guard = guard.advised_by(self.adviser());
        Ok(guard.judging_outputs(scanners::of(&self.plugins, &self.config, "tool_output")))
    }

    fn policy(&self, yolo: bool) -> Policy {
        let approvals = &self.config.settings.approvals;
        let unattended = |setting| match setting {
            settings::Unattended::Deny => Unattended::Deny,
            settings::Unattended::Approve => Unattended::Approve,
        };
        Policy {
            home: self.home.root().to_owned(),
            bundled: crate::config::environment::prefix().map(|prefix| prefix.join("lib/hermes")).unwrap_or_default(),
            own_pids: vec![std::process::id()],
            in_gateway: false,
            mode: match approvals.mode {
                settings::ApprovalMode::Manual => Mode::Manual,
                settings::ApprovalMode::Smart => Mode::Smart,
                settings::ApprovalMode::Off => Mode::Off,
            },
            timeout: Duration::from_secs(approvals.timeout),
            deny: approvals.deny.clone(),
            rules: approvals.rules.clone(),
            required_scanners: self.config.settings.security.required_scanners.clone(),
            cron: unattended(approvals.cron_mode),
            single_query: unattended(approvals.single_query_mode),
            unattended: unattended(approvals.unattended_mode),
            yolo: yolo || self.config.environment().switch("HERMES_YOLO_MODE"),
        }
    }

    /// The guard for URLs that a model chose, with every enabled scanner of URLs.
    #[must_use]
    pub fn egress(&self) -> Egress {
        egress::guard(&self.plugins, &self.config, &self.live, self.home.root())
    }

    /// The command scanners, and the places of required ones that are not there.
    fn scanners(&self) -> Vec<ScannerSlot> {
        let security = &self.config.settings.security;
        let mut slots = scanners::of(&self.plugins, &self.config, "command");
        for missing in &security.required_scanners {
            if !slots.iter().any(|slot| slot.plugin == *missing || slot.name == *missing) {
                let refusal = self.plugins.absence(missing);
                let why = format!("{refusal} ({})", refusal.hint);
                slots.push(scanners::slot(&self.config, missing, missing, true, Err(why), scanners::Own::default()));
            }
        }
        slots
    }
}

/// A log that cannot be written is worth a word, and no reason not to work. It is begun once: a command may try
/// several configurations.
fn begin_log(home: &Home, config: &Config) {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| try_to_log(home, config));
}

fn try_to_log(home: &Home, config: &Config) {
    let filter = config.environment().text("HERMES_LOG").unwrap_or("info");
    let folder = home.create_dir(std::path::Path::new("logs")).map_err(|error| error.to_string());
    let started = folder
        .and_then(|folder| crate::host::log::start(&folder, "hermes.log", filter).map_err(|error| error.to_string()));
    if let Err(error) = started {
        crate::cli::out::note(&format!("warning: Nothing is logged: {error}"));
    }
}

/// What a plugin is told of a configuration: its own keys, and those that its manifest reads.
fn settings_of(config: &Config, manifest: &Manifest) -> Value {
    let own = |path: &KeyPath| matches!(config.owner(path), Some(Owner::Plugin { id, .. }) if *id == manifest.id);
    let value = |key: &String| {
        key.parse().ok().filter(own)?;
        Some((key.clone(), config.get(key)?.clone()))
    };
    let told = manifest.reads.iter().filter_map(|key| Some((key.clone(), config.told(key)?.clone())));
    Value::Object(told.chain(manifest.settings.keys().filter_map(value)).collect())
}

/// Settings and host objects for plugins.
struct Supplies {
    services: Arc<Services>,
    config: Config,
}

impl Supply for Supplies {
    fn settings(&self, manifest: &Manifest) -> Value {
        settings_of(&self.config, manifest)
    }

    fn host(&self, manifest: &Manifest) -> HostBox {
        service::host(&self.services, manifest, &self.settings(manifest))
    }
}
