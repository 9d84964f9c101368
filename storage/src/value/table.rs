//! Elements by name, for hashes, sets and sorted sets: few of them in the order in which they came, many by hash.
//!
//! Few are a plain list: that is the order in which clients know them, and a walk answers all of them at once. From some
//! number on they are ordered by a 63-bit hash of their name, and a walk's cursor is the hash to go on from, as SCAN does
//! it: an element that is there all the time is met, whatever happens to the others. There is no way back, or a
//! cursor could lose its meaning. Must never know: what an element stands for.

use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::keyspace::table::NameTable;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What belongs to a name.
pub trait Content: Sized {
    /// Appends it to a record.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads it back.
    fn read(r: &mut Reader<'_>) -> Result<Self>;
    /// Bytes that it adds to the longest of name and content.
    fn width(&self) -> usize;
    /// Bytes of memory behind it.
    fn memory(&self) -> usize {
        self.width()
    }
}

impl Content for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut Reader<'_>) -> Result<()> {
        Ok(())
    }

    fn width(&self) -> usize {
        0
    }
}

/// Up to where the reference calls a value compact: elements, and bytes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compact {
    /// Elements.
    pub elements: usize,
    /// Bytes of a name or a content.
    pub bytes: usize,
}

/// Elements that are long are ordered by hash from this number on.
const FEW: usize = 64;

const WIDE: u8 = 1;
const HASHED: u8 = 2;

/// Elements for which there is room although they are gone, at least.
const SPARE: usize = 256;

fn hash_of(name: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(name, seed) >> 1
}

/// Elements by name.
#[derive(Clone, Debug)]
pub struct Table<V> {
    seed: u64,
    compact: Compact,
    /// It was too large to be compact once.
    wide: bool,
    /// Bytes of all names and contents: whoever asks must not have to look at each.
    bytes: usize,
    few: Vec<(Bytes, V)>,
    many: Option<Many<V>>,
}

/// Elements side by side, in no order, and where each is by hash.
#[derive(Clone, Debug)]
struct Many<V> {
    elements: Vec<(Bytes, V)>,
    names: NameTable,
}

impl<V> Many<V> {
    fn find(&self, hash: u64, name: &[u8]) -> Option<u32> {
        self.names.find(hash).find(|slot| self.elements.get(*slot as usize).is_some_and(|e| e.0 == name))
    }

    fn add(&mut self, hash: u64, entry: (Bytes, V)) {
        self.names.insert(hash, self.elements.len() as u32);
        self.elements.push(entry);
    }

    /// Takes the element in `slot` out; the last one gets its place. `hash_of`: the hash of a name.
    fn take(&mut self, hash: u64, slot: u32, hash_of: impl Fn(&[u8]) -> u64) -> (Bytes, V) {
        self.names.remove(hash, slot);
        let taken = self.elements.swap_remove(slot as usize);
        if let Some((name, _)) = self.elements.get(slot as usize) {
            self.names.replace(hash_of(name), self.elements.len() as u32, slot);
        }
        // As `names` does: what was large once does not keep its memory.
        if self.elements.capacity() > SPARE && self.elements.len() < self.elements.capacity() / 4 {
            self.elements.shrink_to(self.elements.len() * 2);
        }
        taken
    }

    fn get(&self, slot: u32) -> Option<(&Bytes, &V)> {
        self.elements.get(slot as usize).map(|(name, content)| (name, content))
    }
}

impl<V: Content> Table<V> {
    /// An empty table; `seed` keys the hashes.
    pub fn new(seed: u64, compact: Compact) -> Table<V> {
        Table { seed, compact, wide: false, bytes: 0, few: Vec::new(), many: None }
    }

    /// What keys the hashes.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.many.as_ref().map_or(self.few.len(), |many| many.names.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the reference would hold it in its compact form.
    pub fn is_compact(&self) -> bool {
        !self.wide
    }

    fn hash(&self, name: &[u8]) -> u64 {
        hash_of(name, self.seed)
    }

    /// The content of `name`.
    pub fn get(&self, name: &[u8]) -> Option<&V> {
        self.entry(name).map(|(_, content)| content)
    }

    /// The element `name`.
    pub fn entry(&self, name: &[u8]) -> Option<(&Bytes, &V)> {
        match &self.many {
            None => self.few.iter().find(|e| e.0 == name).map(|(name, content)| (name, content)),
            Some(many) => many.find(self.hash(name), name).and_then(|slot| many.get(slot)),
        }
    }

    fn get_mut(&mut self, name: &[u8]) -> Option<&mut V> {
        let hash = self.hash(name);
        match &mut self.many {
            None => self.few.iter_mut().find(|e| e.0 == name).map(|e| &mut e.1),
            Some(many) => {
                let slot = many.find(hash, name)?;
                many.elements.get_mut(slot as usize).map(|e| &mut e.1)
            }
        }
    }

    /// Puts an element, replacing the content that the name had.
    pub fn put(&mut self, name: Bytes, content: V) -> Option<V> {
        self.wide |= name.len().max(content.width()) > self.compact.bytes;
        let added = content.memory();
        if let Some(place) = self.get_mut(&name) {
            let old = std::mem::replace(place, content);
            self.bytes = self.bytes + added - old.memory();
            return Some(old);
        }
        self.bytes += name.len() + added;
        let hash = self.hash(&name);
        match &mut self.many {
            None => self.few.push((name, content)),
            Some(many) => many.add(hash, (name, content)),
        }
        self.wide |= self.len() > self.compact.elements;
        if self.wide && self.few.len() > FEW {
            self.order_by_hash();
        }
        None
    }

    /// Among few elements, moves one in front of the first for which `is_behind` holds, or to the end.
    pub(super) fn place(&mut self, name: &[u8], is_behind: impl Fn(&V) -> bool) {
        if let Some(at) = self.few.iter().position(|e| e.0 == name) {
            let entry = self.few.remove(at);
            let to = self.few.iter().position(|e| is_behind(&e.1)).unwrap_or(self.few.len());
            self.few.insert(to, entry);
        }
    }

    fn order_by_hash(&mut self) {
        let mut many = Many { elements: Vec::new(), names: NameTable::default() };
        for entry in std::mem::take(&mut self.few) {
            many.add(self.hash(&entry.0), entry);
        }
        self.many = Some(many);
    }

    /// Takes an element out.
    pub fn remove(&mut self, name: &[u8]) -> Option<(Bytes, V)> {
        let (hash, seed) = (self.hash(name), self.seed);
        let (name, content) = match &mut self.many {
            None => {
                let at = self.few.iter().position(|e| e.0 == name)?;
                self.few.remove(at)
            }
            Some(many) => {
                let slot = many.find(hash, name)?;
                many.take(hash, slot, |name| hash_of(name, seed))
            }
        };
        self.bytes -= name.len() + content.memory();
        Some((name, content))
    }

    /// All elements: as they came, or by hash.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &V)> {
        let many = self.many.iter().flat_map(|m| m.names.from(0).filter_map(|(_, slot)| m.get(slot)));
        self.few.iter().map(|(name, content)| (name, content)).chain(many)
    }

    /// Visits about `count` elements from `cursor` on; where to go on, 0 = that was all. Few are visited all at once.
    pub fn walk(&self, cursor: u64, count: usize, mut visit: impl FnMut(&Bytes, &V)) -> u64 {
        let Some(many) = &self.many else {
            self.few.iter().for_each(|(name, content)| visit(name, content));
            return 0;
        };
        if cursor > i64::MAX as u64 {
            return 0;
        }
        let mut last = None;
        for (n, (hash, slot)) in many.names.from(cursor).enumerate() {
            // Names with one hash are never parted.
            if n >= count && last != Some(hash) {
                return hash;
            }
            last = Some(hash);
            if let Some((name, content)) = many.get(slot) {
                visit(name, content);
            }
        }
        0
    }

    /// The element in a place below [`Table::len`]. Places mean nothing and change with each removal: they are for who
    /// chooses at random.
    pub fn nth(&self, place: usize) -> Option<(&Bytes, &V)> {
        let elements = self.many.as_ref().map_or(&self.few, |many| &many.elements);
        elements.get(place).map(|(name, content)| (name, content))
    }

    /// Bytes of memory, about. O(1).
    pub fn memory(&self) -> usize {
        let index = self.many.as_ref().map_or(0, |m| m.names.memory());
        let places = self.few.capacity() + self.many.as_ref().map_or(0, |m| m.elements.capacity());
        index + places * size_of::<(Bytes, V)>() + self.bytes
    }

    /// Appends all of it to a record.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.wide) * WIDE + u8::from(self.many.is_some()) * HASHED);
        out.put_num(self.seed);
        for (name, content) in self.iter() {
            out.put_bytes(name);
            content.write(out);
        }
    }

    /// Reads what [`Table::write`] wrote, up to the end of the record.
    pub fn read(r: &mut Reader<'_>, compact: Compact) -> Result<Table<V>> {
        let flags = r.byte()?;
        let mut table = Table::new(r.num()?, compact);
        table.wide = flags & WIDE != 0;
        if flags & HASHED != 0 {
            table.order_by_hash();
        }
        while !r.is_empty() {
            let name = Bytes::copy_from_slice(r.bytes()?);
            if table.put(name, V::read(r)?).is_some() {
                return Err(StorageError::corrupt("value", "an element stands there twice"));
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Content for Vec<u8> {
        fn write(&self, _: &mut Vec<u8>) {}

        fn read(_: &mut Reader<'_>) -> Result<Vec<u8>> {
            Ok(Vec::new())
        }

        fn width(&self) -> usize {
            self.len()
        }
    }

    proptest! {
        #[test]
        fn bytes_and_places_are_those_of_what_is_there(
            steps in prop::collection::vec((0u8..200, prop::option::of(0usize..20)), 0..2000)
        ) {
            let mut table = Table::new(3, Compact { elements: 8, bytes: 64 });
            for (name, content) in steps {
                let name = Bytes::from("n".repeat(name.into()));
                match content {
                    Some(len) => drop(table.put(name, vec![0u8; len])),
                    None => drop(table.remove(&name)),
                }
            }
            let bytes: usize = table.iter().map(|(name, content)| name.len() + content.len()).sum();
            prop_assert_eq!(table.bytes, bytes);
            let mut placed: Vec<&Bytes> = (0..table.len()).filter_map(|at| Some(table.nth(at)?.0)).collect();
            let mut names: Vec<&Bytes> = table.iter().map(|(name, _)| name).collect();
            placed.sort();
            names.sort();
            prop_assert_eq!(placed, names);
        }
    }

    #[test]
    fn what_was_large_once_gives_its_memory_back() {
        let mut table = Table::new(3, Compact { elements: 8, bytes: 64 });
        let name = |n: usize| Bytes::from(n.to_string());
        for n in 0..50_000 {
            table.put(name(n), ());
        }
        let large = table.memory();
        for n in 10..50_000 {
            table.remove(&name(n));
        }
        assert!(table.memory() < large / 50, "{} of {large}", table.memory());
        assert!((0..10).all(|n| table.get(&name(n)).is_some()));
    }
}
