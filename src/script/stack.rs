//! The stack of a coroutine, as far as it can be read without a risk, and the door between Lua and the [`Desk`].
//!
//! The binding could do all of this. But for each call of each script it makes garbage in both languages, and a short
//! script cost three times as much as it does now.
//!
//! The second of the three files that may be unsafe. What it relies on:
//! - A [`Stack`] is only read, at places that are looked at first. Nothing that it calls can raise an error of Lua: values are
//!   never converted in place, and whoever pushes has asked for [`Stack::room`].
//! - What can raise one is in `push.rs` and comes last in [`serve`], when no value that wants to be dropped is left there.
//! - No panic leaves [`serve`]: see [`Desk::serve`].
#![allow(unsafe_code)]

use super::desk::{Answer, Desk};
use super::push;
use mlua::ffi::{self, lua_State};
use mlua::{Function, Lua, RegistryKey, Thread};
use std::cell::Cell;
use std::ffi::c_int;
use std::marker::PhantomData;
use std::{ptr, slice};

/// Slots that [`Stack::room`] adds to what it is asked for: the machine grows a stack before it is quite full.
const SPARE: c_int = 4;

/// A value, as far as somebody wants to know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'s> {
    /// Nothing.
    Nil,
    /// A truth value.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(&'s [u8]),
    /// A table.
    Table,
    /// Something else.
    Other,
}

/// The values of a coroutine that stands still, or the arguments of a function that runs. The first is at 1.
#[derive(Debug)]
pub struct Stack<'l> {
    state: *mut lua_State,
    life: PhantomData<&'l mut Thread>,
}

impl Stack<'_> {
    /// # Safety
    /// `state` is valid as long as this lives, and nobody else moves what is on its stack.
    unsafe fn of(state: *mut lua_State) -> Self {
        Stack { state, life: PhantomData }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        // SAFETY: the state is valid; this only subtracts.
        unsafe { ffi::lua_gettop(self.state) as usize }
    }

    /// The value at `at`; beyond the end there is nil.
    pub fn value(&self, at: usize) -> Value<'_> {
        let Some(at) = self.place(at) else { return Value::Nil };
        // SAFETY: there is a value at `at`. Each branch asks for what it is. The bytes of a string do not move, and stay
        // while it is on the stack: whoever takes it off borrows `self` alone.
        unsafe {
            match ffi::lua_type(self.state, at) {
                ffi::LUA_TNIL => Value::Nil,
                ffi::LUA_TBOOLEAN => Value::Boolean(ffi::lua_toboolean(self.state, at) != 0),
                ffi::LUA_TNUMBER => Value::Number(ffi::lua_tonumber(self.state, at)),
                ffi::LUA_TSTRING => {
                    let mut len = 0;
                    let bytes = ffi::lua_tolstring(self.state, at, &mut len);
                    Value::Text(slice::from_raw_parts(bytes.cast(), len))
                }
                ffi::LUA_TTABLE => Value::Table,
                _ => Value::Other,
            }
        }
    }

    /// Sees to it that `count` values more can be put on it. Whether they can.
    #[must_use]
    pub fn room(&mut self, count: c_int) -> bool {
        // SAFETY: the state is valid; this raises no error, but says when there is no room.
        unsafe { ffi::lua_checkstack(self.state, count + SPARE) != 0 }
    }

    /// Puts what the machine keeps in its registry on top.
    pub fn push_kept(&mut self, kept: &RegistryKey) {
        // SAFETY: reading the registry at a number raises nothing; there is room, which the caller asked for.
        unsafe { ffi::lua_rawgeti_(self.state, ffi::LUA_REGISTRYINDEX, kept.id()) }
    }

    /// Puts item `i` of the table at `table` on top, nil if there is no table.
    pub fn push_item(&mut self, table: usize, i: c_int) {
        match self.table(table) {
            // SAFETY: there is a table, which is read without its metatable; there is room, which the caller asked for.
            Some(table) => unsafe { ffi::lua_rawgeti_(self.state, table, i) },
            None => self.push_nil(),
        }
    }

    /// Puts what the table at `table` has under the key at `key` on top, nil if there is no table.
    pub fn push_field(&mut self, table: usize, key: usize) {
        match (self.table(table), self.place(key)) {
            // SAFETY: as in `push_item`; the key is replaced by what is found.
            (Some(table), Some(key)) => unsafe {
                ffi::lua_pushvalue(self.state, key);
                ffi::lua_rawget_(self.state, table);
            },
            _ => self.push_nil(),
        }
    }

    /// Puts nil on top.
    pub fn push_nil(&mut self) {
        // SAFETY: there is room, which the caller asked for.
        unsafe { ffi::lua_pushnil(self.state) }
    }

    /// Replaces the key on top by the next key of the table at `table` and its value, or takes it away at the end. The key is
    /// nil or comes from here.
    pub fn next(&mut self, table: usize) -> bool {
        let Some(table) = self.table(table) else { return false };
        // SAFETY: there is a table and a key that it has; nothing changes the table meanwhile.
        unsafe { ffi::lua_next(self.state, table) != 0 }
    }

    /// Keeps the first `len` values.
    pub fn cut(&mut self, len: usize) {
        if len < self.len() {
            // SAFETY: values are only taken away.
            unsafe { ffi::lua_settop(self.state, len as c_int) }
        }
    }

    fn place(&self, at: usize) -> Option<c_int> {
        (1..=self.len()).contains(&at).then_some(at as c_int)
    }

    fn table(&self, at: usize) -> Option<c_int> {
        // SAFETY: there is a value.
        self.place(at).filter(|at| unsafe { ffi::lua_type(self.state, *at) == ffi::LUA_TTABLE })
    }
}

/// The coroutine that runs script after script.
#[derive(Debug)]
pub struct Coroutine {
    thread: Thread,
    /// It waits to be resumed.
    waits: bool,
}

impl Coroutine {
    /// One that begins with `start`.
    pub fn new(lua: &Lua, start: &Function) -> mlua::Result<Coroutine> {
        Ok(Coroutine { thread: lua.create_thread(start.clone())?, waits: true })
    }

    /// Runs it until it yields; what it yielded is on its stack. `desk` serves it meanwhile.
    pub fn resume(&mut self, lua: &Lua, desk: &mut Desk<'_>) -> mlua::Result<Stack<'_>> {
        if !std::mem::take(&mut self.waits) {
            return Err(mlua::Error::CoroutineUnresumable);
        }
        let state = self.thread.state();
        let before = DESK.replace(ptr::from_mut(desk).cast());
        // SAFETY: the coroutine is new or has yielded, so it can be resumed, without values. It ends there whatever is
        // raised in it. `serve` finds `desk`, which nobody else uses meanwhile, and does not after this.
        let status = unsafe { ffi::lua_resume_(state, 0) };
        DESK.set(before);
        match status {
            ffi::LUA_YIELD => {}
            ffi::LUA_OK => return Err(mlua::Error::CoroutineUnresumable),
            _ => return Err(raised(lua, state)),
        }
        self.waits = true;
        // SAFETY: the thread is ours, and borrowed as long as the stack is.
        Ok(unsafe { Stack::of(state) })
    }
}

/// What ended a coroutine that does not end by itself. The binding knows what its own functions raised.
#[cold]
fn raised(lua: &Lua, state: *mut lua_State) -> mlua::Error {
    // SAFETY: the error is on top of the stack of the dead coroutine. The closure may raise errors, the binding catches
    // them; nothing in it wants to be dropped.
    let outcome = unsafe {
        lua.exec_raw::<()>((), |own| {
            ffi::lua_xmove(state, own, 1);
            ffi::lua_error(own);
        })
    };
    outcome.err().unwrap_or(mlua::Error::CoroutineUnresumable)
}

thread_local! {
    /// The desk of the slice that this thread runs.
    static DESK: Cell<*mut Desk<'static>> = const { Cell::new(ptr::null_mut()) };
}

/// The function that scripts reach the desk with.
pub fn door(lua: &Lua) -> mlua::Result<Function> {
    // SAFETY: it may be called with any values at any time, see there.
    unsafe { lua.create_c_function(serve) }
}

/// # Safety
/// Lua calls it.
unsafe extern "C-unwind" fn serve(state: *mut lua_State) -> c_int {
    let desk = DESK.get();
    // SAFETY: a pointer that is not null was set by the `resume` which this runs in, and the desk is used here only: a host
    // does not get to call this again. The arguments stay where they are while the desk reads them.
    // Part one raises no error of Lua and lets no panic through; part two is what may raise one, and holds only borrows.
    unsafe {
        if desk.is_null() {
            return push::answer(state, &Answer::Broken, None);
        }
        (*desk).serve(&Stack::of(state));
        let tray = &mut *(*desk).tray;
        push::answer(state, &tray.answer, Some((&tray.start, tray.is_resp3(), &mut tray.text)))
    }
}
