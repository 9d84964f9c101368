//! Keys and values in turn, and setting them all: what MSET, MSETNX and MSETEX share.

use super::deadline::Resolved;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;

/// The names in `name value [name value ...]`.
pub fn names(pairs: Args<'_>) -> impl Iterator<Item = &[u8]> + Clone {
    pairs.iter().step_by(2)
}

/// How many of the names exist; a name counts as often as it is given. What is only on disk is asked for at once.
pub fn existing(ctx: &mut Ctx<'_>, pairs: Args<'_>) -> Result<usize, Refusal> {
    ctx.all_warm(names(pairs))?;
    let mut count = 0;
    for name in names(pairs) {
        count += usize::from(ctx.find(name)?.is_some());
    }
    Ok(count)
}

/// Sets all of them. [`existing`] must have succeeded in this call, so that nothing is missing half-way.
pub fn set(ctx: &mut Ctx<'_>, pairs: Args<'_>, deadline: Resolved) -> Result<(), Refusal> {
    for (i, name) in names(pairs).enumerate() {
        let old = ctx.find(name)?;
        deadline.write(ctx, name, old, pairs.at(2 * i + 1), "set");
    }
    Ok(())
}

/// The same where none of them exists. (One that is given twice has its last value.)
pub fn set_new(ctx: &mut Ctx<'_>, pairs: Args<'_>, deadline: Resolved) -> Result<(), Refusal> {
    for (i, name) in names(pairs).enumerate() {
        let value = pairs.at(2 * i + 1);
        match ctx.find(name)? {
            None => deadline.write_new(ctx, name, value),
            old => deadline.write(ctx, name, old, value, "set"),
        }
    }
    Ok(())
}
