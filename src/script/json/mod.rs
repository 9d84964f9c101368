//! `cjson`: JSON as the reference's library reads and writes it, with its settings and its error texts.
//!
//! Depth and size are limited. Read next: `encode.rs`, `decode.rs` (values), `lexer.rs` (tokens).

mod decode;
mod encode;
mod lexer;

use super::library::{Fault, bad_argument, expected, function, one, string_argument};
use mlua::{Lua, MultiValue, Table, Value};
use parking_lot::Mutex;
use std::sync::Arc;

/// Nesting beyond this is refused, whatever a script asks for: each level is a call of ours.
const DEEPEST: usize = 1000;

/// What is written for numbers that JSON does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Refuse,
    Write,
    Null,
}

/// What a script can set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    sparse_as_object: bool,
    sparse_ratio: usize,
    sparse_safe: usize,
    encode_depth: usize,
    decode_depth: usize,
    precision: usize,
    keep_buffer: bool,
    encode_invalid: Invalid,
    decode_invalid: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sparse_as_object: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: DEEPEST,
            decode_depth: DEEPEST,
            precision: 14,
            keep_buffer: true,
            encode_invalid: Invalid::Refuse,
            decode_invalid: true,
        }
    }
}

type Shared = Arc<Mutex<Settings>>;

/// The functions, over these settings.
pub fn table(lua: &Lua, settings: Shared) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let own = Arc::clone(&settings);
    table.set("encode", function(lua, move |lua, args| encode::call(lua, &args, *own.lock()))?)?;
    let own = Arc::clone(&settings);
    table.set("decode", function(lua, move |lua, args| decode::call(lua, &args, *own.lock()))?)?;
    type Set = fn(&Lua, &MultiValue, &mut Settings) -> Result<MultiValue, Fault>;
    let setters: [(&str, Set); 7] = [
        ("encode_sparse_array", sparse_array),
        ("encode_max_depth", |lua, args, s| whole(lua, args, 1, "encode_max_depth", &mut s.encode_depth, 1, INT)),
        ("decode_max_depth", |lua, args, s| whole(lua, args, 1, "decode_max_depth", &mut s.decode_depth, 1, INT)),
        ("encode_number_precision", |lua, args, s| {
            whole(lua, args, 1, "encode_number_precision", &mut s.precision, 1, 14)
        }),
        ("encode_keep_buffer", |lua, args, s| {
            s.keep_buffer = choice(lua, args, "encode_keep_buffer", &["off", "on"], usize::from(s.keep_buffer))? == 1;
            Ok(one(Value::Boolean(s.keep_buffer)))
        }),
        ("encode_invalid_numbers", encode_invalid),
        ("decode_invalid_numbers", |lua, args, s| {
            let now = usize::from(s.decode_invalid);
            s.decode_invalid = choice(lua, args, "decode_invalid_numbers", &["off", "on"], now)? == 1;
            Ok(one(Value::Boolean(s.decode_invalid)))
        }),
    ];
    for (name, set) in setters {
        let own = Arc::clone(&settings);
        table.set(name, function(lua, move |lua, args| set(lua, &args, &mut own.lock()))?)?;
    }
    Ok(table)
}

const INT: usize = i32::MAX as usize;

/// Sets a whole number, if there is an argument for it; answers what it is then.
fn whole(
    lua: &Lua,
    args: &MultiValue,
    at: usize,
    function: &str,
    field: &mut usize,
    least: usize,
    most: usize,
) -> Result<MultiValue, Fault> {
    if !matches!(args.get(at - 1), None | Some(Value::Nil)) {
        let found = super::library::number_argument(lua, args, at, function)?;
        if !(least as f64..most as f64 + 1.0).contains(&found) {
            // The reference always names the first one.
            return Err(bad_argument(1, function, &format!("expected integer between {least} and {most}")));
        }
        *field = found as usize;
    }
    Ok(one(Value::Integer(*field as i64)))
}

/// The place of a word, or of true and false, among `words`.
fn choice(lua: &Lua, args: &MultiValue, function: &str, words: &[&str], now: usize) -> Result<usize, Fault> {
    match args.front() {
        None | Some(Value::Nil) => Ok(now),
        Some(Value::Boolean(value)) => Ok(usize::from(*value)),
        Some(_) => {
            let word = string_argument(lua, args, 1, function)?;
            let found = words.iter().position(|w| word.as_bytes() == w.as_bytes());
            found.ok_or_else(|| bad_argument(1, function, &format!("invalid option '{}'", word.to_string_lossy())))
        }
    }
}

fn encode_invalid(lua: &Lua, args: &MultiValue, settings: &mut Settings) -> Result<MultiValue, Fault> {
    const MODES: [Invalid; 3] = [Invalid::Refuse, Invalid::Write, Invalid::Null];
    let now = MODES.iter().position(|mode| *mode == settings.encode_invalid).unwrap_or(0);
    let chosen = choice(lua, args, "encode_invalid_numbers", &["off", "on", "null"], now)?;
    settings.encode_invalid = MODES[chosen];
    Ok(one(match chosen {
        2 => Value::String(lua.create_string("null")?),
        other => Value::Boolean(other == 1),
    }))
}

fn sparse_array(lua: &Lua, args: &MultiValue, settings: &mut Settings) -> Result<MultiValue, Fault> {
    const NAME: &str = "encode_sparse_array";
    settings.sparse_as_object = choice(lua, args, NAME, &["off", "on"], usize::from(settings.sparse_as_object))? == 1;
    whole(lua, args, 2, NAME, &mut settings.sparse_ratio, 0, INT)?;
    whole(lua, args, 3, NAME, &mut settings.sparse_safe, 0, INT)?;
    let (ratio, safe) = (settings.sparse_ratio as i64, settings.sparse_safe as i64);
    Ok(MultiValue::from_iter([Value::Boolean(settings.sparse_as_object), Value::Integer(ratio), Value::Integer(safe)]))
}

/// The one argument of encode and decode.
fn only(args: &MultiValue, function: &str) -> Result<Value, Fault> {
    match (args.front(), args.len()) {
        (Some(value), 1) => Ok(value.clone()),
        _ => Err(bad_argument(1, function, "expected 1 argument")),
    }
}

/// Its text.
fn text(lua: &Lua, args: &MultiValue) -> Result<mlua::LuaString, Fault> {
    let value = only(args, "decode")?;
    string_argument(lua, args, 1, "decode").map_err(|_| expected(1, "decode", "string", Some(&value)))
}
