//! Figures, on demand: `cargo test ... --release -- --ignored --nocapture measure`; `TMPDIR` chooses the disk.

use super::*;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

const SYNCS: usize = 500;

fn per_second(count: u32, since: Instant) -> f64 {
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// Times of `SYNCS` writes with a sync each.
struct Kind {
    name: &'static str,
    file: File,
    offset: u64,
    micros: Vec<u128>,
}

impl Kind {
    fn run(&mut self, bytes: usize) {
        let record = vec![7; bytes];
        let start = Instant::now();
        self.file.write_all_at(&record, self.offset).unwrap();
        self.file.sync_data().unwrap();
        self.micros.push(start.elapsed().as_micros());
        self.offset += bytes as u64;
    }

    fn report(&mut self, bytes: usize) {
        self.micros.sort_unstable();
        let at = |percent: usize| self.micros[self.micros.len() * percent / 100];
        let mean = self.micros.iter().sum::<u128>() / self.micros.len() as u128;
        let (name, median, slow, each) = (self.name, at(50), at(95), 1_000_000 / mean.max(1));
        println!("{bytes} bytes, {name}: median {median} us, p95 {slow} us, mean {mean} us ({each} fdatasync/s)");
    }
}

#[test]
#[ignore = "prints figures; says nothing about correctness"]
fn measure_appends() {
    for prepared in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _, _) = open(folder.path(), FileJournalOptions::default()).unwrap();
        if prepared {
            journal.syncer().prepare().unwrap();
        }
        journal.append(&[0; 128]).unwrap();
        let count = 200_000;
        let start = Instant::now();
        for _ in 0..count {
            journal.append(&[7; 128]).unwrap();
        }
        println!("{:.0} appends/s of 128 bytes, no sync, spare prepared: {prepared}", per_second(count, start));
    }
}

#[test]
#[ignore = "prints figures; says nothing about correctness"]
fn measure_syncs() {
    // A small record rarely enters a new block; one of a block always does.
    [152, 4096].into_iter().for_each(measure_syncs_of);
}

/// Alternating, because other work on the disk changes from second to second.
fn measure_syncs_of(bytes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), FileJournalOptions::default()).unwrap();
    journal.syncer().prepare().unwrap();
    journal.append(&[0; 128]).unwrap();
    journal.syncer().sync().unwrap();
    let kind = |name| {
        let file = File::create(folder.path().join(name)).unwrap();
        Kind { name, file, offset: 0, micros: Vec::new() }
    };
    let mut kinds = [kind("recycled segment"), kind("fresh, fallocated"), kind("fresh, growing")];
    kinds[0].file = File::options().write(true).open(&segments(folder.path())[0]).unwrap();
    kinds[0].offset = RECORDS_AT;
    rustix::fs::fallocate(&kinds[1].file, rustix::fs::FallocateFlags::empty(), 0, 16 << 20).unwrap();
    for _ in 0..SYNCS {
        kinds.iter_mut().for_each(|kind| kind.run(bytes));
    }
    kinds.iter_mut().for_each(|kind| kind.report(bytes));
}
