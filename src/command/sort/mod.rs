//! SORT: the elements of a list, set or sorted set in another order. `options.rs` is the grammar, `order.rs` the order,
//! `lookup.rs` what BY and GET find in other keys.

mod lookup;
mod options;
mod order;
mod run;
mod sort_ro;
mod store;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&store::SPEC, &sort_ro::SPEC];
