//! One figure for each layer of the request path: `cargo bench --bench layers`. Compare a run with the one before on
//! the same machine; absolute figures say little elsewhere.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]

use brooklet::command::args::OwnedArgs;
use brooklet::resp::{Decoder, Limits, Protocol, encode};
use brooklet::{Broker, Reply};
use brooklet_storage::StreamId;
use brooklet_storage::stream::fields;
use brooklet_storage::stream::log::{IdRange, Log, NodeLimits};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

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

criterion_group!(layers, decode, log, session);
criterion_main!(layers);
