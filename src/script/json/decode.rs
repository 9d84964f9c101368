//! JSON as values.

use super::super::library::{Fault, one};
use super::lexer::{Lexer, Token};
use super::{DEEPEST, Settings, text};
use mlua::{Lua, MultiValue, Value};

/// cjson.decode
pub fn call(lua: &Lua, args: &MultiValue, settings: Settings) -> Result<MultiValue, Fault> {
    let text = text(lua, args)?;
    let text = text.as_bytes();
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err("JSON parser does not support UTF-16 or UTF-32".into());
    }
    let deepest = settings.decode_depth.min(DEEPEST);
    let mut reader = Reader { lua, lexer: Lexer::new(&text, settings.decode_invalid), deepest };
    let first = reader.lexer.next();
    let value = reader.value(first, 0)?;
    match reader.lexer.next() {
        Token::End => Ok(one(value)),
        other => Err(reader.unexpected("the end", &other)),
    }
}

struct Reader<'a> {
    lua: &'a Lua,
    lexer: Lexer<'a>,
    deepest: usize,
}

impl Reader<'_> {
    fn unexpected(&self, wanted: &str, found: &Token) -> Fault {
        format!("Expected {wanted} but found {} at character {}", found.name(), self.lexer.began + 1).into()
    }

    fn value(&mut self, token: Token, depth: usize) -> Result<Value, Fault> {
        Ok(match token {
            Token::String(text) => Value::String(self.lua.create_string(&text)?),
            Token::Number(value) => Value::Number(value),
            Token::Boolean(value) => Value::Boolean(value),
            Token::Null => Value::NULL,
            Token::ObjectBegin => self.object(depth + 1)?,
            Token::ArrayBegin => self.array(depth + 1)?,
            other => return Err(self.unexpected("value", &other)),
        })
    }

    fn descend(&self, depth: usize) -> Result<(), Fault> {
        if depth <= self.deepest {
            return Ok(());
        }
        Err(format!("Found too many nested data structures ({depth}) at character {}", self.lexer.at).into())
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.descend(depth)?;
        let table = self.lua.create_table()?;
        let mut token = self.lexer.next();
        if token == Token::ObjectEnd {
            return Ok(Value::Table(table));
        }
        loop {
            let Token::String(key) = token else { return Err(self.unexpected("object key string", &token)) };
            match self.lexer.next() {
                Token::Colon => {}
                other => return Err(self.unexpected("colon", &other)),
            }
            let first = self.lexer.next();
            let value = self.value(first, depth)?;
            table.raw_set(self.lua.create_string(&key)?, value)?;
            match self.lexer.next() {
                Token::ObjectEnd => return Ok(Value::Table(table)),
                Token::Comma => token = self.lexer.next(),
                other => return Err(self.unexpected("comma or object end", &other)),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        self.descend(depth)?;
        let table = self.lua.create_table()?;
        let mut token = self.lexer.next();
        if token == Token::ArrayEnd {
            return Ok(Value::Table(table));
        }
        for i in 1.. {
            let value = self.value(token, depth)?;
            table.raw_set(i, value)?;
            match self.lexer.next() {
                Token::ArrayEnd => break,
                Token::Comma => token = self.lexer.next(),
                other => return Err(self.unexpected("comma or array end", &other)),
            }
        }
        Ok(Value::Table(table))
    }
}
