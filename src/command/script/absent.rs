//! A build without scripting: the verbs are there and say so.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::reply::Reply;

/// Where a script comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The argument is its text.
    Text,
    /// The argument is the SHA-1 of its text.
    Sha,
}

type Answer = Result<Reply, Refusal>;

/// EVAL and its kin.
pub fn eval(_: &mut Ctx<'_>, _: Args<'_>, _: Source, _: bool) -> Answer {
    Err(error::script::NOT_BUILT)
}

/// FCALL and FCALL_RO.
pub fn call(_: &mut Ctx<'_>, _: Args<'_>, _: bool) -> Answer {
    Err(error::script::NOT_BUILT)
}

macro_rules! absent {
    ($($name:ident)*) => {
        $(#[doc = "Says that it is not there."]
        pub fn $name(_: &mut Ctx<'_>, _: Args<'_>) -> Answer {
            Err(error::script::NOT_BUILT)
        })*
    };
}
absent! { load exists flush kill debug function_load function_list function_delete function_flush function_stats }
absent! { function_kill function_dump function_restore }
