//! The machine and its libraries, without an engine: what scripts cannot do, where they pause, what they cost.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A host with a few words: SET, GET, ECHO, BAD, and MISS, which is missing the first time.
#[derive(Default)]
struct Table {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    loaded: BTreeSet<Vec<u8>>,
    logged: Vec<String>,
    calls: usize,
}

impl Host for Table {
    fn call(&mut self, args: Args<'_>) -> Called {
        self.calls += 1;
        Called::Reply(match args.at(0).to_ascii_lowercase().as_slice() {
            b"set" => {
                self.values.insert(args.at(1).to_vec(), args.at(2).to_vec());
                Reply::OK
            }
            b"get" => self.values.get(args.at(1)).map_or(Reply::Null, Reply::bulk),
            b"echo" => Reply::bulk(args.at(1)),
            b"miss" if self.loaded.insert(args.at(1).to_vec()) => return Called::Missing,
            b"miss" => Reply::bulk(args.at(1)),
            _ => Reply::Error("ERR bad".into()),
        })
    }

    fn may_call(&mut self, args: Args<'_>) -> Option<bool> {
        Some(args.at(0) == b"get")
    }

    fn log(&mut self, level: u8, line: &[u8]) {
        self.logged.push(format!("{level} {}", String::from_utf8_lossy(line)));
    }
}

const LIMIT: usize = 16 << 20;
const SLICE: Duration = Duration::from_millis(1);

struct Bench {
    vm: Vm,
    host: Table,
    slices: usize,
    missing: usize,
    /// A script that takes more slices counts as endless.
    most: usize,
}

impl Bench {
    fn new() -> Bench {
        Bench { vm: Vm::new(LIMIT).unwrap(), host: Table::default(), slices: 0, missing: 0, most: 400 }
    }

    fn run(&mut self, text: &str) -> Reply {
        let code = match self.vm.compile(text.as_bytes()) {
            Ok(code) => code,
            Err(Problem(line)) => return Reply::Error(line),
        };
        let none = || std::iter::empty::<&[u8]>();
        let mut run = self.vm.begin(code.clone(), "sha", none(), none()).unwrap();
        (self.slices, self.missing) = (0, 0);
        let reply = loop {
            self.slices += 1;
            match run.step(&mut self.host, SLICE) {
                Step::Done(reply) | Step::Stuck(reply) => break reply,
                Step::TimeUp if self.slices > self.most => break Reply::text("endless"),
                Step::TimeUp => {}
                Step::Missing => self.missing += 1,
            }
        };
        if !self.vm.end(run) {
            self.vm = Vm::new(LIMIT).unwrap();
        }
        reply
    }

    fn text(&mut self, text: &str) -> String {
        match self.run(text) {
            Reply::Bulk(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Reply::Error(line) => line.into_owned(),
            other => format!("{other:?}"),
        }
    }
}

fn text(script: &str) -> String {
    Bench::new().text(script)
}

#[test]
fn a_script_returns_a_value() {
    assert_eq!(Bench::new().run("return 1 + 1"), Reply::Integer(2));
    assert_eq!(
        Bench::new().run("return {1, 'a', false}"),
        Reply::Array(vec![Reply::Integer(1), Reply::text("a"), Reply::Null])
    );
    assert_eq!(Bench::new().run(""), Reply::Null);
}

#[test]
fn a_string_that_is_far_too_long_is_an_error() {
    assert!(text("return ('x'):rep(1e10)").contains("not enough memory"));
    assert!(text("return string.rep('xy', 2147483648)").contains("not enough memory"));
    assert_eq!(text("return ('').rep('', 1e10)"), "");
    assert_eq!(text("return ('x'):rep('2')"), "xx");
}

#[test]
fn a_coroutine_runs_script_after_script() {
    let mut bench = Bench::new();
    for n in 0..10 {
        assert_eq!(bench.run(&format!("return {n}")), Reply::Integer(n));
        assert!(bench.text("error('x')").starts_with("ERR user_script:1: x script: sha"));
    }
}

#[test]
fn errors_say_where() {
    assert_eq!(text("\n\nerror('boom')"), "ERR user_script:3: boom script: sha, on @user_script:3.");
    assert_eq!(text("redis.call('bad')"), "ERR bad script: sha, on @user_script:1.");
    assert_eq!(text("error({err='MY x'})"), "MY x script: sha, on @user_script:1.");
    assert_eq!(text("error({})"), "ERR unknown error script: sha, on @user_script:1.");
    assert_eq!(text("x"), "ERR Error compiling script (new function): user_script:1: '=' expected near '<eof>'");
    assert_eq!(
        text("local x\nx.y = 1"),
        "ERR user_script:2: attempt to index local 'x' (a nil value) script: sha, on @user_script:2."
    );
}

/// What a script must not be able to do; each has an error of its own or ends harmlessly.
#[test]
fn nothing_gets_out() {
    let refused = [
        "foo = 1",
        "redis.foo = 1",
        "string.foo = 1",
        "rawset(redis, 'a', 1)",
        "rawset(_G, 'a', 1)",
        "_G.a = 1",
        "setmetatable(_G, {})",
        "setmetatable(redis, {})",
        "setmetatable(string, {})",
        "getmetatable('').__index = 1",
        "getmetatable(_G).__index = nil",
        "table.insert(redis, 1)",
        "table.insert(_G, 1)",
        "local f, t = pairs(redis) rawset(t, 'a', 1)",
        "local f, t = pairs(redis) t.a = 1",
        "setmetatable({}, {__newindex = redis}).x = 1",
        "getmetatable('').__metatable = 1",
        "loadstring('y = 1')()",
        "load(function() return nil end) math.x = 1",
        "KEYS = {}",
        "coroutine.wrap(function() foo = 1 end)()",
        "cjson.encode = 1",
        "bit.x = 1",
        "os.x = 1",
        "coroutine.x = 1",
    ];
    for script in refused {
        let answer = text(script);
        assert!(answer.contains("Attempt to modify a readonly table"), "{script}: {answer}");
    }
    let absent = [
        "print",
        "dofile",
        "loadfile",
        "require",
        "module",
        "package",
        "io",
        "debug",
        "ffi",
        "jit",
        "newproxy",
        "getfenv",
        "setfenv",
        "os.execute",
        "os.exit",
        "os.remove",
        "os.getenv",
        "os.time",
        "table.new",
        "string.pack",
    ];
    for name in absent {
        let answer = text(&format!("return tostring({name})"));
        assert!(answer == "nil" || answer.contains("nonexistent global variable"), "{name}: {answer}");
    }
}

#[test]
fn nothing_stays_for_the_next_script() {
    let mut bench = Bench::new();
    for script in [
        "pcall(rawset, redis, 'a', 1)",
        "cjson.encode_number_precision(3)",
        "redis.setresp(3)",
        "table.sort(redis)",
        "pcall(table.insert, string, 'x')",
        "table.remove(string)",
        "string.gsub('a', '.', redis)",
    ] {
        bench.run(script);
    }
    assert_eq!(bench.text("return cjson.encode(1/3)"), "0.33333333333333");
    assert_eq!(bench.run("return redis.call('get', 'none')"), Reply::Null);
    assert_eq!(bench.text("local n = 0 for k in pairs(redis) do n = n + 1 end return tostring(n)"), "23");
    assert_eq!(bench.text("return tostring(string[1])"), "nil");
}

#[test]
fn random_numbers_are_those_of_the_reference() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("math.randomseed(5) return tostring(math.random())"), "0.52483957937213");
    assert_eq!(bench.text("return tostring(math.random())"), "0.27285430173988", "they go on in the next script");
}

#[test]
fn bytecode_is_refused() {
    assert!(text("return loadstring('\\27LJ\\2\\2')()").contains("attempt to call a nil value"));
    assert!(text("return load(function() return nil end) and 'text'").contains("text"));
    assert!(
        text("local p = {'\\27', 'LJ'} local i = 0 return load(function() i = i + 1 return p[i] end)()")
            .contains("attempt to call a nil value")
    );
    assert!(text("string.dump(function() end)").contains("unable to dump"));
    let bench = Bench::new();
    assert!(bench.vm.compile(b"\x1bLJ\x02\x02").is_err());
}

#[test]
fn an_endless_script_stops_in_between() {
    assert_eq!(Bench { most: 20, ..Bench::new() }.text("while true do end"), "endless");
    assert_eq!(
        Bench { most: 20, ..Bench::new() }.text("while true do pcall(function() while true do end end) end"),
        "endless"
    );
    assert_eq!(
        Bench { most: 20, ..Bench::new() }.text("coroutine.wrap(function() while true do end end)()"),
        "endless"
    );
    assert_eq!(
        Bench { most: 20, ..Bench::new() }
            .text("local t = setmetatable({}, {__index = function() while true do end end}) return t.x"),
        "endless"
    );
    assert_eq!(
        Bench { most: 20, ..Bench::new() }
            .text("repeat xpcall(function() while true do end end, function() end) until false"),
        "endless"
    );
}

#[test]
fn a_long_script_goes_on_where_it_stopped() {
    let mut bench = Bench::new();
    let sum = "local n = 0 for i = 1, 3000000 do n = n + i % 7 end return n";
    assert_eq!(bench.run(sum), Reply::Integer(8_999_997));
    assert!(bench.slices > 3, "{}", bench.slices);
    let inside = "local co = coroutine.create(function(a) local n = a for i = 1, 2000000 do n = n + i % 7 end \
                  local b = coroutine.yield(n) return b + n end) \
                  local _, first = coroutine.resume(co, 5) local _, second = coroutine.resume(co, 1) \
                  return {first, second, coroutine.status(co)}";
    let expected = vec![Reply::Integer(6_000_002), Reply::Integer(6_000_003), Reply::text("dead")];
    assert_eq!(bench.run(inside), Reply::Array(expected));
}

#[test]
fn where_it_cannot_stop_it_ends() {
    let answer = text("table.sort({3, 2, 1}, function() while true do end end)");
    assert!(answer.contains("ran too long"), "{answer}");
    let mut bench = Bench { most: 4, ..Bench::new() };
    let answer = bench.text("while true do pcall(string.gsub, 'x', '.', function() while true do end end) end");
    assert_eq!(answer, "endless");
}

#[test]
fn what_is_missing_is_called_again() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.text("return redis.call('miss', 'a') .. redis.call('miss', 'b') .. redis.call('miss', 'a')"),
        "aba"
    );
    assert_eq!(bench.missing, 2);
    assert_eq!(
        bench.text("return coroutine.wrap(function() coroutine.yield() return redis.call('miss', 'c') end)() or 'nil'"),
        "nil"
    );
    assert_eq!(bench.text("local f = coroutine.wrap(function() return redis.pcall('miss', 'd') end) return f()"), "d");
    assert_eq!(bench.text("local call = redis.call local ok, v = pcall(call, 'miss', 'e') return v"), "e");
    let mut run = String::new();
    let code =
        bench.vm.compile(b"return (string.gsub('x', '.', function() return redis.call('miss', 'f') end))").unwrap();
    let none = || std::iter::empty::<&[u8]>();
    let mut stuck = bench.vm.begin(code.clone(), "sha", none(), none()).unwrap();
    if let Step::Stuck(Reply::Error(line)) = stuck.step(&mut bench.host, SLICE) {
        run.push_str(&line);
    }
    assert!(run.contains("attempt to yield across C-call boundary"), "{run}");
}

#[test]
fn memory_is_limited_and_comes_back() {
    let mut bench = Bench::new();
    for script in [
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 1e9)",
        "return cjson.encode(string.rep('x', 12000000))",
        "local s = string.rep('x', 7000000) return redis.call('echo', s)",
    ] {
        let answer = bench.text(script);
        assert!(answer.contains("not enough memory") || answer.len() == 7_000_000, "{script}: {:.100}", answer);
        assert_eq!(bench.run("return 1"), Reply::Integer(1), "{script}");
    }
    let caught = bench.text("local ok, why = pcall(string.rep, 'x', 1e9) return why");
    assert!(caught.contains("not enough memory"), "{caught}");
}

#[test]
fn answers_are_limited() {
    let deep = "local t = {} for i = 1, 10000 do t = {t} end return t";
    assert_eq!(text(deep), "ERR the answer of the script is too large or nested too deeply");
    let wide = "local t = {1} for i = 1, 60 do t = {t, t} end return t";
    assert_eq!(text(wide), "ERR the answer of the script is too large or nested too deeply");
    assert!(text("local t = {} t[1] = t return t").starts_with("ERR the answer"));
}

#[test]
fn the_log_gets_lines() {
    let mut bench = Bench::new();
    bench.run("redis.log(redis.LOG_WARNING, 'a', 1, 'b')");
    assert_eq!(bench.host.logged, ["3 a 1 b"]);
    assert_eq!(
        bench.run("return {redis.acl_check_cmd('get') , redis.acl_check_cmd('x')}"),
        Reply::Array(vec![Reply::Integer(1), Reply::Null])
    );
}

/// Inputs at random: no panic, no hang. Seeds are fixed, so a failure comes again.
#[test]
fn libraries_take_anything() {
    let mut bench = Bench::new();
    let mut rng = fastrand::Rng::with_seed(3);
    let formats = b"bBhHlLTiIfdsxc0123456789!<> =";
    let json = b"{}[]\",:0123456789eE+-.truefalsnu\\ \xff\x00";
    for round in 0..2000 {
        let bytes = |rng: &mut fastrand::Rng, from: &[u8], most| -> String {
            (0..rng.usize(..most)).map(|_| format!("\\{:03}", from[rng.usize(..from.len())])).collect()
        };
        let any: Vec<u8> = (0..=255).collect();
        let script = match round % 4 {
            0 => format!("return cjson.encode(cjson.decode('{}'))", bytes(&mut rng, json, 24)),
            1 => format!("return cmsgpack.pack(cmsgpack.unpack('{}'))", bytes(&mut rng, &any, 24)),
            2 => {
                format!("return {{struct.unpack('{}', '{}')}}", bytes(&mut rng, formats, 8), bytes(&mut rng, &any, 24))
            }
            _ => format!("return struct.pack('{}', 1, 'abc', 2.5, -7, '12', 9)", bytes(&mut rng, formats, 8)),
        };
        bench.run(&script);
    }
    assert_eq!(bench.run("return 1"), Reply::Integer(1));
}

/// What a short script costs; printed, not judged.
#[test]
fn a_short_script_is_cheap() {
    let mut bench = Bench::new();
    let text = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('echo', KEYS[1]) else return 0 end";
    let code = bench.vm.compile(text.as_bytes()).unwrap();
    bench.host.values.insert(b"lock".to_vec(), b"me".to_vec());
    let rounds = 20_000;
    let began = std::time::Instant::now();
    for _ in 0..rounds {
        let (keys, args) = ([&b"lock"[..]], [&b"me"[..]]);
        let mut run = bench.vm.begin(code.clone(), "sha", keys.into_iter(), args.into_iter()).unwrap();
        let step = run.step(&mut bench.host, Duration::from_secs(1));
        assert!(matches!(step, Step::Done(Reply::Bulk(_))));
        assert!(bench.vm.end(run));
    }
    println!("{} ns for a script of two calls", began.elapsed().as_nanos() / rounds);
}
