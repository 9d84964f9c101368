//! `cmsgpack`: MessagePack as the reference's library reads and writes it.

use super::library::{Fault, LARGEST, bad_argument, function, number_argument, string_argument};
use mlua::{Lua, LuaString, MultiValue, Table, Value};

/// Tables inside of this many are written as nil.
const NESTED: usize = 16;
/// Nesting beyond this is not read: each level is a call of ours.
const DEEPEST: usize = 1000;
/// More values do not fit on the stack of a script.
const MOST_VALUES: usize = 7900;

const MISSING: &str = "Missing bytes in input.";
const BAD: &str = "Bad data format in input.";

/// The functions.
pub fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("pack", function(lua, |lua, args| pack(lua, &args))?)?;
    table.set(
        "unpack",
        function(lua, |lua, args| {
            let text = string_argument(lua, &args, 1, "unpack")?;
            unpack(lua, &text, 0.0, 0.0, true)
        })?,
    )?;
    table.set(
        "unpack_one",
        function(lua, |lua, args| {
            let text = string_argument(lua, &args, 1, "unpack_one")?;
            let offset = if args.len() > 1 { number_argument(lua, &args, 2, "unpack_one")? } else { 0.0 };
            unpack(lua, &text, 1.0, offset, false)
        })?,
    )?;
    table.set(
        "unpack_limit",
        function(lua, |lua, args| {
            let text = string_argument(lua, &args, 1, "unpack_limit")?;
            let limit = number_argument(lua, &args, 2, "unpack_limit")?;
            let offset = if args.len() > 2 { number_argument(lua, &args, 3, "unpack_limit")? } else { 0.0 };
            unpack(lua, &text, limit, offset, limit == 0.0 && offset == 0.0)
        })?,
    )?;
    Ok(table)
}

fn pack(lua: &Lua, args: &MultiValue) -> Result<MultiValue, Fault> {
    if args.is_empty() {
        return Err(bad_argument(0, "pack", "MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for value in args {
        write(&mut out, value, 0)?;
    }
    Ok(super::library::one(Value::String(lua.create_string(&out)?)))
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), Fault> {
    if out.len() > LARGEST {
        return Err(super::error::NO_MEMORY.into());
    }
    match value {
        Value::Boolean(value) => out.push(0xc2 + u8::from(*value)),
        Value::Integer(n) => integer(out, *n),
        Value::Number(n) => number(out, *n),
        Value::String(text) => string(out, &text.as_bytes()),
        Value::Table(table) if depth < NESTED => return write_table(out, table, depth),
        _ => out.push(0xc0),
    }
    Ok(())
}

/// The number of a table's fields, and whether they are 1 to that number.
fn shape(table: &Table) -> Result<(usize, bool), Fault> {
    let (mut count, mut largest, mut is_list) = (0, 0, true);
    for pair in table.pairs::<Value, Value>() {
        count += 1;
        match pair?.0 {
            Value::Integer(n) if n > 0 => largest = n.max(largest),
            _ => is_list = false,
        }
    }
    Ok((count, is_list && largest == count as i64))
}

fn write_table(out: &mut Vec<u8>, table: &Table, depth: usize) -> Result<(), Fault> {
    let (count, is_list) = shape(table)?;
    if is_list {
        header(out, count, 16, 0x90, [0xdc, 0xdd]);
        for i in 1..=count {
            write(out, &table.raw_get::<Value>(i)?, depth + 1)?;
        }
        return Ok(());
    }
    header(out, count, 16, 0x80, [0xde, 0xdf]);
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        write(out, &key, depth + 1)?;
        write(out, &value, depth + 1)?;
    }
    Ok(())
}

/// A kind and a count: in one byte, or with a count of two or four bytes behind it.
fn header(out: &mut Vec<u8>, count: usize, small: usize, tag: u8, wide: [u8; 2]) {
    if count < small {
        out.push(tag | count as u8);
    } else if count <= 0xffff {
        out.push(wide[0]);
        out.extend_from_slice(&(count as u16).to_be_bytes());
    } else {
        out.push(wide[1]);
        out.extend_from_slice(&(count as u32).to_be_bytes());
    }
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    if (32..256).contains(&text.len()) {
        out.extend_from_slice(&[0xd9, text.len() as u8]);
    } else {
        header(out, text.len(), 32, 0xa0, [0xda, 0xdb]);
    }
    out.extend_from_slice(text);
}

fn number(out: &mut Vec<u8>, value: f64) {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if value.trunc() == value && (-LIMIT..LIMIT).contains(&value) {
        integer(out, value as i64);
    } else if f64::from(value as f32) == value {
        out.push(0xca);
        out.extend_from_slice(&(value as f32).to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn integer(out: &mut Vec<u8>, n: i64) {
    let (tag, bytes): (Option<u8>, usize) = match n {
        -32..=127 => (None, 1),
        128..=0xff => (Some(0xcc), 1),
        0x100..=0xffff => (Some(0xcd), 2),
        0x1_0000..=0xffff_ffff => (Some(0xce), 4),
        0x1_0000_0000.. => (Some(0xcf), 8),
        -0x80..=-33 => (Some(0xd0), 1),
        -0x8000..=-0x81 => (Some(0xd1), 2),
        -0x8000_0000..=-0x8001 => (Some(0xd2), 4),
        _ => (Some(0xd3), 8),
    };
    out.extend(tag);
    out.extend_from_slice(&n.to_be_bytes()[8 - bytes..]);
}

/// Reads up to `limit` values, all of them if `bare`; first in the answer is where the next one begins, unless `bare`.
fn unpack(lua: &Lua, text: &LuaString, limit: f64, offset: f64, bare: bool) -> Result<MultiValue, Fault> {
    let text = text.as_bytes();
    if offset < 0.0 || limit < 0.0 {
        let (offset, len) = (offset as i64, text.len());
        return Err(format!("Invalid request to unpack with offset of {offset} and limit of {len}.").into());
    }
    let offset = offset as usize;
    if offset > text.len() {
        return Err(format!("Start offset {offset} greater than input length {}.", text.len()).into());
    }
    let limit = if bare { usize::MAX } else { limit as usize };
    let mut reader = Reader { lua, text: &text, at: offset };
    let mut values = MultiValue::new();
    while reader.at < text.len() && values.len() < limit {
        if values.len() >= MOST_VALUES {
            return Err("stack overflow (too many values to unpack at once.)".into());
        }
        values.push_back(reader.value(0)?);
    }
    if !bare {
        let next = if reader.at < text.len() { reader.at as i64 } else { -1 };
        values.push_front(Value::Integer(next));
    }
    Ok(values)
}

struct Reader<'a> {
    lua: &'a Lua,
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Result<&[u8], Fault> {
        let taken = self.at.checked_add(len).and_then(|end| self.text.get(self.at..end)).ok_or(MISSING)?;
        self.at += len;
        Ok(taken)
    }

    /// A big-endian number of `N` bytes.
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn count16(&mut self) -> Result<usize, Fault> {
        Ok(usize::from(u16::from_be_bytes(self.bytes()?)))
    }

    fn count32(&mut self) -> Result<usize, Fault> {
        Ok(u32::from_be_bytes(self.bytes()?) as usize)
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth > DEEPEST {
            return Err("stack overflow (in function mp_decode_to_lua_array)".into());
        }
        let tag = self.take(1)?[0];
        Ok(match tag {
            0..=0x7f => Value::Integer(i64::from(tag)),
            0xe0.. => Value::Integer(i64::from(tag as i8)),
            0x80..=0x8f => self.map(usize::from(tag & 15), depth)?,
            0x90..=0x9f => self.list(usize::from(tag & 15), depth)?,
            0xa0..=0xbf => self.string(usize::from(tag & 31))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xca => Value::Number(f64::from(f32::from_be_bytes(self.bytes()?))),
            0xcb => Value::Number(f64::from_be_bytes(self.bytes()?)),
            0xcc => Value::Integer(i64::from(u8::from_be_bytes(self.bytes()?))),
            0xcd => Value::Integer(i64::from(u16::from_be_bytes(self.bytes()?))),
            0xce => Value::Integer(i64::from(u32::from_be_bytes(self.bytes()?))),
            // The reference reads both of eight bytes with a sign.
            0xcf | 0xd3 => Value::Number(i64::from_be_bytes(self.bytes()?) as f64),
            0xd0 => Value::Integer(i64::from(i8::from_be_bytes(self.bytes()?))),
            0xd1 => Value::Integer(i64::from(i16::from_be_bytes(self.bytes()?))),
            0xd2 => Value::Integer(i64::from(i32::from_be_bytes(self.bytes()?))),
            0xd9 => {
                let len = usize::from(self.take(1)?[0]);
                self.string(len)?
            }
            0xda => {
                let len = self.count16()?;
                self.string(len)?
            }
            0xdb => {
                let len = self.count32()?;
                self.string(len)?
            }
            0xdc => {
                let count = self.count16()?;
                self.list(count, depth)?
            }
            0xdd => {
                let count = self.count32()?;
                self.list(count, depth)?
            }
            0xde => {
                let count = self.count16()?;
                self.map(count, depth)?
            }
            0xdf => {
                let count = self.count32()?;
                self.map(count, depth)?
            }
            _ => return Err(BAD.into()),
        })
    }

    fn string(&mut self, len: usize) -> Result<Value, Fault> {
        let lua = self.lua;
        Ok(Value::String(lua.create_string(self.take(len)?)?))
    }

    fn list(&mut self, count: usize, depth: usize) -> Result<Value, Fault> {
        let table = self.lua.create_table()?;
        for i in 1..=count {
            let value = self.value(depth + 1)?;
            table.raw_set(i, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, count: usize, depth: usize) -> Result<Value, Fault> {
        let table = self.lua.create_table()?;
        for _ in 0..count {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            match &key {
                Value::Nil => return Err("table index is nil".into()),
                Value::Number(n) if n.is_nan() => return Err("table index is NaN".into()),
                _ => table.raw_set(key, value)?,
            }
        }
        Ok(Value::Table(table))
    }
}
