//! Puts answers on the stack of a script.
//!
//! Nearly everything here may raise an error of Lua, mostly that its memory is used up. Such an error does not return: it
//! unwinds the frames of this file. So there is one rule for the whole file: **nothing here owns what wants to be dropped.**
//! Functions take borrows and numbers, keep numbers and fixed buffers, and give back nothing; what they borrow is owned by the
//! desk, which outlives the error. No `String`, `Vec`, `Box`, `Result` or iterator that owns something is made here, nothing
//! is cloned, and nothing panics.
//!
//! The third of the three files that may be unsafe. Must never know: hosts. Read next: `stack.rs`.
#![allow(unsafe_code)]

use super::desk::{Answer, Given, Start};
use crate::command::args::Args;
use crate::reply::{EntryReply, Reply};
use crate::resp::double;
use brooklet_storage::StreamId;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

// How the prelude is told what an answer is. A call that has a value is the most frequent one.
const DONE: f64 = 0.0;
const FAILED: f64 = 1.0;
const MISSING: f64 = 2.0;
// And what a script is given.
const GLOBALS: f64 = 1.0;
const PASSED: f64 = 2.0;

/// Slots that one level of a reply needs.
const LEVEL: c_int = 8;
/// Nesting of replies, in slots: no command comes near it, but each level is one of this thread's stack, too.
const DEEPEST: c_int = 512;

/// Pushes an answer; how many values that are. `desk` has the start of the script, whether it wants RESP3, and room for text.
///
/// # Safety
/// `state` is that of a C function that runs. The caller owns nothing that wants to be dropped.
pub unsafe fn answer(state: *mut lua_State, answer: &Answer, desk: Option<(&Start, bool, &mut Vec<u8>)>) -> c_int {
    let to = Pusher { state };
    // SAFETY: as the caller promises.
    unsafe {
        // The arguments were read.
        ffi::lua_settop(state, 0);
        to.room();
        match (answer, desk) {
            (Answer::Begin, Some((start, ..))) => return to.start(start),
            (Answer::Reply(Reply::Error(line)), _) => to.failed(line.as_bytes()),
            (Answer::Reply(reply), Some((_, resp3, text))) => {
                to.number(DONE);
                to.reply(reply, resp3, text);
            }
            (Answer::Refused(line), _) => to.failed(line.as_bytes()),
            (Answer::Truth(truth), _) => {
                to.number(DONE);
                to.boolean(*truth);
            }
            (Answer::Nothing, _) => {
                to.number(DONE);
                to.nil();
            }
            (Answer::Missing, _) => {
                to.number(MISSING);
                to.nil();
            }
            _ => to.raise(c"the host of the script is gone"),
        }
        2
    }
}

/// A stack to push on. Each function may raise an error of Lua, and leaves one value more, if it says nothing else.
#[derive(Clone, Copy)]
struct Pusher {
    state: *mut lua_State,
}

/// All of it is unsafe for one reason, and safe to call where nothing wants to be dropped: `state` is that of a C function that
/// runs, there is room for a level ([`Pusher::room`]), and tables are filled that were just made.
impl Pusher {
    unsafe fn room(self) {
        unsafe {
            if ffi::lua_gettop(self.state) > DEEPEST {
                self.raise(c"the answer of the call is nested too deeply");
            }
            ffi::luaL_checkstack_(self.state, LEVEL, c"no room for the answer of the call".as_ptr());
        }
    }

    unsafe fn raise(self, text: &CStr) -> ! {
        unsafe {
            ffi::lua_pushstring_(self.state, text.as_ptr());
            ffi::lua_error(self.state)
        }
    }

    unsafe fn nil(self) {
        unsafe { ffi::lua_pushnil(self.state) }
    }

    unsafe fn boolean(self, truth: bool) {
        unsafe { ffi::lua_pushboolean(self.state, truth.into()) }
    }

    unsafe fn number(self, number: f64) {
        unsafe { ffi::lua_pushnumber(self.state, number) }
    }

    unsafe fn text(self, text: &[u8]) {
        unsafe { ffi::lua_pushlstring_(self.state, text.as_ptr().cast(), text.len()) }
    }

    /// A table with room for as many items and fields.
    unsafe fn table(self, items: usize, fields: usize) {
        // Only a hint.
        const MOST: usize = 1 << 24;
        unsafe { ffi::lua_createtable(self.state, items.min(MOST) as c_int, fields.min(MOST) as c_int) }
    }

    /// Makes the value on top item `i` (from 0) of the table below it.
    unsafe fn set_item(self, i: usize) {
        unsafe { ffi::lua_rawseti_(self.state, -2, i as c_int + 1) }
    }

    /// Puts the value on top under the key below it into the table below both.
    unsafe fn set(self) {
        unsafe { ffi::lua_rawset(self.state, -3) }
    }

    /// A table with one field, whose value `push` pushes.
    unsafe fn field(self, name: &[u8], push: impl FnOnce()) {
        unsafe {
            self.table(0, 1);
            self.text(name);
            push();
            self.set();
        }
    }

    /// Two values: that a call failed, and how.
    unsafe fn failed(self, line: &[u8]) {
        unsafe {
            self.number(FAILED);
            self.table(0, 4);
            self.text(b"err");
            self.text(line);
            self.set();
            // The call has counted it; an answer that carries it on is not counted again.
            self.text(b"ignore_error_stats_update");
            self.boolean(true);
            self.set();
        }
    }

    /// How a script is given what it is given, its function, its keys and arguments; how many values that are.
    unsafe fn start(self, start: &Start) -> c_int {
        let words = start.words.as_args();
        unsafe {
            self.number(match start.given {
                Given::Nothing => 0.0,
                Given::Globals => GLOBALS,
                Given::Passed => PASSED,
            });
            ffi::lua_rawgeti_(self.state, ffi::LUA_REGISTRYINDEX, start.code);
            self.words(words.up_to(start.keys));
            self.words(words.from(start.keys));
        }
        4
    }

    unsafe fn words(self, words: Args<'_>) {
        unsafe {
            self.table(words.len(), 0);
            for (i, word) in words.iter().enumerate() {
                self.text(word);
                self.set_item(i);
            }
        }
    }

    /// A reply as a script sees it.
    unsafe fn reply(self, reply: &Reply, resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            match reply {
                Reply::Status(status) => self.field(b"ok", || self.text(status.as_bytes())),
                Reply::Error(line) => self.field(b"err", || self.text(line.as_bytes())),
                Reply::Integer(n) => self.number(*n as f64),
                Reply::Bulk(bytes) => self.text(bytes),
                Reply::Id(id) => self.id(*id),
                Reply::Null | Reply::NullArray => self.null(resp3),
                Reply::Array(items) | Reply::Push(items) => self.list(items, resp3, text),
                Reply::Set(items) if resp3 => self.set_of(items, resp3, text),
                Reply::Set(items) => self.list(items, resp3, text),
                Reply::Map(pairs) | Reply::Pairs(pairs) if resp3 => self.map(pairs, resp3, text),
                Reply::Map(pairs) => self.flat(pairs, resp3, text),
                Reply::Tuples(pairs) if !resp3 => self.flat(pairs, resp3, text),
                Reply::Tuples(pairs) | Reply::Pairs(pairs) => self.tuples(pairs, resp3, text),
                Reply::Double(value) if resp3 => self.field(b"double", || self.number(*value)),
                Reply::Double(value) => {
                    text.clear();
                    double::write(*value, text);
                    self.text(text);
                }
                Reply::BigNumber(digits) if resp3 => self.field(b"big_number", || self.text(digits.as_bytes())),
                Reply::BigNumber(digits) => self.text(digits.as_bytes()),
                Reply::Boolean(value) if resp3 => self.boolean(*value),
                Reply::Boolean(value) => self.number(f64::from(*value)),
                Reply::Verbatim(format, bytes) if resp3 => self.verbatim(format.as_bytes(), bytes),
                Reply::Verbatim(_, bytes) => self.text(bytes),
                Reply::Entry(entry) => self.entry(entry, resp3),
                Reply::Other(reply) => self.deeper(reply, resp3, text),
                // Verbs that answer with messages only are not for scripts; entries are unfolded by the desk.
                Reply::Nothing | Reply::Entries(_) => self.nil(),
            }
        }
    }

    /// A reply inside of another one.
    unsafe fn deeper(self, reply: &Reply, resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.room();
            self.reply(reply, resp3, text);
        }
    }

    unsafe fn null(self, resp3: bool) {
        unsafe { if resp3 { self.nil() } else { self.boolean(false) } }
    }

    unsafe fn id(self, id: StreamId) {
        let (mut ms, mut seq, mut out) = (itoa::Buffer::new(), itoa::Buffer::new(), [b'-'; 48]);
        let (ms, seq) = (ms.format(id.ms).as_bytes(), seq.format(id.seq).as_bytes());
        let end = ms.len() + 1 + seq.len();
        out[..ms.len()].copy_from_slice(ms);
        out[ms.len() + 1..end].copy_from_slice(seq);
        unsafe { self.text(&out[..end]) }
    }

    unsafe fn list(self, items: &[Reply], resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.table(items.len(), 0);
            for (i, item) in items.iter().enumerate() {
                self.deeper(item, resp3, text);
                self.set_item(i);
            }
        }
    }

    unsafe fn flat(self, pairs: &[(Reply, Reply)], resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.table(pairs.len() * 2, 0);
            for (i, (first, second)) in pairs.iter().enumerate() {
                self.deeper(first, resp3, text);
                self.set_item(i * 2);
                self.deeper(second, resp3, text);
                self.set_item(i * 2 + 1);
            }
        }
    }

    unsafe fn tuples(self, pairs: &[(Reply, Reply)], resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.table(pairs.len(), 0);
            for (i, pair) in pairs.iter().enumerate() {
                self.room();
                self.flat(std::slice::from_ref(pair), resp3, text);
                self.set_item(i);
            }
        }
    }

    unsafe fn map(self, pairs: &[(Reply, Reply)], resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.table(0, 1);
            self.text(b"map");
            self.table(0, pairs.len());
            for (key, value) in pairs {
                self.deeper(key, resp3, text);
                if self.is_key() {
                    self.deeper(value, resp3, text);
                    self.set();
                }
            }
            self.set();
        }
    }

    unsafe fn set_of(self, items: &[Reply], resp3: bool, text: &mut Vec<u8>) {
        unsafe {
            self.table(0, 1);
            self.text(b"set");
            self.table(0, items.len());
            for item in items {
                self.deeper(item, resp3, text);
                if self.is_key() {
                    self.boolean(true);
                    self.set();
                }
            }
            self.set();
        }
    }

    /// Whether the value on top can be a key; nil is taken away.
    unsafe fn is_key(self) -> bool {
        unsafe {
            let is_nil = ffi::lua_type(self.state, -1) == ffi::LUA_TNIL;
            if is_nil {
                ffi::lua_settop(self.state, -2);
            }
            !is_nil
        }
    }

    unsafe fn verbatim(self, format: &[u8], bytes: &[u8]) {
        unsafe {
            self.table(0, 1);
            self.text(b"verbatim_string");
            self.table(0, 2);
            self.text(b"format");
            self.text(format);
            self.set();
            self.text(b"string");
            self.text(bytes);
            self.set();
            self.set();
        }
    }

    unsafe fn entry(self, entry: &EntryReply, resp3: bool) {
        unsafe {
            self.table(4, 0);
            self.id(entry.id);
            self.set_item(0);
            match &entry.fields {
                Some(fields) => {
                    self.table(0, 0);
                    for (i, item) in fields.iter().enumerate() {
                        self.text(item);
                        self.set_item(i);
                    }
                }
                None => self.null(resp3),
            }
            self.set_item(1);
            if let Some((idle_ms, deliveries)) = entry.redelivery {
                self.number(idle_ms as f64);
                self.set_item(2);
                self.number(deliveries as f64);
                self.set_item(3);
            }
        }
    }
}
