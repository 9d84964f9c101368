//! A set of commands: one bit for each verb and subcommand, and first arguments for which a verb is allowed all the same.

use crate::command::spec::Spec;
use crate::command::{category, table};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Every verb and subcommand.
fn every() -> impl Iterator<Item = &'static Spec> {
    table::every().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands.iter().copied()))
}

static PLACES: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| every().enumerate().map(|(place, spec)| (spec.name, place)).collect());

/// A set of commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    bits: Vec<u64>,
    /// By place: lower case.
    first_args: BTreeMap<usize, Vec<Vec<u8>>>,
}

impl Commands {
    /// All of them.
    pub fn all() -> Commands {
        Commands { bits: vec![u64::MAX; PLACES.len().div_ceil(64)], first_args: BTreeMap::new() }
    }

    /// Whether a call of `spec` with this first argument is in the set.
    pub fn contains(&self, spec: &Spec, first_arg: Option<&[u8]>) -> bool {
        let Some(place) = PLACES.get(spec.name).copied() else { return false };
        let bit = self.bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1);
        bit || self
            .first_args
            .get(&place)
            .zip(first_arg)
            .is_some_and(|(allowed, given)| allowed.iter().any(|one| one.eq_ignore_ascii_case(given)))
    }

    /// Adds or removes a verb with its subcommands, or a subcommand.
    pub fn set(&mut self, spec: &'static Spec, allowed: bool) {
        self.set_one(spec, allowed);
        spec.subcommands.iter().for_each(|sub| self.set_one(sub, allowed));
    }

    fn set_one(&mut self, spec: &Spec, allowed: bool) {
        let Some(place) = PLACES.get(spec.name).copied() else { return };
        self.first_args.remove(&place);
        self.bits.resize(PLACES.len().div_ceil(64), 0);
        if let Some(word) = self.bits.get_mut(place / 64) {
            let bit = 1 << (place % 64);
            *word = if allowed { *word | bit } else { *word & !bit };
        }
    }

    /// Adds or removes all of a category.
    pub fn set_category(&mut self, name: &str, allowed: bool) {
        every().filter(|spec| category::contains(name, spec)).for_each(|spec| self.set_one(spec, allowed));
    }

    /// Adds a verb for calls with this first argument.
    pub fn add_first_arg(&mut self, spec: &Spec, arg: Vec<u8>) {
        let Some(place) = PLACES.get(spec.name).copied() else { return };
        let args = self.first_args.entry(place).or_default();
        if !args.contains(&arg) {
            args.push(arg);
        }
    }
}
