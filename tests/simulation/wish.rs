//! What a client may want next: chosen by dice, with a look at the model, so that most of it meets something.

use crate::dice::Dice;
use crate::model::State;
use crate::op::{
    At, Bound, CONSUMERS, GROUPS, How, Id, LOCKS, Nack, Name, NewId, Op, PRODUCERS, Payload, Refs, STREAMS, Trim,
};

#[derive(Clone, Copy)]
enum Kind {
    Add,
    Trim,
    Delete,
    Read,
    History,
    Ack,
    AckDelete,
    Claim,
    AutoClaim,
    Nack,
    Group,
    Consumer,
    Drop,
    Ask,
    Lock,
    Jump,
    Multi,
    Script,
    Watched,
}

const KINDS: &[(Kind, u64)] = &[
    (Kind::Add, 30),
    (Kind::Trim, 4),
    (Kind::Delete, 6),
    (Kind::Read, 30),
    (Kind::History, 5),
    (Kind::Ack, 14),
    (Kind::AckDelete, 4),
    (Kind::Claim, 6),
    (Kind::AutoClaim, 5),
    (Kind::Nack, 4),
    (Kind::Group, 9),
    (Kind::Consumer, 3),
    (Kind::Drop, 1),
    (Kind::Ask, 10),
    (Kind::Lock, 8),
    (Kind::Jump, 2),
    (Kind::Multi, 9),
    (Kind::Script, SCRIPTS),
    (Kind::Watched, 8),
];

/// A build without scripts has none.
const SCRIPTS: u64 = if cfg!(feature = "scripting") { 8 } else { 0 };

/// Chooses for one step.
pub struct Wish<'a> {
    pub dice: &'a mut Dice,
    pub state: &'a State,
    pub now: i64,
    /// Numbers of entries, each given out once.
    pub next: &'a mut u64,
}

impl Wish<'_> {
    pub fn op(&mut self) -> Op {
        match self.dice.weighted(KINDS) {
            Kind::Multi => Op::Multi(self.several(2, |_| true)),
            Kind::Script => {
                let fails = self.dice.one_in(3);
                Op::Script { ops: self.several(2, |op| suits_a_script(op) && (!fails || is_certain(op))), fails }
            }
            Kind::Watched => {
                let keys = self.several(1, |op| op.key().is_some()).iter().filter_map(Op::key).take(2).collect();
                Op::Watched { keys, ops: self.several(1, |_| true) }
            }
            kind => self.of(kind),
        }
    }

    /// What may stand in a transaction or a script: anything but another one.
    fn several(&mut self, least: u64, suits: impl Fn(&Op) -> bool) -> Vec<Op> {
        let count = least + self.dice.roll(4);
        let mut ops = Vec::new();
        while (ops.len() as u64) < count {
            match self.dice.weighted(KINDS) {
                Kind::Multi | Kind::Script | Kind::Watched => {}
                kind => ops.extend(Some(self.of(kind)).filter(&suits)),
            }
        }
        ops
    }

    fn of(&mut self, kind: Kind) -> Op {
        let at = self.at();
        let (key, who) = (at.key, self.dice.pick(CONSUMERS));
        if !matches!(kind, Kind::Add | Kind::Drop | Kind::Lock) && self.state.group(at).is_none() && self.dice.one_in(2)
        {
            return Op::Create { at, id: Some(Id::default()), make: true, read: None };
        }
        let min_idle = self.min_idle();
        match kind {
            Kind::Add => self.add(key),
            Kind::Trim => Op::Trim { key, trim: self.trim(key, true) },
            Kind::Delete if self.dice.one_in(2) => Op::Delete { key, ids: self.live(key) },
            Kind::Delete => Op::DeleteEx { key, refs: self.refs(), ids: self.live(key) },
            Kind::Read => {
                let block = [None, Some(0), Some(1 + self.dice.roll(5000))][self.dice.roll(3) as usize];
                let count = self.dice.one_in(2).then(|| 1 + self.dice.roll(5));
                let noack = self.dice.one_in(8);
                let claim = (block.is_none() && self.dice.one_in(3)).then_some(min_idle);
                Op::Read { at, who, count, block, noack, claim, above: None }
            }
            Kind::History => {
                let above = if self.dice.one_in(2) { Id::default() } else { self.pending(at)[0] };
                let count = self.dice.one_in(2).then(|| 1 + self.dice.roll(5));
                Op::Read { at, who, count, block: None, noack: false, claim: None, above: Some(above) }
            }
            Kind::Ack => Op::Ack { at, ids: self.pending(at) },
            Kind::AckDelete => Op::AckDelete { at, refs: self.refs(), ids: self.pending(at) },
            Kind::Claim => Op::Claim { at, who, min_idle, ids: self.pending(at), how: self.how(key) },
            Kind::AutoClaim => {
                let start = if self.dice.one_in(2) { Id::default() } else { self.pending(at)[0] };
                let just_id = self.dice.one_in(4);
                Op::AutoClaim { at, who, min_idle, start, count: 1 + self.dice.roll(6), just_id }
            }
            Kind::Nack => Op::Nack {
                at,
                mode: self.dice.pick(&[Nack::Silent, Nack::Fail, Nack::Fatal]),
                ids: self.pending(at),
                retry: self.dice.one_in(4).then(|| self.dice.roll(9) as i64),
                force: self.dice.one_in(4),
            },
            Kind::Group => self.group(at),
            Kind::Consumer if self.dice.one_in(2) => Op::NewConsumer { at, who },
            Kind::Consumer => Op::DropConsumer { at, who },
            Kind::Drop => Op::Drop { key },
            Kind::Ask => self.ask(at),
            Kind::Lock => self.lock(),
            Kind::Jump => self.jump(key),
            Kind::Multi | Kind::Script | Kind::Watched => unreachable!("these are not nested"),
        }
    }

    /// A group, mostly one that is there.
    fn at(&mut self) -> At {
        let at = At { key: self.dice.pick(STREAMS), group: self.dice.pick(GROUPS) };
        match self.state.group(at) {
            None if !self.dice.one_in(4) => At { key: self.dice.pick(STREAMS), group: self.dice.pick(GROUPS) },
            _ => at,
        }
    }

    fn add(&mut self, key: Name) -> Op {
        *self.next += 1;
        let dots = if self.dice.one_in(4) { 1000 + self.dice.roll(5000) as usize } else { 0 };
        let last = self.state.stream(key).map_or(Id::default(), |stream| stream.last);
        let id = match self.dice.roll(12) {
            0 => NewId::Given(Id(last.0, last.1 + 1 + self.dice.roll(3))),
            1 => NewId::Given(Id(last.0 + self.dice.roll(3), self.dice.roll(3))),
            2 => NewId::Sequence(last.0 + self.dice.roll(2)),
            3 => NewId::Given(Id(self.now as u64 - self.dice.roll(2000), 1)),
            _ => NewId::Auto,
        };
        let id = if id == NewId::Given(Id::default()) { NewId::Auto } else { id };
        let trim = self.dice.one_in(6).then(|| self.trim(key, false));
        let producer =
            (id == NewId::Auto && self.dice.one_in(4)).then(|| (self.dice.pick(PRODUCERS), self.dice.roll(6)));
        let make = !self.dice.one_in(10);
        Op::Add { key, id, make, trim, payload: Payload { number: *self.next, dots }, producer }
    }

    /// XSETID: mostly to where it makes a difference, and is allowed.
    fn jump(&mut self, key: Name) -> Op {
        let (last, len) = self.state.stream(key).map_or((Id::default(), 0), |s| (s.last, s.entries.len() as u64));
        let last = match self.dice.roll(4) {
            0 => self.live(key)[0],
            1 => last,
            _ => Id(last.0 + self.dice.roll(3), last.1 + self.dice.roll(3)),
        };
        let added = self.dice.one_in(3).then(|| len.saturating_sub(1) + self.dice.roll(9));
        let deleted = self.dice.one_in(4).then(|| self.live(key)[0]);
        Op::Jump { key, last, added, deleted }
    }

    fn trim(&mut self, key: Name, may_be_about: bool) -> Trim {
        let len = self.state.stream(key).map_or(0, |stream| stream.entries.len()) as u64;
        let bound = match self.dice.one_in(2) {
            true => Bound::MaxLen((len + 1).saturating_sub(self.dice.roll(8))),
            false => Bound::MinId(self.live(key)[0]),
        };
        let about = may_be_about && self.dice.one_in(3);
        Trim { bound, about, refs: if about { Refs::Keep } else { self.refs() } }
    }

    fn refs(&mut self) -> Refs {
        self.dice.pick(&[Refs::Keep, Refs::Keep, Refs::Delete, Refs::Acked])
    }

    /// Ids of a stream, one at least; now and then of nothing.
    fn live(&mut self, key: Name) -> Vec<Id> {
        let ids: Vec<Id> = self.state.stream(key).map_or(Vec::new(), |stream| stream.entries.keys().copied().collect());
        self.some(&ids)
    }

    /// Ids that are pending in a group, one at least; now and then of nothing.
    fn pending(&mut self, at: At) -> Vec<Id> {
        let ids: Vec<Id> = self.state.group(at).map_or(Vec::new(), |group| group.pending.keys().copied().collect());
        if ids.is_empty() || self.dice.one_in(10) { self.live(at.key) } else { self.some(&ids) }
    }

    fn some(&mut self, ids: &[Id]) -> Vec<Id> {
        let stranger = Id(1 + self.dice.roll(3), self.dice.roll(3));
        if ids.is_empty() {
            return vec![stranger];
        }
        let mut some: Vec<Id> = (0..1 + self.dice.roll(4)).map(|_| self.dice.pick(ids)).collect();
        if self.dice.one_in(3) {
            // In a row, as a consumer that works through what it has.
            let from = self.dice.roll(ids.len() as u64) as usize;
            some = ids[from..].iter().take(1 + self.dice.roll(8) as usize).copied().collect();
        }
        if self.dice.one_in(12) {
            some.push(stranger);
        }
        some
    }

    fn min_idle(&mut self) -> i64 {
        if self.dice.one_in(2) { 0 } else { self.dice.roll(4000) as i64 }
    }

    fn how(&mut self, key: Name) -> How {
        How {
            idle: self.dice.one_in(5).then(|| self.dice.roll(5000) as i64),
            retry: self.dice.one_in(5).then(|| self.dice.roll(9) as i64),
            force: self.dice.one_in(4),
            just_id: self.dice.one_in(4),
            last: self.dice.one_in(10).then(|| self.live(key)[0]),
        }
    }

    fn group(&mut self, at: At) -> Op {
        let id = match self.dice.roll(3) {
            0 => None,
            1 => Some(Id::default()),
            _ => Some(self.live(at.key)[0]),
        };
        let read = self.dice.one_in(4).then(|| self.dice.roll(20));
        match self.dice.roll(12) {
            0 => Op::Destroy { at },
            1..4 => Op::SetId { at, id, read },
            _ => Op::Create { at, id, make: !self.dice.one_in(3), read },
        }
    }

    fn ask(&mut self, at: At) -> Op {
        let (key, from, count) = (at.key, self.live(at.key)[0], 1 + self.dice.roll(5));
        match self.dice.roll(6) {
            0 => Op::Len { key },
            1 => Op::Range { key, from, count },
            2 => Op::Tail { key, from, count },
            3 => Op::Summary { at },
            4 => Op::Info { key },
            _ => {
                let who = self.dice.one_in(2).then(|| self.dice.pick(CONSUMERS));
                Op::Listing { at, min_idle: self.min_idle(), count, who }
            }
        }
    }

    fn lock(&mut self) -> Op {
        *self.next += 1;
        let lock = self.dice.pick(LOCKS);
        match self.dice.roll(5) {
            0 => Op::Holder { lock },
            1 => Op::Unlock { lock },
            _ => Op::Lock { lock, token: *self.next, ms: 1 + self.dice.roll(6000) },
        }
    }
}

/// Whether a script can answer what this answers: not as a map, nor numbers beyond those of Lua.
fn suits_a_script(op: &Op) -> bool {
    !matches!(op, Op::Info { .. } | Op::Listing { .. } | Op::Read { claim: Some(_), .. })
}

/// Whether what it does is known without its answer.
fn is_certain(op: &Op) -> bool {
    !matches!(op, Op::Trim { trim: Trim { about: true, .. }, .. } | Op::Add { producer: Some(_), .. })
}
