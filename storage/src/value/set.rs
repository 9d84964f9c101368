//! A set. While all members are integers and not too many, they are in numeric order, as clients of the reference know
//! it; else as in `table.rs`.

use super::table::{Compact, Table};
use super::{VERSION, check_version, integer, misfit};
use crate::change::Change;
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use bytes::Bytes;

/// Up to where the reference holds a set in its compact form.
const COMPACT: Compact = Compact { elements: 128, bytes: 64 };
/// Up to so many integers are held as numbers.
const INTEGERS: usize = 512;

/// A set.
#[derive(Clone, Debug)]
pub struct Set {
    seed: u64,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// Ascending.
    Integers(Vec<i64>),
    Members(Table<()>),
}

fn text(n: i64) -> Bytes {
    Bytes::from(n.to_string())
}

impl Set {
    /// An empty one.
    pub fn new(seed: u64) -> Set {
        Set { seed, form: Form::Integers(Vec::new()) }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Integers(numbers) => numbers.len(),
            Form::Members(table) => table.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the reference would hold it as numbers.
    pub fn is_integers(&self) -> bool {
        matches!(self.form, Form::Integers(_))
    }

    /// Whether the reference would hold it in its compact form.
    pub fn is_compact(&self) -> bool {
        match &self.form {
            Form::Integers(_) => true,
            Form::Members(table) => table.is_compact(),
        }
    }

    /// Whether `member` is in it.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.form {
            Form::Integers(numbers) => integer(member).is_some_and(|n| numbers.binary_search(&n).is_ok()),
            Form::Members(table) => table.get(member).is_some(),
        }
    }

    /// All members: integers ascending, others as they came or by hash.
    pub fn iter(&self) -> impl Iterator<Item = Bytes> + '_ {
        let (numbers, table) = match &self.form {
            Form::Integers(numbers) => (&numbers[..], None),
            Form::Members(table) => (&[][..], Some(table)),
        };
        let members = table.into_iter().flat_map(|t| t.iter().map(|(name, ())| name.clone()));
        numbers.iter().map(|n| text(*n)).chain(members)
    }

    /// Visits about `count` members from `cursor` on; where to go on, 0 = that was all.
    pub fn walk(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8])) -> u64 {
        match &self.form {
            Form::Integers(numbers) => {
                numbers.iter().for_each(|n| visit(&text(*n)));
                0
            }
            Form::Members(table) => table.walk(cursor, count, |name, ()| visit(name)),
        }
    }

    /// The member in a place below [`Set::len`], for who chooses at random.
    pub fn nth(&self, place: usize) -> Option<Bytes> {
        match &self.form {
            Form::Integers(numbers) => numbers.get(place).copied().map(text),
            Form::Members(table) => table.nth(place).map(|(name, ())| name.clone()),
        }
    }

    /// Adds a member; whether it is new.
    pub fn add(&mut self, member: &[u8]) -> bool {
        self.add_shared(Bytes::copy_from_slice(member))
    }

    /// [`Set::add`] without a copy of the member.
    pub fn add_shared(&mut self, member: Bytes) -> bool {
        match &mut self.form {
            Form::Members(table) => table.put(member, ()).is_none(),
            Form::Integers(numbers) => match integer(&member).map(|n| (n, numbers.binary_search(&n))) {
                Some((_, Ok(_))) => false,
                Some((n, Err(at))) if numbers.len() < INTEGERS => {
                    numbers.insert(at, n);
                    true
                }
                _ => {
                    self.leave_integers();
                    self.add_shared(member)
                }
            },
        }
    }

    fn leave_integers(&mut self) {
        let mut table = Table::new(self.seed, COMPACT);
        for member in self.iter() {
            table.put(member, ());
        }
        self.form = Form::Members(table);
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.form {
            Form::Members(table) => table.remove(member).is_some(),
            Form::Integers(numbers) => match integer(member).map(|n| numbers.binary_search(&n)) {
                Some(Ok(at)) => {
                    numbers.remove(at);
                    true
                }
                _ => false,
            },
        }
    }

    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Result<()> {
        let fits = match *change {
            Change::MemberAdd { member } => self.add(member),
            Change::MemberRemove { member } => self.remove(member),
            _ => false,
        };
        if fits { Ok(()) } else { Err(misfit(change)) }
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        let form = match &self.form {
            Form::Integers(numbers) => numbers.capacity() * size_of::<i64>(),
            Form::Members(table) => table.memory(),
        };
        size_of::<Set>() + form
    }

    /// Its record.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match &self.form {
            Form::Integers(numbers) => {
                out.push(0);
                out.put_num(self.seed);
                numbers.iter().for_each(|n| out.put_signed(*n));
            }
            Form::Members(table) => {
                out.push(1);
                table.write(&mut out);
            }
        }
        out
    }

    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Result<Set> {
        let mut r = Reader::new(bytes, "set");
        check_version(&mut r, "set")?;
        if r.byte()? != 0 {
            let table: Table<()> = Table::read(&mut r, COMPACT)?;
            return Ok(Set { seed: table.seed(), form: Form::Members(table) });
        }
        let seed = r.num()?;
        let mut numbers: Vec<i64> = Vec::new();
        while !r.is_empty() {
            let n = r.signed()?;
            if numbers.last().is_some_and(|last| *last >= n) {
                return Err(StorageError::corrupt("set", "integers are not in order"));
            }
            numbers.push(n);
        }
        Ok(Set { seed, form: Form::Integers(numbers) })
    }
}
