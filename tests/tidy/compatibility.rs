//! `docs/compatibility.md`: every wanted difference to the reference, made from the `differs:` lines of the transcripts.
//! `BLESS=1` rewrites it.

use crate::tree;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/compatibility.md";
const CASES: &str = "tests/protocol/cases/";

const HEAD: &str = "\
# Compatibility

This page is made from the transcripts in `tests/protocol/cases/`; change them, then run
`BLESS=1 cargo test --test tidy compatibility`.

Brooklet answers as Redis does, byte for byte, in RESP2 and RESP3. The proof are transcripts: sessions of named clients, with
the replies recorded from a redis-server 8.0. They run against Brooklet and against that server. A verb, option or
reply that is newer than 8.0 follows the written description of Redis 8.10; those parts of the transcripts say `since`.
`./x differential` plays random sessions against both servers and compares every reply.

Where Brooklet answers otherwise on purpose, the transcript has the line `differs:` with the reason and both answers. These
are all such places:
";

const TAIL: &str = "
## What no transcript can show

Each of these keeps one client from taking what belongs to all ([guarantees](guarantees.md) has the limits):

- One call reads at most a quarter of `maxmemory` of what is only on disk; more is an error that says `COUNT`.
- While a client does not read its replies, its further calls are not executed. They are once it reads again.
- Writes wait, instead of being refused, while memory is short but settling.
- DBSIZE does not count keys whose deadline is over, whether they are freed already or not. Fields of hashes that are due
  are gone for whoever looks, with DEBUG SET-ACTIVE-EXPIRE 0, too.
- SRANDMEMBER, HRANDFIELD and ZRANDMEMBER repeat elements at most 16 777 216 times in one answer; more is an error.
- SCAN with TYPE counts no hits: it looks at no value.
- A transaction or a script that has changed something and needs the disk makes everybody wait for that, and answers BUSY to
  others after `busy-reply-threshold`, where Redis has everything in memory.

Scripts run on LuaJIT, not on the Lua 5.1 that Redis carries. What scripts are known to rely on is made equal, and is in the
transcripts. What is left:

- The length of a table with holes (`#{1, nil, 3}`, and with it `table.getn` and `unpack`) may be another border: count the arguments
  with `select('#', ...)`.
- `return m.f(...)` of a field is no tail call: errors are to say where the script is. A recursion of that kind ends some ten thousand calls deep.
- Words of later versions of Lua are understood: `goto`, `::label::`, `0b1`, `1LL`, `%g` in patterns, `tonumber('0b1')`. `string.format`
  writes `%q` with other escapes, and a NaN is `nan`, without a sign.
- A single function with more than 65536 constants, or with a body of a condition longer than 32767 instructions, does not compile.
- Status and error texts that a script makes (`{ok=...}`, `redis.error_reply`) are text: bytes that are not UTF-8 are replaced.
- An error in what was called as `return f()`, where `f` is a local variable that holds a function of Lua, may not say its line.

Verbs that Brooklet does not have answer as an unknown command does. `docs/commands.md` lists those it has.
Directives of redis.conf that mean nothing here are listed at the end of `docs/configuration.md`.
";

/// One wanted difference.
struct Difference {
    why: String,
    place: String,
    case: String,
}

fn differences() -> Vec<Difference> {
    let cases = tree::files().into_iter().filter(|path| path.starts_with(CASES));
    let mut found = Vec::new();
    for path in cases.filter(|path| path.extension().is_some_and(|e| e == "txt")) {
        let text = tree::text(&path).unwrap_or_default();
        let place = path.strip_prefix(CASES).unwrap_or(&path).with_extension("").to_string_lossy().into_owned();
        let mut case = "";
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("# ") {
                case = title;
            } else if let Some(why) = line.strip_prefix("differs: ") {
                found.push(Difference { why: why.to_owned(), place: place.clone(), case: case.to_owned() });
            }
        }
    }
    found.sort_by(|a, b| (&a.why, &a.place).cmp(&(&b.why, &b.place)));
    found
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut last = String::new();
    for Difference { why, place, case } in differences() {
        if why != last {
            let mut capital = why.clone();
            capital.get_mut(..1).map(str::make_ascii_uppercase);
            let _ = write!(page, "\n## {capital}\n\n");
            last = why;
        }
        let line = format!("- `{place}`: {case}\n");
        if !page.ends_with(&line) {
            page += &line;
        }
    }
    page + TAIL
}

#[test]
fn the_list_of_differences_is_up_to_date() {
    let page = page();
    let path = tree::root().join(PAGE);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let stored = tree::text(Path::new(PAGE)).unwrap_or_default();
    assert!(
        stored == page,
        "{PAGE} is not what the transcripts say; run this test once with BLESS=1 and commit the page"
    );
}
