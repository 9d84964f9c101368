//! Operations as the words of calls.

use super::{At, Bound, Id, Name, NewId, Op, Refs, Trim};

impl Op {
    /// The calls that it takes; the last one's reply is its own.
    pub fn calls(&self) -> Vec<Vec<String>> {
        match self {
            Op::Multi(ops) => transaction(ops),
            Op::Watched { keys, ops } => {
                let watch = keys.iter().fold(words().add("WATCH"), Words::add);
                [vec![watch.0], transaction(ops)].concat()
            }
            op => vec![op.words()],
        }
    }

    fn words(&self) -> Vec<String> {
        match self {
            Op::Add { key, id, make, trim, payload, producer } => words()
                .add("XADD")
                .add(key)
                .flag(!make, "NOMKSTREAM")
                .producer(*producer)
                .trim(trim.as_ref())
                .add(match id {
                    NewId::Auto => "*".to_owned(),
                    NewId::Sequence(ms) => format!("{ms}-*"),
                    NewId::Given(id) => id.to_string(),
                })
                .add("n")
                .add(format!("{}{}", payload.number, ".".repeat(payload.dots))),
            Op::Trim { key, trim } => words().add("XTRIM").add(key).trim(Some(trim)),
            Op::Delete { key, ids } => words().add("XDEL").add(key).ids(ids),
            Op::DeleteEx { key, refs, ids } => words().add("XDELEX").add(key).refs(*refs).counted(ids),
            Op::Drop { key } => words().add("DEL").add(key),
            Op::Len { key } => words().add("XLEN").add(key),
            Op::Range { key, from, count } => words().add("XRANGE").add(key).add(from).add("+").add("COUNT").add(count),
            Op::Tail { key, from, count } => {
                words().add("XREAD").add("COUNT").add(count).add("STREAMS").add(key).add(from)
            }
            Op::Info { key } => words().add("XINFO").add("STREAM").add(key).add("FULL").add("COUNT").add("0"),
            Op::Lock { lock, token, ms } => words().add("SET").add(lock).add(token).add("NX").add("PX").add(ms),
            Op::Holder { lock } => words().add("GET").add(lock),
            Op::Unlock { lock } => words().add("DEL").add(lock),
            Op::Jump { key, last, added, deleted } => {
                words().add("XSETID").add(key).add(last).option("ENTRIESADDED", *added).option("MAXDELETEDID", *deleted)
            }
            Op::Script { ops, fails } => {
                let script = words().add("EVAL").add(SCRIPT).add(0).add(ops.len());
                let script = ops
                    .iter()
                    .map(Op::words)
                    .fold(script, |script, call| call.iter().fold(script.add(call.len()), Words::add));
                script.flag(*fails, "and fail")
            }
            Op::Multi(_) | Op::Watched { .. } => unreachable!("transactions are not nested"),
            in_group => in_group.words_in_group(),
        }
        .0
    }

    fn words_in_group(&self) -> Words {
        match self {
            Op::Read { at, who, count, block, noack, claim, above } => words()
                .add("XREADGROUP")
                .add("GROUP")
                .add(at.group)
                .add(who)
                .option("COUNT", *count)
                .option("BLOCK", *block)
                .option("CLAIM", *claim)
                .flag(*noack, "NOACK")
                .add("STREAMS")
                .add(at.key)
                .add(above.map_or(">".to_owned(), |id| id.to_string())),
            Op::Ack { at, ids } => words().add("XACK").at(at).ids(ids),
            Op::AckDelete { at, refs, ids } => words().add("XACKDEL").at(at).refs(*refs).counted(ids),
            Op::Claim { at, who, min_idle, ids, how } => words()
                .add("XCLAIM")
                .at(at)
                .add(who)
                .add(min_idle)
                .ids(ids)
                .option("IDLE", how.idle)
                .option("RETRYCOUNT", how.retry)
                .flag(how.force, "FORCE")
                .flag(how.just_id, "JUSTID")
                .option("LASTID", how.last),
            Op::AutoClaim { at, who, min_idle, start, count, just_id } => words()
                .add("XAUTOCLAIM")
                .at(at)
                .add(who)
                .add(min_idle)
                .add(start)
                .add("COUNT")
                .add(count)
                .flag(*just_id, "JUSTID"),
            Op::Nack { at, mode, ids, retry, force } => words()
                .add("XNACK")
                .at(at)
                .add(format!("{mode:?}").to_uppercase())
                .counted(ids)
                .option("RETRYCOUNT", *retry)
                .flag(*force, "FORCE"),
            Op::Create { at, id, make, read } => words()
                .add("XGROUP")
                .add("CREATE")
                .at(at)
                .add(id.map_or("$".to_owned(), |id| id.to_string()))
                .flag(*make, "MKSTREAM")
                .option("ENTRIESREAD", *read),
            Op::SetId { at, id, read } => words()
                .add("XGROUP")
                .add("SETID")
                .at(at)
                .add(id.map_or("$".to_owned(), |id| id.to_string()))
                .option("ENTRIESREAD", *read),
            Op::Destroy { at } => words().add("XGROUP").add("DESTROY").at(at),
            Op::NewConsumer { at, who } => words().add("XGROUP").add("CREATECONSUMER").at(at).add(who),
            Op::DropConsumer { at, who } => words().add("XGROUP").add("DELCONSUMER").at(at).add(who),
            Op::Summary { at } => words().add("XPENDING").at(at),
            Op::Listing { at, min_idle, count, who } => {
                let listing =
                    words().add("XPENDING").at(at).option("IDLE", Some(min_idle)).add("-").add("+").add(count);
                who.iter().fold(listing, |words, who| words.add(who))
            }
            other => unreachable!("{other:?} is not about a group"),
        }
    }
}

fn transaction(ops: &[Op]) -> Vec<Vec<String>> {
    let mut calls = vec![vec!["MULTI".to_owned()]];
    calls.extend(ops.iter().map(Op::words));
    calls.push(vec!["EXEC".to_owned()]);
    calls
}

/// Runs the calls that it is given; what they answer. Refused for want of room, before it has written anything, it says that. One that
/// fails has done all the same what it did.
const SCRIPT: &str = "local at, answers = 2, {} \
    for i = 1, tonumber(ARGV[1]) do \
        local words = {} \
        for j = 1, tonumber(ARGV[at]) do words[j] = ARGV[at + j] end \
        at = at + #words + 1 \
        answers[i] = redis.pcall(unpack(words)) \
        local why = type(answers[i]) == 'table' and answers[i].err \
        if why and string.sub(why, 1, 7) == 'MISCONF' then return answers[i] end \
    end \
    if ARGV[at] then error('told to') end \
    return answers";

/// Words of a call, one after the other.
struct Words(Vec<String>);

fn words() -> Words {
    Words(Vec::new())
}

impl Words {
    fn add(mut self, word: impl ToString) -> Words {
        self.0.push(word.to_string());
        self
    }

    fn flag(self, given: bool, word: &str) -> Words {
        if given { self.add(word) } else { self }
    }

    fn option(self, word: &str, value: Option<impl ToString>) -> Words {
        match value {
            Some(value) => self.add(word).add(value),
            None => self,
        }
    }

    fn producer(self, producer: Option<(Name, u64)>) -> Words {
        match producer {
            Some((name, number)) => self.add("IDMP").add(name).add(number),
            None => self,
        }
    }

    fn at(self, at: &At) -> Words {
        self.add(at.key).add(at.group)
    }

    fn ids(self, ids: &[Id]) -> Words {
        ids.iter().fold(self, Words::add)
    }

    fn counted(self, ids: &[Id]) -> Words {
        self.add("IDS").add(ids.len()).ids(ids)
    }

    fn refs(self, refs: Refs) -> Words {
        match refs {
            Refs::Keep => self,
            Refs::Delete => self.add("DELREF"),
            Refs::Acked => self.add("ACKED"),
        }
    }

    fn trim(self, trim: Option<&Trim>) -> Words {
        let Some(trim) = trim else { return self };
        let sign = if trim.about { "~" } else { "=" };
        let words = self.refs(trim.refs);
        match trim.bound {
            Bound::MaxLen(n) => words.add("MAXLEN").add(sign).add(n),
            Bound::MinId(id) => words.add("MINID").add(sign).add(id),
        }
    }
}
