//! One figure for each layer of the request path: `cargo bench --bench layers`. Compare a run with the one before on
//! the same machine; absolute figures say little elsewhere.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use brooklet::command::args::OwnedArgs;
use brooklet::resp::{Decoder, Limits, Protocol, encode};
use brooklet::{Broker, Reply};
use brooklet_storage::StreamId;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::batch::Effect;
use brooklet_storage::journal::{FileJournal, FileJournalOptions, Journal, Mark, MemoryJournal};
use brooklet_storage::open::open;
use brooklet_storage::stream::fields;
use brooklet_storage::stream::log::{IdRange, Log, NodeLimits};
use brooklet_storage::stream::pending::PendingList;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

const PAYLOAD: &[u8] = &[b'x'; 100];

fn request() -> Vec<u8> {
    let mut out = b"*5\r\n$4\r\nXADD\r\n$6\r\nstream\r\n$1\r\n*\r\n$1\r\nf\r\n$100\r\n".to_vec();
    out.extend_from_slice(PAYLOAD);
    out.extend_from_slice(b"\r\n");
    out
}

fn decode(c: &mut Criterion) {
    let burst = request().repeat(64);
    let mut group = c.benchmark_group("resp");
    group.throughput(Throughput::Elements(64));
    let mut decoder = Decoder::new(Limits::default().trusted());
    group.bench_function("decode 64 XADD", |b| {
        b.iter(|| {
            decoder.buffer_mut().extend_from_slice(&burst);
            while let Some(burst) = decoder.decode(1024) {
                black_box(burst.len());
                decoder.recycle(burst);
            }
        });
    });
    let reply = Reply::Array((0..64).map(|i| Reply::Id(StreamId::new(1_700_000_000_000 + i, 0))).collect());
    let mut out = Vec::new();
    group.bench_function("encode 64 ids", |b| {
        b.iter(|| {
            out.clear();
            encode(black_box(&reply), Protocol::Resp2, &mut out);
        });
    });
    group.finish();
}

fn log(c: &mut Criterion) {
    let mut packed = Vec::new();
    fields::pack(&mut packed, [&b"f"[..], PAYLOAD].into_iter());
    let filled = |n: u64| {
        let mut log = Log::default();
        (1..=n).for_each(|ms| {
            log.append(StreamId::new(ms, 0), &packed, NodeLimits::default());
        });
        log
    };
    let mut group = c.benchmark_group("log");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("append 1000", |b| b.iter_batched(|| (), |()| filled(1000), BatchSize::SmallInput));
    let log = filled(100_000);
    let range = IdRange { start: StreamId::new(50_000, 0), end: StreamId::MAX };
    group.bench_function("range 1000", |b| b.iter(|| black_box(log.range(range, 1000))));
    group.finish();
}

/// A delivery of ten entries, and their acknowledgement while a thousand others are pending.
fn pending(c: &mut Criterion) {
    let id = |n: u64| StreamId::new(1_700_000_000_000 + n / 5, n % 5);
    let mut list = PendingList::default();
    (0..1000).for_each(|n| list.put(id(n), 1, 1, 1));
    let mut next = 1000;
    let mut group = c.benchmark_group("pending");
    group.throughput(Throughput::Elements(10));
    group.bench_function("deliver 10, ack 10", |b| {
        b.iter(|| {
            (next..next + 10).for_each(|n| list.put(id(n), 1, 1_700_000_000_000, 1));
            (next..next + 10).for_each(|n| assert!(list.remove(id(n - 1000)).is_some()));
            next += 10;
        });
    });
    group.finish();
}

/// A commit of one turn: a record in the journal, which the page cache takes; and one that the disk has taken.
fn commit(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = FileJournal::open(folder.path(), FileJournalOptions::default()).unwrap();
    journal.replay(Mark::default(), &mut |_, _| Ok(())).unwrap();
    let syncer = journal.syncer();
    let batch = PAYLOAD.repeat(20);
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Bytes(batch.len() as u64));
    let append = |journal: &mut FileJournal| {
        let mark = journal.append(&batch).unwrap();
        // As after a checkpoint, or the disk would fill.
        if mark.commit.is_multiple_of(10_000) {
            journal.release_through(mark.commit).give_back().unwrap();
            syncer.prepare().unwrap();
        }
    };
    group.bench_function("append 2 KB", |b| b.iter(|| append(&mut journal)));
    group.bench_function("append 2 KB, sync", |b| {
        b.iter(|| {
            append(&mut journal);
            syncer.sync().unwrap()
        });
    });
    group.finish();
}

/// A start that replays a thousand commits of a hundred entries each.
fn recovery(c: &mut Criterion) {
    let mut packed = Vec::new();
    fields::pack(&mut packed, [&b"f"[..], PAYLOAD].into_iter());
    let mut journal = MemoryJournal::default();
    let start =
        |journal: &mut MemoryJournal| open(Arc::new(Memory::new()), journal, 1, NodeLimits::default()).unwrap().store;
    let mut store = start(&mut journal);
    let key = store.create_stream(0, b"s");
    for n in 0..100_000 {
        store.change(key, &Effect::Append { id: StreamId::new(1 + n, 0), packed: &packed });
        if n % 100 == 99 {
            store.end_unit();
            journal.append(&store.take_batch(Vec::new())).unwrap();
        }
    }
    let mut group = c.benchmark_group("recovery");
    group.sample_size(20).throughput(Throughput::Elements(100_000));
    group.bench_function("replay 100 000 entries", |b| b.iter(|| start(&mut journal.clone())));
    group.finish();
}

fn session(c: &mut Criterion) {
    let broker = Broker::in_memory();
    let session = broker.session();
    let mut group = c.benchmark_group("session");
    group.throughput(Throughput::Elements(1));
    let add = OwnedArgs::collect([&b"XADD"[..], b"s", b"MAXLEN", b"~", b"100000", b"*", b"f", PAYLOAD]);
    group.bench_function("XADD", |b| b.iter(|| session.call(add.as_args().iter())));
    group.bench_function("GET", |b| b.iter(|| session.call(["GET", "k"])));
    let _ = session.call(["XGROUP", "CREATE", "s", "g", "$"]);
    group.bench_function("XADD, XREADGROUP, XACK", |b| {
        b.iter(|| {
            let Ok(Reply::Id(id)) = session.call(add.as_args().iter()) else { return };
            let _ = black_box(session.call(["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">"]));
            let _ = session.call(["XACK", "s", "g", &id.to_string()]);
        });
    });
    group.finish();
}

criterion_group!(layers, decode, log, pending, commit, recovery, session);
criterion_main!(layers);
