//! `struct`: numbers and strings as packed bytes, by a format string, as the reference's library does it.

use super::library::{Fault, LARGEST, bad_argument, expected, function, number_argument, one, string_argument};
use super::number;
use mlua::{Lua, MultiValue, Table, Value};

/// The largest number, in bytes.
const WIDEST: usize = 32;
/// What `!` alone aligns to.
const ALIGNMENT: usize = 8;
/// More values do not fit on the stack of a script.
const MOST_VALUES: usize = 7900;

/// The functions.
pub fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("pack", function(lua, |lua, args| pack(lua, &args))?)?;
    table.set("unpack", function(lua, |lua, args| unpack(lua, &args))?)?;
    table.set("size", function(lua, |lua, args| size(lua, &args))?)?;
    Ok(table)
}

/// One letter of a format, with the width it has.
struct Item {
    letter: u8,
    size: usize,
    /// Bytes in front of it, so that it is aligned.
    padding: usize,
}

/// Reads a format from its start to its end.
struct Format<'a> {
    text: &'a [u8],
    big: bool,
    align: usize,
}

impl<'a> Format<'a> {
    fn new(text: &'a [u8]) -> Format<'a> {
        // A zero byte ends it.
        let end = memchr::memchr(0, text).unwrap_or(text.len());
        Format { text: &text[..end], big: false, align: 1 }
    }

    fn number(&mut self, default: usize) -> Result<usize, Fault> {
        let len = self.text.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.text.split_at(len);
        self.text = rest;
        if digits.is_empty() {
            return Ok(default);
        }
        let value = digits.iter().try_fold(0i32, |n, b| n.checked_mul(10)?.checked_add(i32::from(b - b'0')));
        value.map(|n| n as usize).ok_or_else(|| "integral size overflow".into())
    }

    /// The next item, if there is one; `written` bytes stand before it. Settings are applied on the way.
    fn next(&mut self, written: usize, function: &str) -> Result<Option<Item>, Fault> {
        while let Some((&letter, rest)) = self.text.split_first() {
            self.text = rest;
            let size = match letter {
                b' ' => continue,
                b'<' | b'>' => {
                    self.big = letter == b'>';
                    continue;
                }
                b'!' => {
                    let align = self.number(ALIGNMENT)?;
                    if !align.is_power_of_two() {
                        return Err(format!("alignment {align} is not a power of 2").into());
                    }
                    self.align = align;
                    continue;
                }
                b'b' | b'B' | b'x' => 1,
                b'h' | b'H' => 2,
                b'l' | b'L' | b'T' | b'd' => 8,
                b'f' => 4,
                b's' => 0,
                b'c' => self.number(1)?,
                b'i' | b'I' => self.width()?,
                // struct.size passes over what it does not know.
                _ if function == "size" => continue,
                other => {
                    let shown = char::from(other);
                    return Err(bad_argument(1, function, &format!("invalid format option '{shown}'")));
                }
            };
            return Ok(Some(Item { letter, size, padding: self.padding(letter, size, written) }));
        }
        Ok(None)
    }

    fn width(&mut self) -> Result<usize, Fault> {
        match self.number(4)? {
            size if size > WIDEST => Err(format!("integral size {size} is larger than limit of {WIDEST}").into()),
            size => Ok(size),
        }
    }

    fn padding(&self, letter: u8, size: usize, written: usize) -> usize {
        if size == 0 || letter == b'c' {
            return 0;
        }
        let align = size.min(self.align);
        align.wrapping_sub(written & (align - 1)) & (align - 1)
    }
}

fn pack(lua: &Lua, args: &MultiValue) -> Result<MultiValue, Fault> {
    const NAME: &str = "pack";
    let format = string_argument(lua, args, 1, NAME)?;
    let format = format.as_bytes();
    let mut format = Format::new(&format);
    let (mut out, mut at) = (Vec::new(), 2);
    while let Some(item) = format.next(out.len(), NAME)? {
        if out.len() > LARGEST {
            return Err(super::error::NO_MEMORY.into());
        }
        out.resize(out.len() + item.padding, 0);
        match item.letter {
            b'x' => {
                out.push(0);
                continue;
            }
            b's' | b'c' => put_string(lua, args, at, &item, &mut out)?,
            letter => {
                let value = match args.get(at - 1) {
                    None => return Err(expected(at, NAME, "number", Some(&Value::Nil))),
                    Some(_) => number_argument(lua, args, at, NAME)?,
                };
                put_number(letter, value, item.size, format.big, &mut out);
            }
        }
        at += 1;
    }
    Ok(one(Value::String(lua.create_string(&out)?)))
}

fn put_string(lua: &Lua, args: &MultiValue, at: usize, item: &Item, out: &mut Vec<u8>) -> Result<(), Fault> {
    if args.get(at - 1).is_none() {
        return Err(expected(at, "pack", "string", Some(&Value::Nil)));
    }
    let text = string_argument(lua, args, at, "pack")?;
    let text = text.as_bytes();
    let size = if item.size == 0 { text.len() } else { item.size };
    let part = text.get(..size).ok_or_else(|| bad_argument(at + 1, "pack", "string too short"))?;
    out.extend_from_slice(part);
    if item.letter == b's' {
        out.push(0);
    }
    Ok(())
}

fn put_number(letter: u8, value: f64, size: usize, big: bool, out: &mut Vec<u8>) {
    let mut bytes = [0u8; WIDEST];
    match letter {
        b'f' => bytes[..4].copy_from_slice(&(value as f32).to_le_bytes()),
        b'd' => bytes[..8].copy_from_slice(&value.to_le_bytes()),
        _ => bytes[..8].copy_from_slice(&whole(value).to_le_bytes()),
    }
    let bytes = &mut bytes[..size];
    if big {
        bytes.reverse();
    }
    out.extend_from_slice(bytes);
}

/// The integer in 64 bits that C makes of a number, signed or not.
fn whole(value: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if value >= HALF { (number::integer(value - HALF) as u64) ^ (1 << 63) } else { number::integer(value) as u64 }
}

fn unpack(lua: &Lua, args: &MultiValue) -> Result<MultiValue, Fault> {
    const NAME: &str = "unpack";
    let (format, data) = (string_argument(lua, args, 1, NAME)?, string_argument(lua, args, 2, NAME)?);
    let (format, data) = (format.as_bytes(), data.as_bytes());
    let start = if args.len() > 2 { number_argument(lua, args, 3, NAME)? } else { 1.0 };
    if start == 0.0 {
        return Err(bad_argument(3, NAME, "offset must be 1 or greater"));
    }
    let too_short = || bad_argument(2, NAME, "data string too short");
    let mut at = if start < 0.0 { return Err(too_short()) } else { start as usize - 1 };
    let mut format = Format::new(&format);
    let mut values = MultiValue::new();
    while let Some(mut item) = format.next(at, NAME)? {
        if values.len() > MOST_VALUES {
            return Err("stack overflow (too many results)".into());
        }
        at = at.saturating_add(item.padding);
        if item.letter == b'c' && item.size == 0 {
            item.size = previous_size(&mut values).ok_or("format 'c0' needs a previous size")?;
        }
        let rest = data.get(at..).ok_or_else(too_short)?;
        let bytes = rest.get(..item.size).ok_or_else(too_short)?;
        at += item.size;
        match item.letter {
            b'x' => {}
            b'c' => values.push_back(Value::String(lua.create_string(bytes)?)),
            b's' => {
                let len = memchr::memchr(0, rest).ok_or("unfinished string in data")?;
                at += len + 1;
                values.push_back(Value::String(lua.create_string(&rest[..len])?));
            }
            letter => values.push_back(Value::Number(get_number(letter, bytes, format.big))),
        }
    }
    values.push_back(Value::Integer(at as i64 + 1));
    Ok(values)
}

/// Takes the number that came last: it is the length of the string that follows.
fn previous_size(values: &mut MultiValue) -> Option<usize> {
    match values.pop_back() {
        Some(Value::Number(n)) if n >= 0.0 => Some(n as usize),
        Some(Value::Number(_)) => Some(usize::MAX),
        _ => None,
    }
}

fn get_number(letter: u8, bytes: &[u8], big: bool) -> f64 {
    let mut low = [0u8; WIDEST];
    let low = &mut low[..bytes.len()];
    low.copy_from_slice(bytes);
    if big {
        low.reverse();
    }
    let mut eight = [0u8; 8];
    let len = low.len().min(8);
    eight[..len].copy_from_slice(&low[..len]);
    let value = u64::from_le_bytes(eight);
    match letter {
        b'f' => f64::from(f32::from_bits(value as u32)),
        b'd' => f64::from_bits(value),
        b'B' | b'H' | b'L' | b'T' | b'I' => value as f64,
        _ => {
            let spare = 64 - 8 * len as u32;
            (if spare == 64 { 0 } else { ((value << spare) as i64) >> spare }) as f64
        }
    }
}

fn size(lua: &Lua, args: &MultiValue) -> Result<MultiValue, Fault> {
    const NAME: &str = "size";
    let format = string_argument(lua, args, 1, NAME)?;
    let format = format.as_bytes();
    let mut format = Format::new(&format);
    let mut total = 0usize;
    while let Some(item) = format.next(total, NAME)? {
        let endless = match item.letter {
            b's' => Some("option 's' has no fixed size"),
            b'c' if item.size == 0 => Some("option 'c0' has no fixed size"),
            _ => None,
        };
        if let Some(why) = endless {
            return Err(bad_argument(1, NAME, why));
        }
        total = total.saturating_add(item.padding).saturating_add(item.size);
    }
    Ok(one(Value::Number(total as f64)))
}
