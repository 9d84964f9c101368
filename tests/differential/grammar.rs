//! What clients say. Each line is a weight and a template: `{x}` is a word of kind x, `[...]` is there or not, `a|b`
//! is one of the two. Now and then a word is lost, doubled or replaced by nonsense, which is how errors are met.

use crate::elements;
use brooklet_testkit::Args;
use fastrand::Rng;

/// What a session is mostly about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Streams,
    Waiting,
    Strings,
    Elements,
    ElementsWaiting,
    Everything,
}

impl Theme {
    /// One of them; streams are what we are for.
    pub fn any(rng: &mut Rng) -> Self {
        const ALL: [Theme; 7] = [
            Theme::Streams,
            Theme::Streams,
            Theme::Waiting,
            Theme::Strings,
            Theme::Elements,
            Theme::ElementsWaiting,
            Theme::Everything,
        ];
        ALL[rng.usize(..ALL.len())]
    }

    fn templates(self) -> Vec<&'static str> {
        let texts: &[&'static str] = match self {
            Self::Streams => &[STREAMS, GROUPS],
            Self::Waiting => &[STREAMS, GROUPS, WAITING, WAITING, KEYS],
            Self::Strings => &[STRINGS, KEYS, EXPIRY],
            Self::Elements => &[elements::HASHES, elements::LISTS, elements::SETS, elements::SORTED_SETS, KEYS],
            Self::ElementsWaiting => &[elements::LISTS, elements::SORTED_SETS, elements::WAITING, elements::WAITING],
            Self::Everything => &[STREAMS, GROUPS, WAITING, STRINGS, KEYS, DATABASES],
        };
        texts.iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty()).collect()
    }
}

const STREAMS: &str = "
30 XADD {stream} {new} f {value}
6 XADD {stream} {id} f {value} [g {value}]
2 XADD auto * f {value}
3 XADD {stream} [NOMKSTREAM] MAXLEN [=] {count} {new} f {value}
3 XADD {stream} MINID [=] {id} {new} f {value}
1 XADD {stream} NOMKSTREAM {new} f {value}
4 XLEN {any}
6 XRANGE {stream} {start} {end} [COUNT {count}]
5 XREVRANGE {stream} {end} {start} [COUNT {count}]
6 XREAD [COUNT {count}] STREAMS {stream} {id}
3 XREAD [COUNT {count}] STREAMS {stream} {stream} {id} {id}
1 XREAD STREAMS {stream} +|$
5 XDEL {stream} {id} [{id}] [{id}]
3 XTRIM {stream} MAXLEN [=] {count}
3 XTRIM {stream} MINID [=] {id}
1 XSETID {stream} {new} [ENTRIESADDED {count}] [MAXDELETEDID {id}]
2 XINFO STREAM {stream}
";

const GROUPS: &str = "
8 XGROUP CREATE {stream} {group} {id}|$|0 [MKSTREAM] [ENTRIESREAD 0|-1]
2 XGROUP SETID {stream} {group} {id}|$|0 [ENTRIESREAD 0|-1]
1 XGROUP DESTROY {stream} {group}
2 XGROUP CREATECONSUMER {stream} {group} {consumer}
2 XGROUP DELCONSUMER {stream} {group} {consumer}
25 XREADGROUP GROUP {group} {consumer} [COUNT {count}] [NOACK] STREAMS {stream} >
4 XREADGROUP GROUP {group} {consumer} [COUNT {count}] STREAMS {stream} {id}
3 XREADGROUP GROUP {group} {consumer} STREAMS {stream} {stream} > >|{id}
12 XACK {stream} {group} {id} [{id}] [{id}]
5 XPENDING {stream} {group}
6 XPENDING {stream} {group} [IDLE {idle}] {start} {end} {count} [{consumer}]
5 XCLAIM {stream} {group} {consumer} {idle} {id} [{id}] [IDLE {idle}] [RETRYCOUNT {count}] [FORCE] [JUSTID]
1 XCLAIM {stream} {group} {consumer} 0 {id} LASTID {id}
5 XAUTOCLAIM {stream} {group} {consumer} {idle} {start} [COUNT {count}] [JUSTID]
3 XINFO GROUPS {stream}
3 XINFO CONSUMERS {stream} {group}
2 XINFO STREAM {stream} FULL [COUNT {count}]
";

const WAITING: &str = "
14 XREAD [COUNT {count}] BLOCK 0 STREAMS {stream} $
5 XREAD BLOCK 0 STREAMS {stream} {stream} $|{id} $
14 XREADGROUP GROUP {group} {consumer} [COUNT {count}] BLOCK 0 [NOACK] STREAMS {stream} >
3 XREADGROUP GROUP {group} {consumer} BLOCK 0 STREAMS {stream} {stream} > >
1 XREAD BLOCK 5 STREAMS {stream} $
";

const STRINGS: &str = "
10 SET {key} {value} [NX|XX] [GET] [EX {long}|KEEPTTL]
2 SET {key} {value} [EX {long}|PX {longms}|EXAT {at}|PXAT {atms}]
6 GET {any}
3 GETEX {key} [EX {long}|PERSIST|EXAT {at}]
2 GETDEL {any}
2 GETSET {key} {value}
3 MGET {any} {any} [{any}]
3 MSET {key} {value} {key} {value}
2 MSETNX {key} {value} {key} {value}
2 SETNX {any} {value}
2 SETEX {key} {long} {value}
2 PSETEX {key} {longms} {value}
4 APPEND {key} {value}
3 STRLEN {any}
4 GETRANGE {key} {int} {int}
1 SUBSTR {key} {int} {int}
3 SETRANGE {key} {int} {value}
2 SETBIT {key} {int} 0|1
1 GETBIT {key} {int}
1 BITCOUNT {key} [{int} {int} [BIT|BYTE]]
1 BITPOS {key} 0|1 [{int} [{int}]]
1 BITOP AND|OR|XOR {key} {key} {key}
1 BITOP NOT {key} {key}
1 BITFIELD {key} [GET u8 {int}] SET i5 {int} {int} [OVERFLOW SAT|FAIL] INCRBY u7 {int} {int}
6 INCR|DECR {any}
5 INCRBY|DECRBY {key} {int}
3 INCRBYFLOAT {key} {float}
1 LCS {key} {key} [LEN]
6 EVAL {script} 1 {any} {value}
1 EVAL {script} 2 {any} {key} {int}
1 EVAL_RO {script} 1 {any} {value}
1 OBJECT ENCODING {any}
";

/// Scripts as lock libraries and queues send them, and some that go wrong in the middle.
const SCRIPTS: &[&str] = &[
    "return redis.call('GET', KEYS[1])",
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end",
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], 1000000) end return false",
    "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', 1000000) and 1 or 0",
    "redis.call('SET', KEYS[1], ARGV[1]) redis.call('LPUSH', KEYS[1], 'x') return 1",
    "redis.call('INCR', 'k') return {redis.pcall('INCR', KEYS[1]), redis.call('TYPE', KEYS[1])}",
    "return {redis.call('EXISTS', KEYS[1]), redis.call('STRLEN', 'k'), ARGV[1], 1.9, true, false, {}, 'x'}",
    "redis.call('XADD', 'auto', '*', 'f', ARGV[1]) return redis.call('XLEN', 'auto')",
    "return redis.call('HINCRBY', KEYS[1], 'n', ARGV[1])",
    "redis.call('SELECT', 1) return redis.call('SET', KEYS[1], ARGV[1])",
    "return {redis.call('APPEND', 'k', ARGV[1]), redis.call('PTTL', 'none'), redis.call('STRLEN', 'k')}",
    "local v = redis.call('GET', KEYS[1]) return cjson.encode({v or 'none', ARGV[1], #KEYS})",
    "return redis.error_reply('MINE ' .. ARGV[1])",
    "return redis.call('NOSUCH', KEYS[1])",
    "return redis.call('GET')",
    "return undeclared",
    "return",
];

const KEYS: &str = "
5 DEL|UNLINK {any} [{any}]
5 EXISTS {any} {any}
1 TOUCH {any}
4 TYPE {any}
4 EXPIRE {any} {long} [NX|XX|GT|LT]
1 EXPIRE {any} 0|-5
2 PEXPIRE {any} {longms}
2 EXPIREAT {any} {at} [NX|XX|GT|LT]
1 PEXPIREAT {any} {atms}
5 TTL {any}
2 PTTL {any}
2 EXPIRETIME|PEXPIRETIME {any}
3 PERSIST {any}
3 RENAME {any} {any}
2 RENAMENX {any} {any}
3 COPY {any} {any} [REPLACE]
2 KEYS *
1 KEYS {any}
1 SCAN 0 COUNT 1000
1 SCAN 0 COUNT 1000 TYPE stream|string|hash|list|set|zset
1 FLUSHDB|FLUSHALL
1 PING
";

const EXPIRY: &str = "
6 SET {key} {value} PX 12
3 PEXPIRE {key} 12
2 GETEX {key} PX 12
2 PSETEX {key} 12 {value}
";

const DATABASES: &str = "
4 SELECT 0|1
1 SELECT 0|1|99
1 SWAPDB 0 1
2 MOVE {any} 0|1
1 COPY {any} {any} DB 0|1 [REPLACE]
1 DBSIZE
";

/// Chooses words.
pub struct Words {
    rng: Rng,
    /// Grows so that most appends succeed.
    next: u64,
    /// The verbs to be used; all, if there are none.
    verbs: Vec<String>,
}

impl Words {
    pub fn new(rng: Rng) -> Self {
        let verbs = std::env::var("VERBS").unwrap_or_default().to_ascii_uppercase();
        Self { rng, next: 3, verbs: verbs.split(',').filter(|v| !v.is_empty()).map(str::to_owned).collect() }
    }

    /// A command, and how long it takes until its effect on time is certain. Who `may_wait` may block.
    pub fn command(&mut self, theme: Theme, may_wait: bool) -> (Args, u64) {
        let template = self.template(theme, may_wait);
        let mut args = self.expand(template);
        // Since 8.2 an ENTRIESREAD above what was added is cut to it; the reference is older.
        let spoilable = !args.iter().any(|arg| arg == b"ENTRIESREAD");
        if spoilable && self.rng.u8(..25) == 0 {
            self.spoil(&mut args);
        }
        let has = |word: &[u8]| args.iter().any(|arg| arg == word);
        // Two ids that a clock made are told apart by their milliseconds only, when their streams differ.
        let settle_ms = if has(b"12") { 30 } else { 2 * u64::from(has(b"*")) };
        (args, settle_ms)
    }

    /// A WATCH.
    pub fn watch(&mut self) -> String {
        let names: Vec<String> = (0..self.rng.usize(1..4)).map(|_| self.kind("any")).collect();
        format!("WATCH {}", names.join(" "))
    }

    fn template(&mut self, theme: Theme, may_wait: bool) -> &'static str {
        let weighted = |line: &'static str| {
            let (weight, template) = line.split_once(' ')?;
            Some((weight.parse::<usize>().ok()?, template))
        };
        let wanted = |verb: &str| self.verbs.is_empty() || self.verbs.iter().any(|v| v == verb);
        let fits = |line: &&'static str| {
            let verb = line.split(' ').nth(1).unwrap_or_default();
            (may_wait || !elements::may_wait(line.split(' ').skip(1).map(str::as_bytes))) && verb.split('|').all(wanted)
        };
        let lines: Vec<_> = theme.templates().into_iter().filter(fits).filter_map(weighted).collect();
        let total: usize = lines.iter().map(|(weight, _)| weight).sum();
        // A theme may have none of the wanted verbs.
        let mut at = self.rng.usize(..total.max(1));
        for (weight, template) in lines {
            if at < weight {
                return template;
            }
            at -= weight;
        }
        "PING"
    }

    fn expand(&mut self, template: &str) -> Args {
        let mut out = Args::new();
        let mut rest = template.trim();
        while !rest.is_empty() {
            let part;
            if let Some(inside) = rest.strip_prefix('[') {
                let (group, after) = inside.split_once(']').expect("a bracket that closes");
                (part, rest) = (group, after);
                if self.rng.u8(..10) < 6 {
                    rest = rest.trim_start();
                    continue;
                }
                out.extend(self.expand_choice(part));
            } else {
                (part, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                out.push(self.word(part));
            }
            rest = rest.trim_start();
        }
        out
    }

    /// `EX {long}|KEEPTTL`: the alternatives of a group may have several words.
    fn expand_choice(&mut self, group: &str) -> Args {
        let several = group.contains(' ') && group.contains('|');
        let options: Vec<&str> = if several { group.split('|').collect() } else { vec![group] };
        let chosen = options[self.rng.usize(..options.len())];
        chosen.split(' ').map(|word| self.word(word)).collect()
    }

    fn word(&mut self, text: &str) -> Vec<u8> {
        let options: Vec<&str> = text.split('|').collect();
        let chosen = options[self.rng.usize(..options.len())];
        match chosen.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
            Some(kind) => self.kind(kind).into_bytes(),
            None => chosen.as_bytes().to_vec(),
        }
    }

    fn kind(&mut self, kind: &str) -> String {
        match kind {
            "stream" => self.one(&["s", "s", "s", "t", "t", "u", "auto", "k"]),
            "key" => self.one(&["k", "k", "l", "m", "s"]),
            "any" => self.one(&["s", "t", "u", "auto", "k", "l", "m", "none"]),
            "hash" => self.one(&["h", "h", "i", "x"]),
            "list" => self.one(&["l", "l", "m", "x"]),
            "set" => self.one(&["e", "e", "f", "x"]),
            "zset" => self.one(&["z", "z", "y", "x"]),
            "held" => self.one(&["h", "l", "e", "z", "x", "none"]),
            "member" => self.one(&["m", "m1", "m2", "m3", "", "17", "-4", "n"]),
            "score" => self.one(&["0", "1", "1", "2", "3.5", "-7", "1e3", "inf", "-inf", "0.1"]),
            "limit" => self.one(&["0", "1", "(1", "3.5", "(2", "-inf", "+inf", "1000"]),
            "group" => self.one(&["g", "g", "g", "h"]),
            "consumer" => self.one(&["a", "a", "b", "c"]),
            "value" => self.one(&["v", "w", "", "10", "3.5", "-7", "a longer value with blanks", "\u{e9}\r\n"]),
            "count" => self.one(&["0", "1", "1", "2", "2", "3", "5", "10", "-1"]),
            "int" => self.one(&["0", "1", "2", "-1", "-3", "7", "100"]),
            "float" => self.one(&["0.5", "1.25", "-3", "3.0e3", "0.1", "10"]),
            "idle" => self.one(&["0", "0", "50000", "100000"]),
            "long" => self.one(&["1000", "2000", "5000"]),
            "longms" => self.one(&["1000000", "2000000"]),
            "at" => self.one(&["4000000000", "4000001000", "1"]),
            "atms" => self.one(&["4000000000123", "1000"]),
            "script" => self.one(SCRIPTS),
            "start" => self.bound("-"),
            "end" => self.bound("+"),
            "id" => self.id(),
            _ => self.new_id(),
        }
    }

    fn one(&mut self, words: &[&str]) -> String {
        words[self.rng.usize(..words.len())].to_owned()
    }

    fn new_id(&mut self) -> String {
        self.next += self.rng.u64(1..4);
        match self.rng.u8(..12) {
            0 => format!("{}-*", self.next / 3),
            1 => format!("{}", self.next / 3),
            _ => format!("{}-{}", self.next / 3, self.next % 3),
        }
    }

    fn id(&mut self) -> String {
        let at = self.rng.u64(..self.next + 2);
        match self.rng.u8(..14) {
            0 => "0".to_owned(),
            1 => format!("{}", at / 3),
            _ => format!("{}-{}", at / 3, at % 3),
        }
    }

    fn bound(&mut self, extreme: &str) -> String {
        match self.rng.u8(..5) {
            0 => self.id(),
            1 => format!("({}", self.id()),
            _ => extreme.to_owned(),
        }
    }

    fn spoil(&mut self, args: &mut Args) {
        const NONSENSE: [&str; 12] =
            ["", "x", "-1", "0", "*", "-", "+", "$", ">", "9223372036854775807", "18446744073709551615-1", "COUNT"];
        let at = self.rng.usize(..args.len());
        match self.rng.u8(..3) {
            0 if at > 0 => drop(args.remove(at)),
            1 => args.insert(at.max(1), args[at].clone()),
            _ if at > 0 => args[at] = self.one(&NONSENSE).into_bytes(),
            _ => args.push(self.one(&NONSENSE).into_bytes()),
        }
    }
}
