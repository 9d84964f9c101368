-- What scripts see, built once for each machine: the libraries behind guards, `redis`, and the coroutine that runs them.
--
-- Lua 5.1 has no tables that cannot be written. So scripts get an empty table in place of each shared one, its *guard*:
-- reads go through it, writes are refused. Whatever could get behind a guard (rawset, pairs, next, table.insert, a
-- metatable) is replaced here. Nothing else of the standard libraries is reachable: what is not named below is not there.
--
-- `rust` holds the functions of library.rs, `ask` (the way to the host of the slice, see stack.rs) and `null`.

local rust = ...
local ask, trace = rust.ask, rust.trace

local error, type, tostring, tonumber, select, next = error, type, tostring, tonumber, select, next
local ipairs_, setfenv_ = ipairs, setfenv
local pairs_, pcall_, xpcall_, load_, unpack_ = pairs, pcall, xpcall, load, unpack
local setmetatable_, getmetatable_, rawset_, rawget_ = setmetatable, getmetatable, rawset, rawget
local create_, resume_, yield_, running_ = coroutine.create, coroutine.resume, coroutine.yield, coroutine.running
local insert_, find_, concat_ = table.insert, string.find, table.concat
local floor_, max_, min_ = math.floor, math.max, math.min

local READONLY = "Attempt to modify a readonly table"

-- An error where the script is that called.
local function fail(text)
    error(rust.place() .. text, 0)
end

local function bad_argument(name, why, ...)
    if select("#", ...) == 0 then why = why .. ", got no value" else why = why .. ", got " .. type((...)) end
    fail("bad argument #1 to '" .. name .. "' (" .. why .. ")")
end

-- Guards ------------------------------------------------------------------------------------------------------------

local behind, shown = {}, {}

local function refuse()
    error(READONLY, 2)
end

-- A guard of `table`; `metatable` is what getmetatable shows of it.
local function guard(table, metatable)
    local front = {}
    behind[front], shown[front] = table, metatable
    return setmetatable_(front, { __index = table, __newindex = refuse, __metatable = false })
end

local function unknown(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

local globals = setmetatable_({}, { __index = unknown })
local _G = guard(globals, guard({ __index = unknown }))

local function library(from, ...)
    local to = {}
    for i = 1, select("#", ...) do
        local name = select(i, ...)
        to[name] = from[name]
    end
    return to
end

for _, name in ipairs { "assert", "error", "ipairs", "rawequal", "select", "tonumber", "tostring", "type", "gcinfo" } do
    globals[name] = getfenv()[name]
end
globals._G = _G
-- See tail.rs.
function globals.__pass(...) return ... end
-- See steps.rs.
local MINUS_ZERO = 0 * tonumber("-1")
function globals.__step(step)
    if step == 0 then return MINUS_ZERO end
    return step
end
globals._VERSION = "Lua 5.1"

function globals.setmetatable(table, ...)
    if behind[table] then error(READONLY, 0) end
    return setmetatable_(table, ...)
end

function globals.getmetatable(...)
    local value = ...
    if behind[value] then return shown[value] end
    return getmetatable_(...)
end

function globals.rawset(table, ...)
    if behind[table] then error(READONLY, 0) end
    return rawset_(table, ...)
end

function globals.rawget(table, ...)
    return rawget_(behind[table] or table, ...)
end

function globals.next(...)
    local hidden = behind[(...)]
    if not hidden then return next(...) end
    return next(hidden, select(2, ...))
end

function globals.pairs(...)
    local table = ...
    local hidden = behind[table]
    if select("#", ...) == 0 then bad_argument("pairs", "table expected") end
    if not hidden then return pairs_(table) end
    return function(_, key) return next(hidden, key) end, table, nil
end

function globals.unpack(list, from, to)
    if to == nil then return unpack_(list, from) end
    local first, last = tonumber(from) or 1, tonumber(to) or 0
    if last - first >= 7990 then error("too many results to unpack", 2) end
    if first > last then return end
    return unpack_(list, from, to)
end

function globals.collectgarbage(what, ...)
    if what == nil or what == "collect" or what == "count" or what == "step" then return collectgarbage(what, ...) end
    if what == "stop" or what == "restart" or what == "setpause" or what == "setstepmul" then return 0 end
    error("bad argument #1 to 'collectgarbage' (invalid option '" .. tostring(what) .. "')", 2)
end

-- Code is text: the machine would run any bytecode that it is given.
local function load_text(text, name)
    if text:byte() == 27 then
        return nil, "[string \"\27\"]:1: unexpected symbol near 'char(27)'"
    end
    return load_(rust.readable(text), name or text, "t")
end

function globals.loadstring(...)
    local text, name = ...
    if type(text) ~= "string" and type(text) ~= "number" then bad_argument("loadstring", "string expected", ...) end
    return load_text(tostring(text), name)
end

function globals.load(...)
    local reader, name = ...
    if type(reader) ~= "function" then bad_argument("load", "function expected", ...) end
    local pieces = {}
    while true do
        local piece = reader()
        if piece == nil or piece == "" then break end
        if type(piece) ~= "string" then error("reader function must return a string", 2) end
        pieces[#pieces + 1] = piece
    end
    return load_text(concat_(pieces), name or "=(load)")
end

-- Errors ------------------------------------------------------------------------------------------------------------

-- Errors of calls are tables; whoever catches one with pcall gets its text, as ever.
local function caught(ok, value, ...)
    if ok then return true, value, ... end
    if type(value) == "table" then
        local text = rawget_(value, "err")
        if text ~= nil then value = text end
    elseif type(value) == "userdata" then
        value = tostring(value)
    elseif type(value) == "string" and find_(value, "^prelude:%d") then
        -- There is no such place.
        value = value:gsub("^prelude:%d+: ", "")
    end
    return false, value
end

function globals.pcall(...)
    if select("#", ...) == 0 then return false end
    return caught(pcall_(...))
end

function globals.xpcall(...)
    if select("#", ...) < 2 then fail "bad argument #2 to 'xpcall' (value expected)" end
    local f, handler = ...
    return xpcall_(f, handler)
end

-- Coroutines --------------------------------------------------------------------------------------------------------

-- The coroutine that runs scripts.
local main

-- A slice may end inside of a coroutine that the script made: then all that resumed it stop as well.
local function resumed(co, ok, ...)
    if ok and select("#", ...) == 0 and rust.stopped() then
        yield_()
        return resumed(co, resume_(co))
    end
    return ok, ...
end

local function resume(co, ...)
    if type(co) ~= "thread" then fail "bad argument #1 to 'resume' (coroutine expected)" end
    return resumed(co, resume_(co, ...))
end

local function outcome(ok, ...)
    if ok then return ... end
    local why = ...
    if type(why) == "string" then fail(why) end
    error(why, 0)
end

local function create(name, f)
    if type(f) ~= "function" then fail("bad argument #1 to '" .. name .. "' (Lua function expected)") end
    return create_(f)
end

globals.coroutine = guard {
    create = function(f) return create("create", f) end,
    resume = resume,
    status = coroutine.status,
    wrap = function(f)
        local co = create("wrap", f)
        return function(...) return outcome(resume(co, ...)) end
    end,
    yield = function(...)
        if running_() == main then error("attempt to yield across metamethod/C-call boundary", 0) end
        return yield_(...)
    end,
    running = function()
        local co = running_()
        if co == main then return nil end
        return co
    end,
}

-- Standard libraries --------------------------------------------------------------------------------------------------

local strings = library(string, "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse",
    "sub", "upper")
strings.gfind = string.gmatch
local rep_, format_ = string.rep, string.format
-- Without a separator. The machine would take a count of more than 31 bits for another one.
function strings.rep(...)
    local text, count = ...
    local n = tonumber(count)
    if n and n >= 2147483648 and type(text) == "string" and text ~= "" then error("not enough memory", 0) end
    if select("#", ...) > 2 then return rep_(text, count) end
    return rep_(...)
end
-- %s wants a string or a number.
local function check_words(text, ...)
    local given, at = { ... }, 0
    for letter in text:gmatch("%%[-+ #0-9.]*(.)") do
        if letter ~= "%" then
            at = at + 1
            local kind = type(given[at])
            if letter == "s" and at <= select("#", ...) and kind ~= "string" and kind ~= "number" then
                fail(("bad argument #%d to 'format' (string expected, got %s)"):format(at + 1, kind))
            end
        end
    end
end
function strings.format(...)
    for i = 2, select("#", ...) do
        local kind = type((select(i, ...)))
        if kind ~= "string" and kind ~= "number" and type((...)) == "string" then
            check_words(...)
            break
        end
    end
    return format_(...)
end
function strings.dump()
    error("unable to dump given function", 2)
end
globals.string = guard(strings)
local of_strings = getmetatable_("")
of_strings.__index = globals.string
of_strings.__metatable = guard { __index = globals.string }

local tables = library(table, "concat", "foreach", "foreachi", "getn", "maxn", "remove", "sort")
function tables.insert(list, ...)
    if behind[list] then error(READONLY, 0) end
    return insert_(list, ...)
end
function tables.setn()
    error("'setn' is obsolete", 2)
end
function tables.foreach(list, f)
    for key, value in globals.pairs(list) do
        local found = f(key, value)
        if found ~= nil then return found end
    end
end
globals.table = guard(tables)

local maths = library(math, "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod",
    "frexp", "huge", "ldexp", "log", "log10", "max", "min", "modf", "pi", "pow", "rad", "sin", "sinh", "sqrt", "tan", "tanh")
maths.mod = math.fmod
local log_ = math.log
-- Without a base.
function maths.log(...)
    if select("#", ...) > 1 then return log_((...)) end
    return log_(...)
end
local random = rust.random
function maths.random(...)
    local count, r = select("#", ...), random()
    if count == 0 then return r end
    if count > 2 then error("wrong number of arguments", 2) end
    local low, high = ...
    if count == 1 then low, high = 1, low end
    low, high = tonumber(low), tonumber(high)
    if not low or not high then
        local bad = select(low and count or 1, ...)
        error(("bad argument #%d to 'random' (number expected, got %s)"):format(low and count or 1, type(bad)), 2)
    end
    low, high = floor_(low), floor_(high)
    if low > high then error(("bad argument #%d to 'random' (interval is empty)"):format(count), 2) end
    return floor_(r * (high - low + 1)) + low
end
function maths.randomseed(seed)
    rust.randomseed(tonumber(seed) or error("bad argument #1 to 'randomseed' (number expected, got " .. type(seed) .. ")", 2))
end
globals.math = guard(maths)

globals.os = guard { clock = os.clock }
local bits = library(bit, "arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit")
local tohex = bit.tohex
function bits.tohex(value, digits)
    if type(digits) ~= "number" then return tohex(value, digits or 8) end
    return tohex(value, max_(-8, min_(8, digits)))
end
globals.bit = guard(bits)

-- Libraries in Rust ---------------------------------------------------------------------------------------------------

-- They answer first what went wrong, if something did. Tail calls: the error is where the script called.
local function answer(problem, ...)
    if problem then error(problem, 2) end
    return ...
end

local function checked(from)
    local to = {}
    for name, f in pairs_(from) do
        to[name] = function(...) return answer(f(...)) end
    end
    return to
end

local function json()
    local made = checked(rust.json())
    made._NAME, made._VERSION, made.null = "cjson", "2.1.0", rust.null
    function made.new() return json() end
    return made
end
local cjson = checked(rust.shared_json)
cjson._NAME, cjson._VERSION, cjson.null, cjson.new = "cjson", "2.1.0", rust.null, json
globals.cjson = guard(cjson)

local msgpack = checked(rust.msgpack)
msgpack._NAME, msgpack._VERSION = "cmsgpack", "lua-cmsgpack 0.4.0"
globals.cmsgpack = guard(msgpack)
globals.struct = guard(checked(rust.pack))

-- redis -----------------------------------------------------------------------------------------------------------------

-- What the host answers: DONE and a value, FAILED and an error, or MISSING.
local DONE, FAILED = 0, 1
-- What is asked of the host.
local CALL, AGAIN, MAY, LOG, BEGIN = 0, 1, 2, 3, 4

local function settled(kind, value)
    while kind ~= DONE and kind ~= FAILED do
        -- Something has to be loaded: the slice ends here, and the call is done when the next one begins.
        rust.stop()
        yield_()
        kind, value = ask(AGAIN)
    end
    return kind, value
end

local function call(...)
    local kind, value = ask(CALL, ...)
    if kind == DONE then return value end
    kind, value = settled(kind, value)
    if kind == FAILED then error(value, 0) end
    return value
end

local function pcall_redis(...)
    local _, value = settled(ask(CALL, ...))
    return value
end

local BAD_TEXT = "wrong number or type of arguments"

local function raise(text)
    error({ err = "ERR " .. text }, 0)
end

local redis = {
    call = call,
    pcall = pcall_redis,
    LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
    REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
    REDIS_VERSION = rust.version, REDIS_VERSION_NUM = rust.version_number,
}

function redis.error_reply(...)
    local text = ...
    if select("#", ...) ~= 1 or type(text) ~= "string" then return { err = "ERR " .. BAD_TEXT } end
    text = text:gsub("[\r\n]+$", ""):gsub("^%-", "")
    if not find_(text, " ", 1, true) then text = "ERR " .. text end
    return { err = text }
end

function redis.status_reply(...)
    local text = ...
    if select("#", ...) ~= 1 or type(text) ~= "string" then return { err = "ERR " .. BAD_TEXT } end
    return { ok = text }
end

function redis.sha1hex(...)
    if select("#", ...) ~= 1 then raise "wrong number of arguments" end
    local text = ...
    return rust.sha1hex((type(text) == "string" or type(text) == "number") and tostring(text) or "")
end

function redis.log(...)
    if select("#", ...) < 2 then raise "redis.log() requires two arguments or more." end
    local level = tonumber((...))
    if not level then raise "First argument must be a number (log level)." end
    if level < 0 or level > 3 then raise "Invalid log level." end
    local words = {}
    for i = 2, select("#", ...) do
        local word = select(i, ...)
        if type(word) == "string" or type(word) == "number" then words[#words + 1] = tostring(word) end
    end
    ask(LOG, floor_(level), concat_(words, " "))
end

function redis.setresp(...)
    if select("#", ...) ~= 1 then raise "redis.setresp() requires one argument." end
    local version = floor_(tonumber((...)) or 0)
    if version ~= 2 and version ~= 3 then raise "RESP version must be 2 or 3." end
    rust.setresp(version)
end

-- What a script did is written as its effects, all of them: there is nothing to choose.
function redis.set_repl(...)
    if select("#", ...) ~= 1 then raise "redis.set_repl() requires one argument." end
    local flags = tonumber((...)) or 0
    if flags < 0 or flags > 3 then
        raise "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."
    end
end

function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

function redis.acl_check_cmd(...)
    if select("#", ...) == 0 then raise "Please specify at least one argument for this redis lib call" end
    local kind, value = ask(MAY, ...)
    if kind == FAILED then error(value, 0) end
    return value
end

globals.redis = guard(redis)

-- Functions -----------------------------------------------------------------------------------------------------------

-- A library is loaded in a world that has nothing but a `redis` that registers. Its functions run later, in that of
-- scripts, without KEYS and ARGV. Both are behind one guard, which is turned from one to the other.
local running = setmetatable_({}, { __index = unknown })
for name, value in pairs_(globals) do running[name] = value end
local turned = { __index = running, __newindex = refuse, __metatable = false }
local library_front = setmetatable_({}, turned)
behind[library_front] = running
running._G = library_front

local FLAGS = { ["no-writes"] = true, ["allow-oom"] = true, ["allow-stale"] = true, ["no-cluster"] = true,
    ["allow-cross-slot-keys"] = true }
local registered

local function flags_of(given)
    if type(given) ~= "table" then
        raise "flags argument to redis.register_function must be a table representing function flags"
    end
    local flags = {}
    for i, flag in ipairs_(given) do
        if not FLAGS[flag] then raise "unknown flag given" end
        flags[i] = flag
    end
    return flags
end

local function text_of(value, name)
    if type(value) ~= "string" and type(value) ~= "number" then
        raise(name .. " argument given to redis.register_function must be a string")
    end
    return tostring(value)
end

local function named(given)
    if type(given) ~= "table" then
        raise "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."
    end
    local f = {}
    for key, value in pairs_(given) do
        if key == "function_name" then f.name = text_of(value, key)
        elseif key == "description" then f.description = text_of(value, key)
        elseif key == "flags" then f.flags = flags_of(value)
        elseif key == "callback" then
            if type(value) ~= "function" then raise "callback argument given to redis.register_function must be a function" end
            f.callback = value
        else raise "unknown argument given to redis.register_function" end
    end
    if not f.name then raise "redis.register_function must get a function name argument" end
    if not f.callback then raise "redis.register_function must get a callback argument" end
    return f
end

local function register(...)
    local count, name, callback = select("#", ...), ...
    local f
    if count == 1 then f = named(name)
    elseif count ~= 2 then raise "wrong number of arguments to redis.register_function"
    else
        if type(name) ~= "string" and type(name) ~= "number" then
            raise "first argument to redis.register_function must be a string"
        end
        if type(callback) ~= "function" then raise "second argument to redis.register_function must be a function" end
        f = { name = tostring(name), callback = callback }
    end
    if not f.name:find("^[%w_]+$") then
        raise "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
    end
    for _, other in ipairs_(registered) do
        if other.name:lower() == f.name:lower() then raise "Function already exists in the library" end
    end
    registered[#registered + 1] = f
end

local loader = library(redis, "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM",
    "log")
loader.register_function = register
loader = guard(setmetatable_(loader, { __index = unknown }))
local loading = setmetatable_({ redis = loader, __pass = globals.__pass, __step = globals.__step }, { __index = unknown })

local function begin_load(chunk)
    registered, turned.__index = {}, loading
    setfenv_(chunk, library_front)
end

local function end_load()
    turned.__index = running
    return registered
end

-- Running ---------------------------------------------------------------------------------------------------------------

-- How a script gets its keys and arguments, if it does.
local GLOBALS, PASSED = 1, 2

local function begun(given, f, keys, args)
    if given == GLOBALS then
        globals.KEYS, globals.ARGV = keys, args
        return f()
    elseif given == PASSED then return f(keys, args)
    end
    return f()
end

local function run()
    return begun(ask(BEGIN))
end

-- One coroutine runs script after script; each yield but the one here is the end of a slice.
local function serve()
    return serve(yield_(true, xpcall_(run, trace)))
end

local function start()
    main = running_()
    return serve()
end

return _G, start, begin_load, end_load
