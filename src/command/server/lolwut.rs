//! LOLWUT: a little picture and the version. The picture is a brook, another one each time.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::telemetry::version::OWN_VERSION;

/// LOLWUT.
pub static SPEC: Spec = Spec {
    name: "lolwut",
    summary: "Draws a brook.",
    since: "5.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::Fast],
    keys: Keys::None,
    syntax: "[VERSION version]",
    kind: Kind::Read(run),
    subcommands: &[],
};

const WIDTH: usize = 48;
const HEIGHT: usize = 8;

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.at(1).eq_ignore_ascii_case(b"VERSION") && args.len() > 2 {
        number::arg(args.at(2))?;
    }
    let text = format!("{}\nBrooklet ver. {OWN_VERSION}\n", brook());
    Ok(Reply::Verbatim("txt".into(), text.into()))
}

/// Water that wanders from top to bottom between two banks.
fn brook() -> String {
    let mut middle = WIDTH / 2;
    let mut picture = String::new();
    for _ in 0..HEIGHT {
        middle = (middle + fastrand::usize(0..7)).saturating_sub(3).clamp(8, WIDTH - 8);
        picture.push_str(&" ".repeat(middle - 7));
        picture.push('(');
        picture.extend((0..12).map(|_| if fastrand::u8(0..4) == 0 { '~' } else { ' ' }));
        picture.push_str(")\n");
    }
    picture
}
