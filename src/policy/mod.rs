//! Policies: standing rules for streams. Which entries a group is given again, and when; what becomes of those that fail
//! too often; how many may be under way; which entries go.
//!
//! A policy belongs to a name or, as a template, to all names that match a pattern. What holds for a stream is laid over
//! one another: defaults, the templates that match it in the order of their ranks, its own policy. Plain values. Must
//! never know: commands, how rules are stored (bytes under names: `record.rs`). Read next: `settings.rs` (what a
//! policy can say), `delivery.rs` (what that means).

pub mod backoff;
pub mod delivery;
pub mod duration;
mod record;
pub mod retention;
pub mod settings;

use crate::glob::{self, Case};
use bytes::Bytes;
use delivery::Delivery;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use retention::Retention;
use settings::Settings;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Policies and templates there may be.
pub const MOST: usize = 10_000;
/// Names for which what holds is kept ready.
const READY: usize = 65_536;

/// Whom a policy is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A template.
    Template(Box<[u8]>),
    /// A name in a database.
    Key(u32, Box<[u8]>),
}

/// The settings for all names that match a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Names it is for; none until it is given one.
    pub pattern: Option<Box<[u8]>>,
    /// Templates of a higher rank are laid over those of a lower one; of the same rank in the order of their names.
    pub rank: i64,
    /// What it says.
    pub settings: Settings,
}

/// All that a policy can say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of deliveries.
    pub delivery: Delivery,
    /// Of entries that have to stay, and those that go.
    pub retention: Retention,
}

/// What holds for one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// For the stream, and for groups of which nothing else is said.
    rules: Rules,
    groups: BTreeMap<Box<[u8]>, Rules>,
}

impl Effective {
    /// What holds for the deliveries of a group.
    pub fn of_group(&self, group: &[u8]) -> &Delivery {
        &self.groups.get(group).unwrap_or(&self.rules).delivery
    }

    /// What holds for the entries.
    pub fn retention(&self) -> &Retention {
        &self.rules.retention
    }

    /// What holds for the stream, and for groups of which something is said.
    pub fn parts(&self) -> (&Rules, impl Iterator<Item = (&[u8], &Rules)>) {
        (&self.rules, self.groups.iter().map(|(name, rules)| (&name[..], rules)))
    }

    /// Lays settings over one another, the last on top.
    fn of(layers: &[&Settings]) -> Effective {
        let mut rules = Rules::default();
        layers.iter().for_each(|settings| settings.apply(None, &mut rules));
        let names = layers.iter().flat_map(|settings| settings.groups());
        let groups = names.map(|name| {
            let mut of_group = rules.clone();
            layers.iter().for_each(|settings| settings.apply(Some(name), &mut of_group));
            (name.into(), of_group)
        });
        let groups = groups.collect();
        Effective { rules, groups }
    }
}

/// What holds for a name, if any policy is about it.
type Holds = Option<Arc<Effective>>;

/// All policies of a broker.
#[derive(Debug, Default)]
pub struct Policies {
    keys: BTreeMap<(u32, Box<[u8]>), Settings>,
    templates: BTreeMap<Box<[u8]>, Template>,
    /// What holds for names that were asked about, database by database. Forgotten as a whole whenever a policy changes.
    ready: HashMap<u32, HashMap<Box<[u8]>, Holds, FixedState>, FixedState>,
}

impl Policies {
    /// The policies as they are stored. What this program does not know is left out.
    pub fn read<'a>(rules: impl Iterator<Item = (&'a [u8], &'a Bytes)>) -> Policies {
        let mut policies = Policies::default();
        for (name, rule) in rules {
            match record::read(name, rule) {
                Some((Scope::Key(db, name), template)) => {
                    policies.keys.insert((db, name), template.settings);
                }
                Some((Scope::Template(name), template)) => {
                    policies.templates.insert(name, template);
                }
                None => tracing::warn!("a policy that this program cannot read is left out: {}", name.escape_ascii()),
            }
        }
        policies
    }

    /// How many policies and templates there are.
    pub fn len(&self) -> usize {
        self.keys.len() + self.templates.len()
    }

    /// Whether there are none: then every stream behaves as Redis has it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.templates.is_empty()
    }

    /// What a policy says itself; nothing if there is none.
    pub fn get(&self, scope: &Scope) -> Option<Template> {
        match scope {
            Scope::Template(name) => self.templates.get(name).cloned(),
            Scope::Key(db, name) => {
                let settings = self.keys.get(&(*db, name.clone()))?.clone();
                Some(Template { settings, ..Template::default() })
            }
        }
    }

    /// Replaces a policy, or removes it; the name and the bytes under which that is to be stored.
    pub fn set(&mut self, scope: Scope, policy: Option<Template>) -> (Vec<u8>, Vec<u8>) {
        let stored = record::write(&scope, policy.as_ref());
        match (scope, policy) {
            (Scope::Key(db, name), Some(policy)) => drop(self.keys.insert((db, name), policy.settings)),
            (Scope::Key(db, name), None) => drop(self.keys.remove(&(db, name))),
            (Scope::Template(name), Some(policy)) => drop(self.templates.insert(name, policy)),
            (Scope::Template(name), None) => drop(self.templates.remove(&name)),
        }
        self.ready.clear();
        stored
    }

    /// What holds for the stream `name`, if any policy is about it.
    #[inline]
    pub fn of(&mut self, db: u32, name: &[u8]) -> Option<Arc<Effective>> {
        if self.is_empty() { None } else { self.look_up(db, name) }
    }

    fn look_up(&mut self, db: u32, name: &[u8]) -> Option<Arc<Effective>> {
        if let Some(known) = self.ready.get(&db).and_then(|names| names.get(name)) {
            return known.clone();
        }
        let effective = self.effective(db, name).map(Arc::new);
        if self.ready.values().map(HashMap::len).sum::<usize>() >= READY {
            self.ready.clear();
        }
        self.ready.entry(db).or_default().insert(name.into(), effective.clone());
        effective
    }

    fn effective(&self, db: u32, name: &[u8]) -> Option<Effective> {
        let layers: Vec<&Settings> = self.layers(db, name).collect();
        (!layers.is_empty()).then(|| Effective::of(&layers))
    }

    /// What is laid over one another for a name, the lowest first.
    fn layers(&self, db: u32, name: &[u8]) -> impl Iterator<Item = &Settings> {
        let fits = |template: &Template| {
            template.pattern.as_ref().is_some_and(|pattern| glob::matches(pattern, name, Case::Exact))
        };
        let mut templates: Vec<_> = self.templates.values().filter(|template| fits(template)).collect();
        // In the order of their names already.
        templates.sort_by_key(|template| template.rank);
        templates.into_iter().map(|template| &template.settings).chain(self.keys.get(&(db, name.into())))
    }

    /// Whose policies they are, in order.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        let templates = self.templates.keys().map(|name| Scope::Template(name.clone()));
        templates.chain(self.keys.keys().map(|(db, name)| Scope::Key(*db, name.clone())))
    }
}
