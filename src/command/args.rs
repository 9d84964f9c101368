//! The arguments of one call: slices of the bytes that arrived, never copied before a command stores them.

use bytes::Bytes;

/// Where one argument stands in its burst, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One call: the verb at 0, then its arguments. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// Arguments at `spans` of `bytes`; every span must lie inside.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { bytes, spans }
    }

    /// Number of arguments, the verb included.
    pub fn len(self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a verb.
    pub fn is_empty(self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `i`; empty beyond the end (arity was checked before).
    pub fn at(self, i: usize) -> &'a [u8] {
        self.get(i).unwrap_or(&[])
    }

    /// Argument `i`, if there is one.
    pub fn get(self, i: usize) -> Option<&'a [u8]> {
        let span = self.spans.get(i)?;
        self.bytes.get(span.start as usize..span.end as usize)
    }

    /// The arguments from `i` on.
    pub fn from(self, i: usize) -> Args<'a> {
        Args { bytes: self.bytes, spans: self.spans.get(i..).unwrap_or(&[]) }
    }

    /// The first `len` arguments, or all if there are fewer.
    pub fn up_to(self, len: usize) -> Args<'a> {
        Args { bytes: self.bytes, spans: self.spans.get(..len).unwrap_or(self.spans) }
    }

    /// All arguments in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + Clone {
        let bytes = self.bytes;
        self.spans.iter().map(move |s| bytes.get(s.start as usize..s.end as usize).unwrap_or(&[]))
    }
}

/// A call that outlives its burst: parked by a blocking command, or queued by MULTI.
#[derive(Clone, Debug, Default)]
pub struct OwnedArgs {
    bytes: Bytes,
    spans: Vec<Span>,
}

impl OwnedArgs {
    /// Copies the arguments, so the burst's buffer is not kept alive by them.
    pub fn copy_of(args: Args<'_>) -> OwnedArgs {
        OwnedArgs::collect(args.iter())
    }

    /// Builds a call from separate arguments.
    pub fn collect<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> OwnedArgs {
        let mut builder = OwnedArgs::builder(0);
        items.into_iter().for_each(|item| builder.push(item.as_ref()));
        builder.build()
    }

    /// Builds a call argument by argument; about `len` of them.
    pub fn builder(len: usize) -> ArgsBuilder {
        ArgsBuilder { bytes: Vec::with_capacity(len * 16), spans: Vec::with_capacity(len) }
    }

    /// The call as borrowed arguments.
    pub fn as_args(&self) -> Args<'_> {
        Args { bytes: &self.bytes, spans: &self.spans }
    }
}

/// A call that is being built, or one that is used at once and gives its room to the next.
#[derive(Debug, Default)]
pub struct ArgsBuilder {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl ArgsBuilder {
    /// Adds an argument.
    pub fn push(&mut self, arg: &[u8]) {
        self.push_with(|bytes| bytes.extend_from_slice(arg));
    }

    /// Adds an argument that `write` appends.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len() as u32;
        write(&mut self.bytes);
        self.spans.push(Span { start, end: self.bytes.len() as u32 });
    }

    /// What was added so far.
    pub fn as_args(&self) -> Args<'_> {
        Args { bytes: &self.bytes, spans: &self.spans }
    }

    /// Empty again. It keeps its room, if that is not much.
    pub fn clear(&mut self) {
        const KEPT: usize = 64 << 10;
        self.bytes.clear();
        self.spans.clear();
        self.bytes.shrink_to(KEPT);
        self.spans.shrink_to(KEPT / size_of::<Span>());
    }

    /// The call.
    pub fn build(self) -> OwnedArgs {
        OwnedArgs { bytes: self.bytes.into(), spans: self.spans }
    }
}
