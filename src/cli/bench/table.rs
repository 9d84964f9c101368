//! The table: the work on which a server is held against the first one, and how far ahead it has to be.
//!
//! Only what is measured and the bars stand here. Must never know: how a run is made, how figures are printed.

use super::cli::LoadArgs;
use super::load::{Load, Workload};

/// How far ahead of the first server the others have to be; ratios to it. None: it is only shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bar {
    /// At least so many operations a second.
    pub(super) throughput: Option<f64>,
    /// At most so much CPU for each operation.
    pub(super) cpu: Option<f64>,
    /// At most such latencies.
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) load: Load,
    pub(super) bar: Bar,
}

impl Bar {
    fn ahead(throughput: f64, cpu: f64) -> Bar {
        Bar { throughput: Some(throughput), cpu: Some(cpu), ..Bar::default() }
    }

    fn sooner(p50: f64, p99: f64, cpu: f64) -> Bar {
        Bar { p50: Some(p50), p99: Some(p99), cpu: Some(cpu), throughput: None }
    }
}

/// Entries that a group drains, for each entry of a COUNT: enough for seconds of work.
const DRAINED: [(usize, u64); 3] = [(1, 200_000), (10, 1_000_000), (100, 2_000_000)];
/// Producers and consumers of `delay`, and the COUNT of a consumer.
const SIDE: usize = 4;
const TAKEN: usize = 100;

/// All rows. What a row fixes wins over `options`; `quick`: as little work as says anything at all.
pub(super) fn rows(options: &LoadArgs, quick: bool) -> Vec<Row> {
    let mut options = options.clone();
    if quick {
        options.seconds = options.seconds.or(Some(0.7));
        options.warm_up = options.warm_up.or(Some(0.2));
    }
    let rows = [appending(&options), groups(&options, quick), delays(&options), others(&options), always(&options)];
    rows.into_iter().flatten().collect()
}

fn row(options: LoadArgs, workload: Workload, bar: Bar) -> Row {
    Row { load: options.settle(workload), bar }
}

fn appending(options: &LoadArgs) -> Vec<Row> {
    let one =
        |pipeline, keys, bar| row(LoadArgs { pipeline: Some(pipeline), keys, ..options.clone() }, Workload::Xadd, bar);
    vec![
        one(1, None, Bar::ahead(1.2, 0.8)),
        one(16, None, Bar::ahead(2.0, 0.5)),
        one(64, None, Bar::ahead(2.3, 0.45)),
        one(1, Some(1000), Bar::ahead(1.1, 0.9)),
        one(16, Some(1000), Bar::ahead(1.8, 0.6)),
        one(16, Some(100_000), Bar::ahead(1.3, 1.0)),
    ]
}

fn groups(options: &LoadArgs, quick: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (count, entries) in DRAINED {
        for pipeline in [1, 16] {
            let bar = match (count, pipeline) {
                (1, 1) => Bar::ahead(1.15, 0.85),
                (1, _) => Bar::ahead(1.6, 0.6),
                _ => Bar::ahead(1.8, 0.55),
            };
            let entries = if quick { entries / 5 } else { entries };
            // It ends when it is drained.
            let fixed =
                LoadArgs { pipeline: Some(pipeline), count, entries, seconds: None, warm_up: None, ..options.clone() };
            rows.push(row(fixed, Workload::Group, bar));
        }
    }
    rows
}

fn delays(options: &LoadArgs) -> Vec<Row> {
    let sides = LoadArgs { clients: SIDE, producers: SIDE, count: TAKEN, ..options.clone() };
    let at = |rate| LoadArgs { rate: Some(rate), pipeline: Some(1000), ..sides.clone() };
    let mut rows: Vec<Row> =
        [1e3, 3e4, 1.5e5].map(|rate| row(at(rate), Workload::Delay, Bar::sooner(1.0, 0.9, 0.8))).into();
    let fastest = LoadArgs { rate: Some(0.0), pipeline: Some(16), ..sides };
    rows.push(row(fastest, Workload::Delay, Bar::ahead(1.5, 0.6)));
    rows
}

fn others(options: &LoadArgs) -> Vec<Row> {
    let one = |workload, pipeline, bar| row(LoadArgs { pipeline: Some(pipeline), ..options.clone() }, workload, bar);
    let ranges = LoadArgs { count: 1000, ..options.clone() };
    let mut rows = vec![
        one(Workload::Lock, 1, Bar::ahead(1.1, 0.9)),
        one(Workload::Lock, 16, Bar::ahead(1.2, 0.9)),
        row(ranges, Workload::Xrange, Bar::ahead(1.3, 0.75)),
    ];
    for workload in [Workload::Ping, Workload::Get, Workload::Set] {
        rows.push(one(workload, 1, Bar::ahead(1.15, 0.85)));
        rows.push(one(workload, 16, Bar::ahead(1.5, 0.6)));
    }
    rows
}

fn always(options: &LoadArgs) -> Vec<Row> {
    let one = |clients, pipeline, bar| {
        let fixed = LoadArgs { always: true, clients, pipeline: Some(pipeline), ..options.clone() };
        row(fixed, Workload::Xadd, bar)
    };
    vec![one(1, 1, Bar::ahead(1.0, 1.0)), one(50, 1, Bar::ahead(1.3, 0.8)), one(50, 16, Bar::ahead(1.5, 0.6))]
}
