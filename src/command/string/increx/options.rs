//! The arguments of INCREX.

use super::amount::Change;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::extended::Extended;
use crate::command::number;
use crate::command::string::condition::Condition;
use crate::command::string::deadline::Deadline;

/// What was typed; numbers are read when it is known whether they are integers or floats.
#[derive(Debug, Default, PartialEq)]
pub struct Options<'a> {
    pub condition: Option<Condition<'a>>,
    pub deadline: Option<Deadline<'a>>,
    pub only_without_deadline: bool,
    pub saturate: bool,
    by_int: Option<&'a [u8]>,
    by_float: Option<&'a [u8]>,
    low: Option<&'a [u8]>,
    high: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    pub fn parse(args: Args<'a>) -> Result<Options<'a>, Refusal> {
        let mut options = Options::default();
        let mut i = 2;
        while i < args.len() {
            i += options.take(args.from(i))?;
        }
        let timed = matches!(options.deadline, Some(Deadline::At(..)));
        match options.only_without_deadline {
            true if options.deadline == Some(Deadline::Never) => Err(error::SYNTAX),
            true if !timed => Err(error::string::INCREX_ENX),
            _ => Ok(options),
        }
    }

    /// Takes the option at the front of `args`; how many arguments it had.
    fn take(&mut self, args: Args<'a>) -> Result<usize, Refusal> {
        if let Some((deadline, used)) = Deadline::parse(args) {
            let usable = self.deadline.is_none() && deadline != Deadline::Keep;
            self.deadline = Some(deadline);
            return if usable { Ok(used) } else { Err(error::SYNTAX) };
        }
        if let Some((condition, used)) = Condition::parse(args) {
            let usable = self.condition.is_none() && !condition.reads_value();
            self.condition = Some(condition);
            return if usable { Ok(used) } else { Err(error::SYNTAX) };
        }
        let is = |name: &str| args.at(0).eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("ENX") => return flag(&mut self.only_without_deadline),
            () if is("SATURATE") => return flag(&mut self.saturate),
            () => {}
        }
        let operand = args.get(1).ok_or(error::SYNTAX)?;
        let counted = self.by_int.is_some() || self.by_float.is_some();
        let place = match () {
            () if is("BYINT") && !counted => &mut self.by_int,
            () if is("BYFLOAT") && !counted => &mut self.by_float,
            () if is("LBOUND") => &mut self.low,
            () if is("UBOUND") => &mut self.high,
            () => return Err(error::SYNTAX),
        };
        if place.replace(operand).is_some() { Err(error::SYNTAX) } else { Ok(2) }
    }

    /// The change in integers.
    pub fn integer(&self) -> Result<Change<i64>, Refusal> {
        let read = |text, what| number::integer_or(text, error::string::increx_integer(what));
        let add = self.by_int.map_or(Ok(1), |text| read(text, "Increment"))?;
        let low = self.low.map_or(Ok(i64::MIN), |text| read(text, "LBOUND"))?;
        let high = self.high.map_or(Ok(i64::MAX), |text| read(text, "UBOUND"))?;
        checked(Change { add, low, high })
    }

    /// The change in floats, if it is one.
    pub fn float(&self) -> Result<Option<Change<Extended>>, Refusal> {
        let read = |text, what| Extended::parse(text).ok_or_else(|| error::string::increx_float(what));
        let Some(add) = self.by_float else { return Ok(None) };
        let add = read(add, "Increment")?;
        let low = self.low.map_or(Ok(Extended::MAX.negated()), |text| read(text, "LBOUND"))?;
        let high = self.high.map_or(Ok(Extended::MAX), |text| read(text, "UBOUND"))?;
        checked(Change { add, low, high }).map(Some)
    }
}

fn flag(place: &mut bool) -> Result<usize, Refusal> {
    if std::mem::replace(place, true) { Err(error::SYNTAX) } else { Ok(1) }
}

fn checked<T: PartialOrd>(change: Change<T>) -> Result<Change<T>, Refusal> {
    if change.low > change.high { Err(error::string::INCREX_BOUNDS) } else { Ok(change) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn refusal(line: &str) -> Option<String> {
        let call = OwnedArgs::collect(line.split(' '));
        let all = |o: Options<'_>| o.float().and_then(|f| if f.is_none() { o.integer().map(drop) } else { Ok(()) });
        match Options::parse(call.as_args()).and_then(all) {
            Err(Refusal::Wire(line)) => Some(line.into_owned()),
            _ => None,
        }
    }

    #[test]
    fn every_option_once() {
        for bad in [
            "BYINT 1 BYINT 2",
            "BYINT 1 BYFLOAT 2",
            "LBOUND 0 LBOUND 1",
            "SATURATE SATURATE",
            "EX 1 PX 1",
            "EX 1 EX 1",
            "PERSIST EX 1",
            "ENX PERSIST",
            "KEEPTTL",
            "LBOUND",
            "OTHER",
            "NX XX",
            "NX NX",
            "IFEQ 1",
        ] {
            assert_eq!(refusal(&format!("INCREX k {bad}")).as_deref(), Some("ERR syntax error"), "{bad}");
        }
        assert_eq!(refusal("INCREX k xx byint -5 ubound 9 lbound -9 saturate enx ex 10"), None);
    }

    #[test]
    fn numbers_say_which_they_are() {
        for (call, text) in [
            ("BYINT 1.5", "ERR Increment is not an integer or out of range"),
            ("BYFLOAT x", "ERR Increment is not a valid float"),
            ("LBOUND 1.5", "ERR LBOUND is not an integer or out of range"),
            ("BYFLOAT 1 UBOUND x", "ERR UBOUND is not a valid float"),
            ("BYFLOAT 1 UBOUND -inf", "ERR LBOUND can't be greater than UBOUND"),
            ("ENX", "ERR ENX flag requires an expiration"),
        ] {
            assert_eq!(refusal(&format!("INCREX k {call}")).as_deref(), Some(text), "{call}");
        }
        assert_eq!(refusal("INCREX k BYFLOAT 1 LBOUND -inf UBOUND +inf"), None);
    }
}
