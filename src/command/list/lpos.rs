//! LPOS: the indices of elements that equal a value. A negative RANK looks from the end; indices count from the front.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;

/// LPOS.
pub static SPEC: Spec = Spec {
    name: "lpos",
    summary: "Answers where elements stand.",
    since: "6.0.6",
    group: Group::List,
    complexity: "O(N) for N elements that are compared",
    arity: -3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
    kind: Kind::Read(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq)]
struct Options {
    rank: i64,
    count: Option<usize>,
    longest: usize,
}

fn parse(args: Args<'_>) -> Result<Options, Refusal> {
    let mut options = Options { rank: 1, count: None, longest: usize::MAX };
    let positive = |text: &[u8], refusal| number::integer(text).and_then(|n| usize::try_from(n).ok()).ok_or(refusal);
    let mut i = 3;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let operand = args.get(i + 1).ok_or(error::SYNTAX)?;
        match () {
            () if is("RANK") => {
                options.rank = match number::arg(operand)? {
                    0 => return Err(error::list::RANK_ZERO),
                    i64::MIN => return Err(error::COUNT_RANGE),
                    rank => rank,
                }
            }
            () if is("COUNT") => options.count = Some(positive(operand, error::list::LPOS_COUNT)?),
            () if is("MAXLEN") => {
                let longest = positive(operand, error::list::LPOS_MAXLEN)?;
                options.longest = if longest == 0 { usize::MAX } else { longest };
            }
            () => return Err(error::SYNTAX),
        }
        i += 2;
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(args)?;
    let key = ends::read(ctx, args.at(1))?;
    let mut found = key.map_or_else(Vec::new, |key| positions(ctx, key, args.at(2), &options));
    Ok(match options.count {
        Some(_) => Reply::Array(found),
        None if found.is_empty() => Reply::Null,
        None => found.swap_remove(0),
    })
}

fn positions(ctx: &Ctx<'_>, key: Key, value: &[u8], options: &Options) -> Vec<Reply> {
    let elements = ctx.list(key).elements();
    let skip = options.rank.unsigned_abs() as usize - 1;
    let wanted = match options.count {
        Some(0) => usize::MAX,
        count => count.unwrap_or(1),
    };
    let is = |at: &usize| elements.get(*at).is_some_and(|e| e == value);
    let places: Vec<usize> = if options.rank > 0 {
        (0..elements.len()).take(options.longest).filter(is).skip(skip).take(wanted).collect()
    } else {
        (0..elements.len()).rev().take(options.longest).filter(is).skip(skip).take(wanted).collect()
    };
    places.into_iter().map(Reply::count).collect()
}
