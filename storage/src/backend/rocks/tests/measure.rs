//! Figures, not assertions: `cargo test --workspace --lib measure -- --ignored --nocapture`.
//!
//! Owns: nothing. Must never know: the layers above. Read next: `../options.rs` (the choices these figures support).

use super::*;

/// 100-byte entries as producers write them: JSON with a changing number, time, id and words from a small set.
fn json_chunk(seed: u64) -> Vec<u8> {
    let words = ["created", "shipped", "cancelled", "paid", "refunded", "returned"];
    let mut chunk = Vec::with_capacity(16 << 10);
    for number in 0.. {
        let noise = noise(seed << 16 | number, 8);
        let id = u64::from_le_bytes(noise[..].try_into().unwrap());
        let entry = format!(
            "{{\"order\":{},\"state\":\"{}\",\"at\":\"2026-11-21T12:{:02}:{:02}.{:03}Z\",\"user\":\"u{:06}\",\"cents\":{}}}",
            seed * 160 + number,
            words[(id % 6) as usize],
            seed / 60 % 60,
            seed % 60,
            number * 6 % 1000,
            id >> 8 & 0xf_ffff,
            id >> 32 & 0x3fff,
        );
        let mut entry = entry.into_bytes();
        entry.resize(100, b' ');
        if chunk.len() + 100 > 16 << 10 {
            return chunk;
        }
        chunk.extend(entry);
    }
    chunk
}

/// The same size, harder: each entry carries 128 random bits as hexadecimal digits.
fn uuid_chunk(seed: u64) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(16 << 10);
    for number in 0..163 {
        let noise = noise(seed << 16 | number, 17);
        let id = u128::from_le_bytes(noise[..16].try_into().unwrap());
        let entry = format!(
            "{{\"id\":\"{id:032x}\",\"at\":17952638{seed:05},\"sensor\":\"temp-{:03}\",\"value\":{}}}",
            number, noise[16]
        );
        let mut entry = entry.into_bytes();
        entry.resize(100, b'.');
        chunk.extend(entry);
    }
    chunk
}

/// User and system time of this process so far, in the kernel's ticks of 10 ms.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    stat.split(' ').skip(13).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

fn write_chunks(rocks: &Rocks, chunks: u64, make: impl Fn(u64) -> Vec<u8>) -> u64 {
    let mut raw = 0;
    for number in 0..chunks {
        let chunk = make(number);
        raw += chunk.len() as u64;
        rocks.write(&[put(Space::Chunks, &chunk_key(number >> 10, number), &chunk)]).unwrap();
    }
    rocks.flush().unwrap();
    raw
}

#[test]
#[ignore = "a measurement"]
fn measure_compression() {
    for compression in [Compression::Zstd, Compression::Lz4] {
        for (name, make) in
            [("json", json_chunk as fn(u64) -> Vec<u8>), ("uuid", uuid_chunk), ("noise", |seed| noise(seed, 16_300))]
        {
            let made: Vec<Vec<u8>> = (0..4096).map(make).collect();
            let folder = tempfile::tempdir().unwrap();
            let options = Options { compression, background_bytes_per_second: 0, ..Options::default() };
            let rocks = Rocks::open(folder.path(), options).unwrap();
            let (start, cpu) = (Instant::now(), cpu_ticks());
            let raw = write_chunks(&rocks, 4096, |seed| made[seed as usize].clone());
            let (wrote, cpu) = (start.elapsed(), (cpu_ticks() - cpu) * 10);
            let disk = table_bytes(folder.path());
            let start = Instant::now();
            for seed in 0..4096 {
                rocks.get(Space::Chunks, &chunk_key(seed >> 10, seed)).unwrap().unwrap();
            }
            println!(
                "{compression:?} {name}: {disk} of {raw} bytes = {:.3}; write and flush {wrote:?} ({cpu} ms CPU), read {:?}",
                disk as f64 / raw as f64,
                start.elapsed()
            );
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn measure_open() {
    let folder = tempfile::tempdir().unwrap();
    for (name, epochs) in [("create", 0u64), ("empty", 0), ("", 128), ("1 GiB", 0), ("1 GiB again", 0)] {
        let start = Instant::now();
        let rocks = Rocks::open(folder.path(), Options::default()).unwrap();
        println!("open {name}: {:?}", start.elapsed());
        for number in 0..epochs {
            epoch(&rocks, number, 512);
        }
        let start = Instant::now();
        drop(rocks);
        println!("  close: {:?}", start.elapsed());
    }
}

/// `BROOKLET_SMALL_DISK` names a folder on a file system of about 48 MiB; nothing else is asked of it.
#[test]
#[ignore = "needs a small file system"]
fn measure_disk_full() {
    let Some(disk) = std::env::var_os("BROOKLET_SMALL_DISK") else { return };
    let folder = PathBuf::from(disk).join("db");
    let rocks = Rocks::open(&folder, small()).unwrap();
    let mut failed = None;
    for number in 0..8_000u64 {
        let wrote = rocks.write(&[put(Space::Chunks, &chunk_key(number / 512, number), &noise(number, 16 << 10))]);
        if let Err(error) = wrote.and_then(|()| if number % 512 == 511 { rocks.flush() } else { Ok(()) }) {
            println!("at {number}: {error}");
            failed = Some(number);
            break;
        }
    }
    println!("{:?}", rocks.health());
    std::thread::scope(|scope| {
        let more = scope.spawn(|| {
            for number in 0..2_000u64 {
                let start = Instant::now();
                let wrote = rocks.write(&[put(Space::Values, &chunk_key(9, number), &noise(number, 16 << 10))]);
                if wrote.is_err() || start.elapsed() > Duration::from_millis(200) {
                    return println!("write {number} into a full disk: {:?} after {:?}", wrote, start.elapsed());
                }
            }
        });
        std::thread::sleep(Duration::from_secs(8));
        println!("finished: {}", more.is_finished());
        rocks.reclaim(Space::Chunks, &chunk_key(2, 0), &chunk_key(4, 0)).unwrap();
    });
    println!("a read still works: {:?}", rocks.get(Space::Chunks, &chunk_key(0, 5)).map(|value| value.is_some()));
    let failed = failed.expect("the disk must have been small");
    println!("reclaim: {:?}", rocks.reclaim(Space::Chunks, &chunk_key(0, 0), &chunk_key(2, 0)));
    let waited = eventually("flush works again", || rocks.flush().is_ok());
    println!("flush works again after {waited:?}; {:?}", rocks.health());
    assert!(rocks.get(Space::Chunks, &chunk_key((failed - 1) / 512, failed - 1)).unwrap().is_some());
}
