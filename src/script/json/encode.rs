//! Values as JSON.

use super::super::library::{Fault, LARGEST, one};
use super::super::number;
use super::{DEEPEST, Invalid, Settings, only};
use mlua::{Lua, MultiValue, Table, Value};

/// cjson.encode
pub fn call(lua: &Lua, args: &MultiValue, settings: Settings) -> Result<MultiValue, Fault> {
    let value = only(args, "encode")?;
    let mut writer = Writer { settings, out: Vec::new() };
    writer.value(&value, 0)?;
    Ok(one(Value::String(lua.create_string(&writer.out)?)))
}

struct Writer {
    settings: Settings,
    out: Vec<u8>,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Fault> {
        if self.out.len() > LARGEST {
            return Err(super::super::error::NO_MEMORY.into());
        }
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Boolean(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::LightUserData(pointer) if pointer.0.is_null() => self.out.extend_from_slice(b"null"),
            Value::Integer(n) => self.number(*n as f64)?,
            Value::Number(n) => self.number(*n)?,
            Value::String(text) => self.string(&text.as_bytes()),
            Value::Table(table) => self.table(table, depth + 1)?,
            other => return Err(format!("Cannot serialise {}: type not supported", other.type_name()).into()),
        }
        Ok(())
    }

    fn number(&mut self, value: f64) -> Result<(), Fault> {
        if !value.is_finite() {
            match self.settings.encode_invalid {
                Invalid::Refuse => return Err("Cannot serialise number: must not be NaN or Inf".into()),
                Invalid::Null => self.out.extend_from_slice(b"null"),
                Invalid::Write => number::general(value, self.settings.precision, &mut self.out),
            }
        } else {
            number::general(value, self.settings.precision, &mut self.out);
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        for &byte in text {
            match byte {
                b'"' | b'\\' | b'/' => self.out.extend_from_slice(&[b'\\', byte]),
                0x08 => self.out.extend_from_slice(b"\\b"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                0..0x20 | 0x7f => self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<(), Fault> {
        if depth > self.settings.encode_depth.min(DEEPEST) {
            return Err(format!("Cannot serialise, excessive nesting ({depth})").into());
        }
        match self.array_len(table)? {
            Some(len) => self.array(table, len, depth),
            None => self.object(table, depth),
        }
    }

    /// The length of a table that is written as an array; empty tables are objects.
    fn array_len(&self, table: &Table) -> Result<Option<usize>, Fault> {
        let (mut largest, mut items) = (0, 0);
        for pair in table.pairs::<Value, Value>() {
            let index = match pair?.0 {
                Value::Integer(n) => n,
                Value::Number(n) if n.trunc() == n && n < 1e18 => n as i64,
                _ => return Ok(None),
            };
            if index < 1 {
                return Ok(None);
            }
            (largest, items) = (index.max(largest), items + 1);
        }
        let largest = largest as usize;
        let settings = &self.settings;
        let many = settings.sparse_ratio > 0 && largest > settings.sparse_ratio.saturating_mul(items);
        if many && largest > settings.sparse_safe {
            return match settings.sparse_as_object {
                true => Ok(None),
                false => Err("Cannot serialise table: excessively sparse array".into()),
            };
        }
        Ok((items > 0).then_some(largest))
    }

    fn array(&mut self, table: &Table, len: usize, depth: usize) -> Result<(), Fault> {
        self.out.push(b'[');
        for i in 1..=len {
            if i > 1 {
                self.out.push(b',');
            }
            self.value(&table.raw_get::<Value>(i)?, depth)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, table: &Table, depth: usize) -> Result<(), Fault> {
        self.out.push(b'{');
        let mut first = true;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if !std::mem::replace(&mut first, false) {
                self.out.push(b',');
            }
            match key {
                Value::String(text) => self.string(&text.as_bytes()),
                Value::Integer(n) => self.number_key(n as f64)?,
                Value::Number(n) => self.number_key(n)?,
                other => {
                    let kind = other.type_name();
                    return Err(format!("Cannot serialise {kind}: table key must be a number or string").into());
                }
            }
            self.out.push(b':');
            self.value(&value, depth)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn number_key(&mut self, key: f64) -> Result<(), Fault> {
        self.out.push(b'"');
        self.number(key)?;
        self.out.push(b'"');
        Ok(())
    }
}
