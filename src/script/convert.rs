//! What a script returned, as a reply, for both protocols. (The other direction is `push.rs`.)

use super::error;
use super::number;
use super::stack::{Stack, Value};
use crate::reply::Reply;
use mlua::RegistryKey;

/// Nesting that an answer may have.
const DEEPEST: usize = 256;
/// Values that an answer may have.
const MOST: usize = 4 << 20;
/// Bytes that an answer may have, about.
const LARGEST: usize = 256 << 20;
/// Values that one level of nesting puts on the stack.
const LEVEL: i32 = 4;

/// The fields of tables that mean something, in the order of [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Err,
    Ok,
    Double,
    Map,
    Set,
    BigNumber,
    Verbatim,
    Format,
    Text,
    Counted,
    Source,
    Line,
}

/// Their names, which the machine keeps: looking one up makes no string.
pub const NAMES: [&str; 12] = [
    "err",
    "ok",
    "double",
    "map",
    "set",
    "big_number",
    "verbatim_string",
    "format",
    "string",
    "ignore_error_stats_update",
    "source",
    "line",
];

/// What a script returned. With `resp3` it has asked for that protocol, which knows booleans.
pub fn to_reply(stack: &mut Stack<'_>, at: usize, names: &RegistryKey, resp3: bool) -> Reply {
    let mut writer = Writer { reader: Reader::new(stack, names), values: MOST, bytes: LARGEST, resp3 };
    writer.value(at, 0).unwrap_or(Reply::Error(error::REPLY_TOO_LARGE.into()))
}

/// Looks fields up. What it finds it leaves on the stack.
pub struct Reader<'s, 'l> {
    stack: &'s mut Stack<'l>,
    names: &'s RegistryKey,
    /// Where the names stand, once they are needed.
    first: Option<usize>,
}

impl<'s, 'l> Reader<'s, 'l> {
    pub fn new(stack: &'s mut Stack<'l>, names: &'s RegistryKey) -> Reader<'s, 'l> {
        Reader { stack, names, first: None }
    }

    /// The field of the table at `table`; nil if there is no table.
    pub fn field(&mut self, table: usize, field: Field) -> Value<'_> {
        let Some(first) = self.first.or_else(|| self.learn()) else { return Value::Nil };
        self.stack.push_field(table, first + field as usize);
        self.stack.value(self.stack.len())
    }

    /// The text of a field.
    pub fn text(&mut self, table: usize, field: Field) -> Option<String> {
        match self.field(table, field) {
            Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    /// Puts all names on the stack.
    fn learn(&mut self) -> Option<usize> {
        if !self.stack.room(NAMES.len() as i32 * 2 + LEVEL) {
            return None;
        }
        self.stack.push_kept(self.names);
        let kept = self.stack.len();
        for i in 1..=NAMES.len() {
            self.stack.push_item(kept, i as i32);
        }
        self.first = Some(kept + 1);
        self.first
    }
}

/// Too large, too deep, or no memory left.
struct Refused;

/// What may still be written.
struct Writer<'s, 'l> {
    reader: Reader<'s, 'l>,
    values: usize,
    bytes: usize,
    resp3: bool,
}

impl Writer<'_, '_> {
    fn value(&mut self, at: usize, depth: usize) -> Result<Reply, Refused> {
        self.values = self.values.checked_sub(1).ok_or(Refused)?;
        Ok(match self.reader.stack.value(at) {
            Value::Text(text) => {
                self.bytes = self.bytes.checked_sub(text.len()).ok_or(Refused)?;
                Reply::bulk(text)
            }
            Value::Number(n) => Reply::Integer(number::integer(n)),
            Value::Boolean(value) if self.resp3 => Reply::Boolean(value),
            Value::Boolean(true) => Reply::Integer(1),
            Value::Table => self.table(at, depth + 1)?,
            _ => Reply::Null,
        })
    }

    /// What a table means. The stack is left as it was, but for the names.
    fn table(&mut self, table: usize, depth: usize) -> Result<Reply, Refused> {
        if depth > DEEPEST || !self.reader.stack.room(LEVEL) {
            return Err(Refused);
        }
        if self.reader.first.is_none() {
            self.reader.learn().ok_or(Refused)?;
        }
        let top = self.reader.stack.len();
        let reply = match self.shaped(table, depth)? {
            Some(reply) => reply,
            None => self.list(table, depth)?,
        };
        self.reader.stack.cut(top);
        Ok(reply)
    }

    /// A table that has one of the fields that say what it is.
    fn shaped(&mut self, table: usize, depth: usize) -> Result<Option<Reply>, Refused> {
        let top = self.reader.stack.len();
        if let Some(line) = self.text(table, Field::Err)? {
            return Ok(Some(Reply::Error(line.into())));
        }
        if let Some(text) = self.text(table, Field::Ok)? {
            return Ok(Some(Reply::Status(text.into())));
        }
        if let Value::Number(value) = self.reader.field(table, Field::Double) {
            return Ok(Some(Reply::Double(value)));
        }
        self.reader.stack.cut(top);
        if self.reader.field(table, Field::Map) == Value::Table {
            return self.map(top + 1, depth).map(Some);
        }
        self.reader.stack.cut(top);
        if self.reader.field(table, Field::Set) == Value::Table {
            return self.set(top + 1, depth).map(Some);
        }
        self.reader.stack.cut(top);
        if let Some(digits) = self.text(table, Field::BigNumber)? {
            return Ok(Some(Reply::BigNumber(digits.replace(['\r', '\n'], " ").into())));
        }
        if self.reader.field(table, Field::Verbatim) == Value::Table {
            return self.verbatim(top + 1);
        }
        self.reader.stack.cut(top);
        Ok(None)
    }

    fn text(&mut self, table: usize, field: Field) -> Result<Option<String>, Refused> {
        let top = self.reader.stack.len();
        let text = self.reader.text(table, field);
        self.reader.stack.cut(top);
        self.bytes = self.bytes.checked_sub(text.as_ref().map_or(0, String::len)).ok_or(Refused)?;
        Ok(text)
    }

    fn verbatim(&mut self, table: usize) -> Result<Option<Reply>, Refused> {
        let Some(format) = self.text(table, Field::Format)? else { return Ok(None) };
        Ok(match self.reader.field(table, Field::Text) {
            Value::Text(text) => Some(Reply::Verbatim(three(&format).into(), text.to_vec().into())),
            _ => None,
        })
    }

    fn map(&mut self, table: usize, depth: usize) -> Result<Reply, Refused> {
        let mut pairs = Vec::new();
        self.reader.stack.push_nil();
        let key = self.reader.stack.len();
        while self.reader.stack.next(table) {
            pairs.push((self.value(key, depth)?, self.value(key + 1, depth)?));
            self.reader.stack.cut(key);
        }
        Ok(Reply::Map(pairs))
    }

    fn set(&mut self, table: usize, depth: usize) -> Result<Reply, Refused> {
        let mut items = Vec::new();
        self.reader.stack.push_nil();
        let key = self.reader.stack.len();
        while self.reader.stack.next(table) {
            items.push(self.value(key, depth)?);
            self.reader.stack.cut(key);
        }
        Ok(Reply::Set(items))
    }

    /// Up to the first nil.
    fn list(&mut self, table: usize, depth: usize) -> Result<Reply, Refused> {
        let mut items = Vec::new();
        let item = self.reader.stack.len() + 1;
        for i in 1.. {
            self.reader.stack.push_item(table, i);
            if self.reader.stack.value(item) == Value::Nil {
                break;
            }
            items.push(self.value(item, depth)?);
            self.reader.stack.cut(item - 1);
        }
        Ok(Reply::Array(items))
    }
}

/// A format in three letters.
fn three(format: &str) -> String {
    let letters = format.chars().filter(char::is_ascii).chain(std::iter::repeat(' '));
    letters.take(3).collect()
}
