//! Runs one transcript against one server and says where it first went another way.

use brooklet_testkit::{Pattern, Protocol, Value, fields, loosen, write};

use crate::answers::{Answers, Side};
use crate::pool::Pool;
use crate::script::{Action, Script, Step};
use crate::stage::Stage;

/// Runs it; the message of a failure names file and line.
pub fn run(script: &Script, pool: &Pool, protocol: Protocol) -> Result<(), String> {
    let server = pool.take(&script.config)?;
    play(script, &server, pool.side(), protocol)?;
    if !script.config.is_empty() || script.steps.iter().any(changes_settings) {
        return Ok(());
    }
    pool.put_back(server);
    Ok(())
}

fn play(script: &Script, server: &brooklet_testkit::Server, side: Side, protocol: Protocol) -> Result<(), String> {
    let mut stage = Stage::open(server, protocol)?;
    let steps = script.steps.iter().filter(|step| side == Side::Brooklet || step.since.is_none());
    for step in steps {
        let place = format!("{}:{}: {}", script.path.display(), step.line + 1, script.lines[step.line]);
        let reply = stage.perform(step).map_err(|why| format!("{place}\n{why}\n{}", server.output()))?;
        if let (Some(reply), Some(answers)) = (reply, step.answers()) {
            let reply =
                if side == Side::Brooklet && step.since.is_none() { fields::without_newer(reply) } else { reply };
            check(&mut stage, step, answers, &reply, side).map_err(|why| format!("{place}\n{why}"))?;
        }
    }
    Ok(())
}

impl Step {
    /// What is expected of it.
    pub fn answers(&self) -> Option<&Answers> {
        match &self.action {
            Action::Send(_, answers) | Action::Raw(_, answers) => answers.as_ref(),
            Action::Read(answers) => Some(answers),
            _ => None,
        }
    }
}

/// Whether `reply` is what `answers` expects.
pub fn check(stage: &mut Stage<'_>, step: &Step, answers: &Answers, reply: &Value, side: Side) -> Result<(), String> {
    let command = stage.command(&step.client);
    let protocol = stage.protocol(&step.client);
    let verb = command.first().cloned().unwrap_or_default();
    let expected = answers.for_run(side, protocol).ok_or("no expected reply is written; record it")?;
    let pattern = expected.clone().for_command(&verb, protocol);
    match pattern.matches(reply, protocol, &mut stage.names) {
        true => Ok(()),
        false => Err(difference(&pattern, &loosen::loosen(&command, reply.clone()))),
    }
}

fn difference(expected: &Pattern, reply: &Value) -> String {
    format!("expected\n{}\ngot\n{}", write::lines(expected).join("\n"), write::value(reply))
}

/// Whether a server must not serve another transcript after this step.
fn changes_settings(step: &Step) -> bool {
    let Action::Send(args, _) = &step.action else { return false };
    let word = |at: usize| args.get(at).map(|w| w.to_ascii_uppercase()).unwrap_or_default();
    matches!((word(0).as_slice(), word(1).as_slice()), (b"CONFIG", b"SET") | (b"DEBUG" | b"ACL", _))
}
