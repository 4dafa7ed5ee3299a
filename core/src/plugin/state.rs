//! Whether each plugin that was found may be used: by its manifest, the catalogue, the others, and what the user
//! chose. It looks at no library.

use std::collections::BTreeMap;

use hermes_plugin_api::manifest::{Manifest, Provide};

use crate::plugin::catalogue::{Catalogue, Listed, same_claim, same_offer};
use crate::plugin::find::{Found, Unusable};
use crate::plugin::lock::Source;

/// What the user chose about plugins.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Switched on by name.
    pub enabled: Vec<String>,
    /// Switched off by name.
    pub disabled: Vec<String>,
    /// Plugins of others that may run in this process.
    pub trusted: Vec<String>,
    /// Of several that offer the same: `kind/name` to plugin id.
    pub chosen: BTreeMap<String, String>,
}

/// Whether a plugin may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is used when somebody needs it.
    Enabled,
    /// It is switched off.
    Disabled,
    /// It cannot be used.
    Broken(Unusable),
}

/// Returns the state of each plugin found, in the same order.
#[must_use]
pub fn of(found: &[Found], catalogue: &Catalogue, choice: &Choice) -> Vec<State> {
    let mut states: Vec<State> =
        found.iter().enumerate().map(|(i, one)| own_state(i, one, found, catalogue, choice)).collect();
    // Two that offer the same are both refused until the user chooses.
    let clashes: Vec<Option<Unusable>> = (0..found.len()).map(|i| clash_of(i, found, &states, choice)).collect();
    for (state, clash) in states.iter_mut().zip(clashes) {
        if let Some(why) = clash {
            *state = State::Broken(why);
        }
    }
    states
}

fn own_state(index: usize, found: &Found, all: &[Found], catalogue: &Catalogue, choice: &Choice) -> State {
    let manifest = match &found.manifest {
        Ok(manifest) => manifest,
        Err(why) => return State::Broken(why.clone()),
    };
    if let Some(earlier) = all[..index].iter().find(|earlier| earlier.id == found.id) {
        let why = format!("another plugin of this id lies in `{}`", earlier.folder.display());
        return State::Broken(Unusable::new(why, "remove one of the two"));
    }
    let foreign = Some(found).filter(|found| found.source != Source::Bundled);
    if let Some(claim) = foreign.and_then(|_| catalogue.violated_by(manifest)) {
        let way_out = format!("ask its author for other names, or remove it with `hermes plugins remove {}`", found.id);
        return State::Broken(Unusable::new(claim, way_out));
    }
    let on = choice.enabled.contains(&found.id) || (found.source == Source::Bundled && manifest.enabled_by_default);
    match on && !choice.disabled.contains(&found.id) {
        true => State::Enabled,
        false => State::Disabled,
    }
}

fn clash_of(index: usize, found: &[Found], states: &[State], choice: &Choice) -> Option<Unusable> {
    let ours = found[index].manifest.as_ref().ok().filter(|_| states[index] == State::Enabled)?;
    let enabled = found.iter().zip(states).enumerate().filter(|(_, (_, state))| **state == State::Enabled);
    let others =
        enabled.filter(|(other, _)| *other != index).filter_map(|(_, (other, _))| other.manifest.as_ref().ok());
    others.into_iter().find_map(|theirs| clash_with(ours, theirs, choice))
}

fn clash_with(ours: &Manifest, theirs: &Manifest, choice: &Choice) -> Option<Unusable> {
    let listed = Listed::from(theirs);
    let contested: Vec<&Provide> = ours.provides.iter().filter(|o| theirs.declares(o.kind, &o.name)).collect();
    let of_choice = |offer: &&Provide| choice.chosen.get(&format!("{}/{}", offer.kind, offer.name));
    if let Some(first) = contested.first() {
        // Chosen for all that is contested, it goes on, and the other one's claims do not count.
        if contested.iter().all(|offer| of_choice(offer) == Some(&ours.id)) {
            return None;
        }
        let (kind, name, id) = (first.kind, &first.name, &theirs.id);
        let choose = format!("or choose with `plugins.choose: {{{kind}/{name}: ID}}` in config.yaml");
        let way_out = format!("disable one of them, for example with `hermes plugins disable {id}`, {choose}");
        return same_offer(ours, &listed).map(|why| Unusable::new(why, way_out));
    }
    let way_out = format!("disable one of them, for example with `hermes plugins disable {}`", theirs.id);
    same_claim(ours, &listed).map(|why| Unusable::new(why, way_out))
}
