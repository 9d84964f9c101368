//! What is changed in a text before it runs changes nothing that Lua 5.1 says about it.

use super::vm::{corrected, readable};
use mlua::{Function, Lua, Value};

/// Writes programs that end, from their grammar.
struct Author(fastrand::Rng);

impl Author {
    fn pick(&mut self, from: &[&str]) -> String {
        from[self.0.usize(..from.len())].to_owned()
    }

    fn value(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.pick(&["1", "x", "s.n", "nil", "'\\.'", "\"end\\\"\"", "[[ return s.f() ]]", "0x1e"]);
        }
        let depth = depth - 1;
        match self.0.u8(..8) {
            0 => format!("s.f({}, {})", self.value(depth), self.value(depth)),
            1 => format!("s:m({})", self.value(depth)),
            2 => format!("tostring({})", self.value(depth)),
            3 => format!("({})", self.value(depth)),
            4 => format!("s.f{{{}, {}}}", self.value(depth), self.value(depth)),
            5 => format!("s.f(function() {} end, {})", self.block(depth), self.value(depth)),
            6 => format!("tostring({}) .. s.f'x'", self.value(depth)),
            _ => self.value(0),
        }
    }

    fn statement(&mut self, depth: u32) -> String {
        if depth == 0 {
            return format!("x = {}", self.value(1));
        }
        let depth = depth - 1;
        match self.0.u8(..8) {
            0 => format!(
                "if {} then {} elseif {} then {} else {} end",
                self.value(depth),
                self.block(depth),
                self.value(depth),
                self.block(depth),
                self.block(depth)
            ),
            1 => {
                let step = self.pick(&["1", "s.two(1)", "(2)", "s.two(function() return s.f() end)", "'1'", "0"]);
                format!("for i = s.two(), 3, {step} do {} end", self.block(depth))
            }
            2 => format!("for _, v in ipairs{{{}}} do {} end", self.value(depth), self.block(depth)),
            3 => format!("repeat {} until true", self.block(depth)),
            4 => format!("do {} end", self.block(depth)),
            5 => format!("local function x() {} end", self.block(depth)),
            6 => format!("local y = {} s.f(y)", self.value(depth)),
            _ => self.statement(0),
        }
    }

    fn block(&mut self, depth: u32) -> String {
        let mut text = String::new();
        for _ in 0..self.0.usize(..3) {
            text += &self.statement(depth);
            text += &self.pick(&[" ", "\n", ";", " --[[ end ]] ", " -- return s.f()\n"]);
        }
        if self.0.bool() {
            text += &format!("return {}", self.value(depth));
            text += &self.pick(&["", ";", " --", ", s.f(2)"]).replace("--", "--[==[ end ]==]");
        }
        text
    }
}

const WORLD: &str = "
    local log = {}
    local function note(...)
        for i = 1, select('#', ...) do
            local v = select(i, ...)
            if type(v) == 'function' then v = v() end
            if type(v) == 'table' then v = #v end
            log[#log + 1] = tostring(v)
        end
        return #log
    end
    s = { n = 7, f = note, m = function(_, ...) return note(...), 2 end, two = function() return 1 end }
    x = 3
    function __pass(...) return ... end
    function __step(n) return n ~= 0 and n or -1 end
    return log";

/// What a program returns and notes, or that it fails.
fn told(text: &[u8]) -> String {
    let lua = Lua::new();
    let log: mlua::Table = lua.load(WORLD).eval().unwrap();
    let run: Function = lua.load(text).into_function().unwrap();
    let ended = run.call::<mlua::MultiValue>(());
    let ended = ended.map(|values| values.iter().map(Value::to_string).collect::<mlua::Result<Vec<_>>>().ok());
    let log: Vec<String> = log.sequence_values().map(|line| line.unwrap()).collect();
    let has_address = |text: &String| text.contains(": 0x") || text.contains("builtin");
    let ended = ended.ok().map(|values| values.map(|v| v.iter().any(has_address).then_some(0).map_or(v, |_| vec![])));
    format!("{ended:?} {:?}", log.into_iter().filter(|line| !has_address(line)).collect::<Vec<_>>())
}

#[test]
fn a_corrected_program_does_the_same() {
    let mut author = Author(fastrand::Rng::with_seed(11));
    let (mut changed, mut ran) = (0, 0);
    for _ in 0..600 {
        let text = author.block(4);
        let text = readable(text.as_bytes()).into_owned();
        let shown = String::from_utf8_lossy(&text).into_owned();
        if text.windows(4).any(|w| w == b", 0 ") {
            // What a step of zero does is what is corrected.
            continue;
        }
        assert!(Lua::new().load(&*text).into_function().is_ok(), "{shown}");
        ran += 1;
        if let Some(corrected) = corrected(&text) {
            changed += 1;
            assert_eq!(told(&text), told(&corrected), "{shown}\n-----\n{}", String::from_utf8_lossy(&corrected));
        }
    }
    assert!(ran > 300 && changed > 100, "{ran} {changed}");
}

#[test]
fn any_text_that_compiles_compiles_corrected() {
    let mut rng = fastrand::Rng::with_seed(5);
    let words = [
        "return",
        "a.b(",
        ")",
        "a",
        "=",
        "end",
        "function f()",
        "[[",
        "]]",
        "'",
        "\"",
        "\\",
        "\\.",
        "--",
        "if a then",
        "repeat until",
        ";",
        "0x1e+",
        "1",
        "for i=1,2,",
        "do",
        "\n",
        "\r",
        "[",
        "]",
        "--[[",
        "..",
        "tostring",
        "{",
        "}",
        "#",
    ];
    let lua = Lua::new();
    let mut compiled = 0;
    for _ in 0..20_000 {
        let text: Vec<&str> = (0..rng.usize(..10)).map(|_| words[rng.usize(..words.len())]).collect();
        let text = text.join(" ");
        let text = readable(text.as_bytes());
        if lua.load(&*text).into_function().is_ok() {
            compiled += 1;
            let corrected = corrected(&text).unwrap_or_default();
            assert!(lua.load(&*corrected).into_function().is_ok(), "{}", String::from_utf8_lossy(&corrected));
        }
    }
    assert!(compiled > 100, "{compiled}");
}
