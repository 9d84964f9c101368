//! Between replies and the values of Lua, in both directions and for both protocols.

use super::error;
use super::number;
use crate::reply::{EntryReply, Reply};
use mlua::{Lua, MultiValue, Table, Value};

/// Nesting that an answer may have.
const DEEPEST: usize = 256;
/// Values that an answer may have.
const MOST: usize = 4 << 20;
/// Bytes that an answer may have, about.
const LARGEST: usize = 256 << 20;

/// A reply as a script sees it.
pub fn to_lua(lua: &Lua, reply: &Reply, resp3: bool) -> mlua::Result<Value> {
    Reader { lua, resp3 }.value(reply)
}

/// The error of a call, as a script sees it.
pub fn error_table(lua: &Lua, line: &str) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, 4)?;
    table.raw_set("err", line)?;
    // The call has counted it; an answer that carries it on is not counted again.
    table.raw_set("ignore_error_stats_update", true)?;
    Ok(Value::Table(table))
}

struct Reader<'a> {
    lua: &'a Lua,
    resp3: bool,
}

impl Reader<'_> {
    fn value(&self, reply: &Reply) -> mlua::Result<Value> {
        Ok(match reply {
            Reply::Status(text) => self.field("ok", self.string(text.as_bytes())?)?,
            Reply::Error(line) => self.field("err", self.string(line.as_bytes())?)?,
            Reply::Integer(n) => Value::Number(*n as f64),
            Reply::Bulk(bytes) => self.string(bytes)?,
            Reply::Id(id) => self.string(id.to_string().as_bytes())?,
            Reply::Null | Reply::NullArray if self.resp3 => Value::Nil,
            Reply::Null | Reply::NullArray => Value::Boolean(false),
            Reply::Array(items) | Reply::Push(items) => self.list(items.iter())?,
            Reply::Set(items) if self.resp3 => self.set(items)?,
            Reply::Set(items) => self.list(items.iter())?,
            Reply::Map(pairs) | Reply::Pairs(pairs) if self.resp3 => self.map(pairs)?,
            Reply::Map(pairs) => self.list(pairs.iter().flat_map(|(key, value)| [key, value]))?,
            Reply::Tuples(pairs) if !self.resp3 => self.list(pairs.iter().flat_map(|(key, value)| [key, value]))?,
            Reply::Tuples(pairs) | Reply::Pairs(pairs) => self.tuples(pairs)?,
            Reply::Double(value) if self.resp3 => self.field("double", Value::Number(*value))?,
            Reply::Double(value) => {
                let mut text = Vec::new();
                crate::resp::double::write(*value, &mut text);
                self.string(&text)?
            }
            Reply::BigNumber(digits) if self.resp3 => self.field("big_number", self.string(digits.as_bytes())?)?,
            Reply::BigNumber(digits) => self.string(digits.as_bytes())?,
            Reply::Boolean(value) if self.resp3 => Value::Boolean(*value),
            Reply::Boolean(value) => Value::Integer(i64::from(*value)),
            Reply::Verbatim(format, text) if self.resp3 => self.verbatim(format.as_bytes(), text)?,
            Reply::Verbatim(_, text) => self.string(text)?,
            Reply::Entry(entry) => self.entry(entry)?,
            Reply::Entries(_) => {
                let mut entries = reply.clone();
                entries.unfold();
                self.value(&entries)?
            }
            Reply::Other(reply) => self.value(reply)?,
            // Verbs that answer with messages only are not for scripts.
            Reply::Nothing => Value::Nil,
        })
    }

    fn string(&self, bytes: &[u8]) -> mlua::Result<Value> {
        Ok(Value::String(self.lua.create_string(bytes)?))
    }

    fn field(&self, name: &str, value: Value) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, 1)?;
        table.raw_set(name, value)?;
        Ok(Value::Table(table))
    }

    fn list<'r>(&self, items: impl Iterator<Item = &'r Reply>) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(items.size_hint().0, 0)?;
        for (i, item) in items.enumerate() {
            table.raw_set(i + 1, self.value(item)?)?;
        }
        Ok(Value::Table(table))
    }

    fn tuples(&self, pairs: &[(Reply, Reply)]) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(pairs.len(), 0)?;
        for (i, (first, second)) in pairs.iter().enumerate() {
            table.raw_set(i + 1, self.list([first, second].into_iter())?)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&self, pairs: &[(Reply, Reply)]) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, pairs.len())?;
        for (key, value) in pairs {
            match self.value(key)? {
                Value::Nil => {}
                key => table.raw_set(key, self.value(value)?)?,
            }
        }
        self.field("map", Value::Table(table))
    }

    fn set(&self, items: &[Reply]) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, items.len())?;
        for item in items {
            match self.value(item)? {
                Value::Nil => {}
                key => table.raw_set(key, true)?,
            }
        }
        self.field("set", Value::Table(table))
    }

    fn verbatim(&self, format: &[u8], text: &[u8]) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, 2)?;
        table.raw_set("format", self.string(format)?)?;
        table.raw_set("string", self.string(text)?)?;
        self.field("verbatim_string", Value::Table(table))
    }

    fn entry(&self, entry: &EntryReply) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(4, 0)?;
        table.raw_set(1, entry.id.to_string())?;
        match &entry.fields {
            Some(fields) => {
                let list = self.lua.create_table()?;
                for (i, item) in fields.iter().enumerate() {
                    list.raw_set(i + 1, self.string(item)?)?;
                }
                table.raw_set(2, list)?;
            }
            None => table.raw_set(2, self.value(&Reply::NullArray)?)?,
        }
        if let Some((idle_ms, deliveries)) = entry.redelivery {
            table.raw_set(3, idle_ms as f64)?;
            table.raw_set(4, deliveries as f64)?;
        }
        Ok(Value::Table(table))
    }
}

/// What a script returned, as a reply. With `resp3` it has asked for that protocol, which knows booleans.
pub fn to_reply(values: &MultiValue, resp3: bool) -> Reply {
    let mut writer = Writer { values: MOST, bytes: LARGEST, resp3 };
    let reply = values.front().map_or(Ok(Reply::Null), |value| writer.value(value, 0));
    reply.unwrap_or(Reply::Error(error::REPLY_TOO_LARGE.into()))
}

/// Too large, too deep, or no memory left.
struct Refused;

impl From<mlua::Error> for Refused {
    fn from(_: mlua::Error) -> Refused {
        Refused
    }
}

/// What may still be written.
struct Writer {
    values: usize,
    bytes: usize,
    resp3: bool,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<Reply, Refused> {
        self.values = self.values.checked_sub(1).ok_or(Refused)?;
        Ok(match value {
            Value::String(text) => {
                let bytes = text.as_bytes();
                self.bytes = self.bytes.checked_sub(bytes.len()).ok_or(Refused)?;
                Reply::bulk(&*bytes)
            }
            Value::Integer(n) => Reply::Integer(*n),
            Value::Number(n) => Reply::Integer(number::integer(*n)),
            Value::Boolean(value) if self.resp3 => Reply::Boolean(*value),
            Value::Boolean(true) => Reply::Integer(1),
            Value::Table(table) => self.table(table, depth + 1)?,
            _ => Reply::Null,
        })
    }

    fn text(&mut self, table: &Table, field: &str) -> Result<Option<String>, Refused> {
        let Value::String(text) = table.raw_get(field)? else { return Ok(None) };
        let text = text.to_string_lossy();
        self.bytes = self.bytes.checked_sub(text.len()).ok_or(Refused)?;
        Ok(Some(text))
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<Reply, Refused> {
        if depth > DEEPEST {
            return Err(Refused);
        }
        if let Some(line) = self.text(table, "err")? {
            return Ok(Reply::Error(line.into()));
        }
        if let Some(text) = self.text(table, "ok")? {
            return Ok(Reply::Status(text.into()));
        }
        match table.raw_get("double")? {
            Value::Number(value) => return Ok(Reply::Double(value)),
            Value::Integer(value) => return Ok(Reply::Double(value as f64)),
            _ => {}
        }
        if let Value::Table(map) = table.raw_get("map")? {
            return self.map(&map, depth);
        }
        if let Value::Table(set) = table.raw_get("set")? {
            return self.set(&set, depth);
        }
        if let Some(digits) = self.text(table, "big_number")? {
            return Ok(Reply::BigNumber(digits.replace(['\r', '\n'], " ").into()));
        }
        if let Value::Table(verbatim) = table.raw_get("verbatim_string")?
            && let (Some(format), Value::String(text)) = (self.text(&verbatim, "format")?, verbatim.raw_get("string")?)
        {
            return Ok(Reply::Verbatim(three(&format).into(), text.as_bytes().to_vec().into()));
        }
        self.list(table, depth)
    }

    fn map(&mut self, table: &Table, depth: usize) -> Result<Reply, Refused> {
        let mut pairs = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            pairs.push((self.value(&key, depth)?, self.value(&value, depth)?));
        }
        Ok(Reply::Map(pairs))
    }

    fn set(&mut self, table: &Table, depth: usize) -> Result<Reply, Refused> {
        let mut items = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            items.push(self.value(&pair?.0, depth)?);
        }
        Ok(Reply::Set(items))
    }

    /// Up to the first nil.
    fn list(&mut self, table: &Table, depth: usize) -> Result<Reply, Refused> {
        let mut items = Vec::new();
        for i in 1.. {
            match table.raw_get::<Value>(i)? {
                Value::Nil => break,
                value => items.push(self.value(&value, depth)?),
            }
        }
        Ok(Reply::Array(items))
    }
}

/// A format in three letters.
fn three(format: &str) -> String {
    let letters = format.chars().filter(char::is_ascii).chain(std::iter::repeat(' '));
    letters.take(3).collect()
}
