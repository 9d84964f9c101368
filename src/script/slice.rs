//! Slices: a script that runs for long stops in between, so that others get their turn.
//!
//! Every so many instructions the machine calls [`look`]. When the time of the slice is up, the coroutine that runs
//! yields from inside the hook; being resumed it goes on as if nothing had been. Where it cannot yield (inside of a comparison
//! of table.sort, or a callback of string.gsub), it goes on, up to a limit behind which it is ended with an error.
//!
//! The first of the three files that may be unsafe: LuaJIT can yield from a hook, the binding does not offer it.
#![allow(unsafe_code)]

use mlua::Lua;
use mlua::ffi::{self, lua_Debug, lua_State};
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::time::{Duration, Instant};

/// Instructions between two looks at the time: some microseconds.
const LOOK: c_int = 4096;

/// How long a script may go on where it cannot stop.
const STUBBORN: Duration = Duration::from_millis(500);

/// The slice that this thread runs.
#[derive(Clone, Copy)]
struct Slice {
    end: Instant,
    stopped: bool,
    /// The script is to end.
    killed: bool,
    /// It could not be stopped where it was, or was to be ended with an error: each instruction is looked at from then on.
    sharp: bool,
}

thread_local! {
    static SLICE: Cell<Option<Slice>> = const { Cell::new(None) };
}

unsafe extern "C-unwind" {
    // LuaJIT has it, the binding declares it only for newer versions of Lua.
    fn lua_isyieldable(state: *mut lua_State) -> c_int;
}

/// Begins a slice on this thread; a script that is `killed` ends in it.
#[allow(clippy::disallowed_methods)] // Nobody sees this clock: it only decides where a script pauses.
pub fn begin(budget: Duration, killed: bool) {
    SLICE.set(Some(Slice { end: Instant::now() + budget, stopped: false, killed, sharp: false }));
}

/// Ends the slice of this thread.
pub fn end(lua: &Lua) {
    if SLICE.take().is_some_and(|slice| slice.sharp) {
        // It was set before, so it can be set.
        let _ = watch(lua);
    }
}

/// An error has arrived where the script began, and ends it: nothing more is to be ended.
pub fn arrived() {
    SLICE.set(SLICE.get().map(|slice| Slice { killed: false, end: slice.end + Duration::from_secs(3600), ..slice }));
}

/// The script gets nowhere any more: it is to end as if it was killed.
pub fn give_up() {
    SLICE.set(SLICE.get().map(|slice| Slice { killed: true, ..slice }));
}

/// Notes that the coroutine that runs is about to yield, for us and not for the script.
pub fn stop() {
    SLICE.set(SLICE.get().map(|slice| Slice { stopped: true, ..slice }));
}

/// It did not come to that.
pub fn go_on() {
    SLICE.set(SLICE.get().map(|slice| Slice { stopped: false, ..slice }));
}

/// Whether the yield that happened was ours.
pub fn stopped() -> bool {
    SLICE.get().is_some_and(|slice| slice.stopped)
}

/// Has `lua` call [`look`] from now on, in all its coroutines.
pub fn watch(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: the closure only sets the hook of a valid state, leaves its stack as it was and raises no error. The hook
    // itself is sound for every coroutine of the state: see `look`.
    unsafe {
        lua.exec_raw::<()>((), |state| {
            ffi::lua_sethook(state, Some(look), ffi::LUA_MASKCOUNT, LOOK);
        })
    }
}

/// Looks at the time.
#[allow(clippy::disallowed_methods)] // As in `begin`.
unsafe extern "C-unwind" fn look(state: *mut lua_State, place: *mut lua_Debug) {
    let Some(slice) = SLICE.get() else { return };
    let now = Instant::now();
    if now < slice.end && !slice.killed {
        return;
    }
    // SAFETY: `state` is the coroutine that runs, as Lua passes it to a hook. Both ways out unwind this frame: it holds
    // nothing that wants to be dropped, and its ABI lets them through. `lua_yield` with no values is what LuaJIT
    // expects of a hook; it is asked first whether this coroutine can yield.
    unsafe {
        if slice.killed {
            // Whoever catches this gets it again with the next instruction, until nobody does: see `arrived`.
            SLICE.set(Some(Slice { sharp: true, ..slice }));
            ffi::lua_sethook(state, Some(look), ffi::LUA_MASKCOUNT, 1);
            ffi::lua_pushstring(state, super::error::KILLED.as_ptr());
            ffi::lua_error(state);
        } else if lua_isyieldable(state) != 0 {
            if is_ours(state, place) {
                // The prelude may be about to yield for us, and to be taken for the script if it does so in another slice: the
                // script stops behind it.
                SLICE.set(Some(Slice { sharp: true, ..slice }));
                ffi::lua_sethook(state, Some(look), ffi::LUA_MASKCOUNT, 1);
            } else {
                stop();
                ffi::lua_yield(state, 0);
            }
        } else if now > slice.end + STUBBORN {
            // Whoever catches this is looked at where it can be paused, however soon it is back here.
            SLICE.set(Some(Slice { sharp: true, ..slice }));
            ffi::lua_sethook(state, Some(look), ffi::LUA_MASKCOUNT, 1);
            ffi::lua_pushstring(state, super::error::STUBBORN.as_ptr());
            ffi::lua_error(state);
        }
    }
}

/// Whether the function that runs is one of the prelude.
///
/// # Safety
/// `state` and `place` are those that Lua passes to a hook.
unsafe fn is_ours(state: *mut lua_State, place: *mut lua_Debug) -> bool {
    // SAFETY: in a hook `place` stands for the function that runs; "S" fills in its source, a string that ends with zero
    // and lives as long as the function.
    unsafe {
        ffi::lua_getinfo(state, c"S".as_ptr(), place) != 0
            && !(*place).source.is_null()
            && CStr::from_ptr((*place).source).to_bytes() == super::vm::PRELUDE.as_bytes()
    }
}
