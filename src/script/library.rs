//! The functions in Rust that `prelude.lua` builds the world of scripts from, and what they share.
//!
//! A function answers first what went wrong (nothing, mostly), then its values: the prelude makes an error of it, so
//! that it stands where the script called. Must never know: what scripts are allowed; the prelude decides that.

use super::json::{self, Settings};
use super::random::Random;
use super::{error, msgpack, pack, slice, stack};
use mlua::{Lua, LuaString, MultiValue, Table, Value};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Output of a library function above this is refused, whatever the memory limit.
pub const LARGEST: usize = 64 << 20;

/// What the functions of one machine share. But for the random numbers, which go on as in the reference, it is as new
/// when a script begins.
#[derive(Debug, Default)]
pub struct Shared {
    /// The protocol in which calls answer, 2 or 3.
    pub resp: AtomicU8,
    /// math.random.
    pub random: Random,
    /// The settings of `cjson`.
    pub json: Arc<Mutex<Settings>>,
}

impl Shared {
    /// As a script finds it.
    pub fn reset(&self) {
        self.resp.store(2, Ordering::Relaxed);
        *self.json.lock() = Settings::default();
    }

    /// Whether the script has asked for RESP3.
    pub fn is_resp3(&self) -> bool {
        self.resp.load(Ordering::Relaxed) == 3
    }
}

/// Why a library function has no value.
#[derive(Debug)]
pub enum Fault {
    /// An error for the script.
    Text(String),
    /// Something that the machine itself refused.
    Lua(mlua::Error),
}

impl From<mlua::Error> for Fault {
    fn from(error: mlua::Error) -> Fault {
        Fault::Lua(error)
    }
}

impl From<&str> for Fault {
    fn from(text: &str) -> Fault {
        Fault::Text(text.to_owned())
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault::Text(text)
    }
}

/// The line for an argument that a function does not take.
pub fn bad_argument(number: usize, function: &str, why: &str) -> Fault {
    Fault::Text(format!("bad argument #{number} to '{function}' ({why})"))
}

/// What [`bad_argument`] says of an argument of another type.
pub fn expected(number: usize, function: &str, kind: &str, found: Option<&Value>) -> Fault {
    let found = found.map_or("no value", Value::type_name);
    bad_argument(number, function, &format!("{kind} expected, got {found}"))
}

/// A string argument; numbers count as strings.
pub fn string_argument(lua: &Lua, args: &MultiValue, number: usize, function: &str) -> Result<LuaString, Fault> {
    let value = args.get(number - 1);
    let text = match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(value @ (Value::Integer(_) | Value::Number(_))) => lua.coerce_string(value.clone())?,
        _ => None,
    };
    text.ok_or_else(|| expected(number, function, "string", value))
}

/// A number argument; strings that read as numbers count.
pub fn number_argument(lua: &Lua, args: &MultiValue, number: usize, function: &str) -> Result<f64, Fault> {
    let value = args.get(number - 1);
    let found = value.cloned().map(|value| lua.coerce_number(value)).transpose()?.flatten();
    found.ok_or_else(|| expected(number, function, "number", value))
}

/// A function for the prelude.
pub fn function<F>(lua: &Lua, f: F) -> mlua::Result<mlua::Function>
where
    F: Fn(&Lua, MultiValue) -> Result<MultiValue, Fault> + Send + 'static,
{
    lua.create_function(move |lua, args: MultiValue| match f(lua, args) {
        Ok(mut values) => {
            values.push_front(Value::Nil);
            Ok(values)
        }
        Err(Fault::Text(text)) => Ok(MultiValue::from_iter([Value::String(lua.create_string(text)?)])),
        Err(Fault::Lua(error)) => Err(error),
    })
}

/// One value as the answer of a function.
pub fn one(value: Value) -> MultiValue {
    MultiValue::from_iter([value])
}

/// The table that the prelude is given.
pub fn table(lua: &Lua, shared: &Arc<Shared>) -> mlua::Result<Table> {
    let rust = lua.create_table()?;
    rust.set("ask", stack::door(lua)?)?;
    rust.set("null", Value::NULL)?;
    rust.set("version", crate::telemetry::version::REDIS_VERSION)?;
    rust.set("version_number", version_number(crate::telemetry::version::REDIS_VERSION))?;
    rust.set(
        "stop",
        lua.create_function(|_, ()| {
            slice::stop();
            Ok(())
        })?,
    )?;
    rust.set("stopped", lua.create_function(|_, ()| Ok(slice::stopped()))?)?;
    rust.set("trace", lua.create_function(trace)?)?;
    let where_it_is = |lua: &Lua, ()| {
        let place = place(lua, 1);
        Ok(place.map_or(String::new(), |(source, line)| format!("{}:{line}: ", source.trim_start_matches(['@', '=']))))
    };
    rust.set("place", lua.create_function(where_it_is)?)?;
    rust.set("sha1hex", lua.create_function(|_, text: LuaString| Ok(super::vm::sha1_hex(&text.as_bytes())))?)?;
    let readable = |lua: &Lua, text: LuaString| lua.create_string(super::vm::readable(&text.as_bytes()));
    rust.set("readable", lua.create_function(readable)?)?;
    let own = Arc::clone(shared);
    let setresp = move |_: &Lua, version: u8| {
        own.resp.store(version, Ordering::Relaxed);
        Ok(())
    };
    rust.set("setresp", lua.create_function(setresp)?)?;
    let own = Arc::clone(shared);
    rust.set("random", lua.create_function(move |_, ()| Ok(own.random.next()))?)?;
    let own = Arc::clone(shared);
    let seed = move |_: &Lua, seed: f64| {
        own.random.seed(super::number::integer(seed) as i32);
        Ok(())
    };
    rust.set("randomseed", lua.create_function(seed)?)?;
    rust.set("shared_json", json::table(lua, Arc::clone(&shared.json))?)?;
    rust.set("json", lua.create_function(|lua, ()| json::table(lua, Arc::default()))?)?;
    rust.set("msgpack", msgpack::table(lua)?)?;
    rust.set("pack", pack::table(lua)?)?;
    Ok(rust)
}

fn version_number(version: &str) -> u32 {
    let parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    parts.take(3).fold(0, |number, part| (number << 8) | (part & 0xff))
}

/// Makes a table of what a script raised, with the place where it did.
fn trace(lua: &Lua, raised: Value) -> mlua::Result<Value> {
    slice::arrived();
    // A table of its own: what was raised may be shared by all scripts.
    let table = lua.create_table()?;
    match raised {
        Value::Table(raised) => {
            let text: Value = raised.raw_get("err")?;
            if matches!(text, Value::String(_) | Value::Integer(_) | Value::Number(_)) {
                table.raw_set("err", lua.coerce_string(text)?)?;
            }
            table.raw_set("ignore_error_stats_update", raised.raw_get::<Value>("ignore_error_stats_update")?)?;
        }
        other => table.raw_set("err", error::coded(without_prelude(&shown(lua, other)?)))?,
    }
    if let Some((source, line)) = place(lua, 1) {
        table.raw_set("source", source.strip_prefix('=').unwrap_or(&source))?;
        table.raw_set("line", line)?;
    }
    Ok(Value::Table(table))
}

/// Where the script is: the innermost line that is neither the prelude's nor that of a function of Lua.
fn place(lua: &Lua, from: usize) -> Option<(String, usize)> {
    (from..100)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source().source.map(|s| s.into_owned()).unwrap_or_default();
                frame.current_line().filter(|line| *line > 0 && source != super::vm::PRELUDE).map(|line| (source, line))
            })
        })
        .flatten()
        .next()
}

/// A message without the place, if that is in the prelude.
fn without_prelude(text: &str) -> &str {
    let number = text.strip_prefix("prelude:").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    number.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text)
}

/// A value that is no table, as an error message.
fn shown(lua: &Lua, raised: Value) -> mlua::Result<String> {
    Ok(match raised {
        Value::Error(error) => error::plain(&error),
        Value::Nil => "nil".to_owned(),
        Value::Boolean(value) => value.to_string(),
        value @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => {
            lua.coerce_string(value)?.map(|text| text.to_string_lossy()).unwrap_or_default()
        }
        other => other.type_name().to_owned(),
    })
}
