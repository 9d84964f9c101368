//! What the verbs about functions do.

use super::{Answer, is_flush_mode, refused};
use crate::broker::Ctx;
use crate::broker::functions::{Library, Policy};
use crate::command::args::Args;
use crate::command::error;
use crate::reply::Reply;
use crate::script::Registered;

/// FUNCTION LOAD.
pub fn function_load(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let options = args.from(2).up_to(args.len() - 3);
    let mut replace = false;
    for word in options.iter() {
        if !word.eq_ignore_ascii_case(b"replace") {
            return Err(error::script::unknown_option(word));
        }
        replace = true;
    }
    let name = ctx.engine.functions().and_then(|f| f.load(args.at(args.len() - 1), replace)).map_err(refused)?;
    ctx.engine.keep_functions();
    Ok(Reply::bulk(name))
}

/// FUNCTION LIST.
pub fn function_list(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let (mut pattern, mut with_code, mut at) = (None, false, 2);
    while let Some(word) = args.get(at) {
        if !with_code && word.eq_ignore_ascii_case(b"withcode") {
            with_code = true;
        } else if pattern.is_none() && word.eq_ignore_ascii_case(b"libraryname") {
            at += 1;
            pattern = Some(args.get(at).ok_or(error::script::NO_PATTERN)?);
        } else {
            return Err(error::script::unknown_argument(word));
        }
        at += 1;
    }
    let libraries = ctx.engine.functions().map_err(refused)?.matching(pattern);
    Ok(Reply::Array(libraries.map(|library| shown(library, with_code)).collect()))
}

fn shown(library: &Library, with_code: bool) -> Reply {
    let mut facts = vec![
        (Reply::text("library_name"), Reply::bulk(&library.name)),
        (Reply::text("engine"), Reply::text("LUA")),
        (Reply::text("functions"), Reply::Array(library.functions.iter().map(shown_function).collect())),
    ];
    if with_code {
        facts.push((Reply::text("library_code"), Reply::Bulk(library.text.clone())));
    }
    Reply::Map(facts)
}

fn shown_function(function: &Registered) -> Reply {
    let flags = function.flags.iter().map(|flag| Reply::Status(flag.clone().into()));
    Reply::Map(vec![
        (Reply::text("name"), Reply::bulk(&function.name)),
        (Reply::text("description"), function.description.as_ref().map_or(Reply::Null, Reply::bulk)),
        (Reply::text("flags"), Reply::Set(flags.collect())),
    ])
}

/// FUNCTION DELETE.
pub fn function_delete(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if !ctx.engine.functions().map_err(refused)?.delete(args.at(2)) {
        return Err(error::script::LIBRARY_NOT_FOUND);
    }
    ctx.engine.keep_functions();
    Ok(Reply::OK)
}

/// FUNCTION FLUSH.
pub fn function_flush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if args.len() > 3 {
        return Err(error::script::function_arity(&String::from_utf8_lossy(args.at(1))));
    }
    if !is_flush_mode(args) {
        return Err(error::script::FUNCTION_FLUSH_OPTION);
    }
    ctx.engine.functions.flush();
    ctx.engine.keep_functions();
    Ok(Reply::OK)
}

/// FUNCTION STATS.
pub fn function_stats(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    if ctx.engine.scripts.running.as_ref().is_some_and(|running| running.function.is_none()) {
        return Err(error::BUSY);
    }
    ctx.engine.functions().map_err(refused)?;
    let engine = &*ctx.engine;
    let running = engine.scripts.running.as_ref().and_then(|running| running.function.as_ref());
    let running = running.map_or(Reply::Null, |(name, call)| {
        let call = call.as_args().iter().map(Reply::bulk);
        Reply::Map(vec![
            (Reply::text("name"), Reply::bulk(name)),
            (Reply::text("command"), Reply::Array(call.collect())),
            (Reply::text("duration_ms"), Reply::Integer(engine.held_ms().unwrap_or(0) as i64)),
        ])
    });
    let lua = Reply::Map(vec![
        (Reply::text("libraries_count"), Reply::count(engine.functions.iter().len())),
        (Reply::text("functions_count"), Reply::count(engine.functions.len())),
    ]);
    let engines = Reply::Map(vec![(Reply::text("LUA"), lua)]);
    Ok(Reply::Map(vec![(Reply::text("running_script"), running), (Reply::text("engines"), engines)]))
}

/// FUNCTION DUMP.
pub fn function_dump(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    Ok(Reply::bulk(ctx.engine.functions().map_err(refused)?.dump()))
}

/// FUNCTION RESTORE.
pub fn function_restore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if args.len() > 4 {
        return Err(error::script::function_arity(&String::from_utf8_lossy(args.at(1))));
    }
    let policy = match args.get(3).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"append") => Policy::Append,
        Some(b"flush") => Policy::Flush,
        Some(b"replace") => Policy::Replace,
        Some(_) => return Err(error::script::POLICY),
    };
    ctx.engine.functions().and_then(|f| f.restore(args.at(2), policy)).map_err(refused)?;
    ctx.engine.keep_functions();
    Ok(Reply::OK)
}
