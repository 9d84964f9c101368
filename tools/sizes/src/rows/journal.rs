//! What a commit of one small call takes in the journal. Each call waits for its reply, so that no two share a record:
//! the most that it can cost. INFO's `aof_current_size` counts the bytes of records, headers included, and no space that
//! was only reserved; the checkpoints that would make it smaller are kept away.

use crate::subject::{Lab, Subject};
use crate::table::{Line, Unit};
use crate::wire::{Pipe, is_id};
use std::io::Result;
use std::thread::sleep;
use std::time::Duration;

/// Calls of each kind.
const CALLS: usize = 20_000;

pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let flags: &[&str] = if lab.is_ours() { &["--checkpoint-interval", "3600"] } else { &[] };
    let mut subject = Subject::start(lab, flags)?;
    let mut pipe = subject.pipe()?;
    let payload = [b'x'; 100];
    let add = grown(&mut subject, || {
        for _ in 0..CALLS {
            pipe.call(&[b"XADD", b"s", b"*", b"f", &payload], &mut |_| {})?;
        }
        Ok(())
    })?;
    subject.call(&["XGROUP", "CREATE", "s", "g", "0"])?;
    let mut ids = Vec::with_capacity(CALLS);
    let delivery = grown(&mut subject, || read(&mut pipe, &mut ids))?;
    let ack = grown(&mut subject, || {
        for id in &ids {
            pipe.call(&[b"XACK", b"s", b"g", id], &mut |_| {})?;
        }
        Ok(())
    })?;
    Ok(vec![
        Line::stated("journal per XADD of 100 bytes, alone in its commit", Unit::Bytes, add),
        Line::bar("journal per delivery (XREADGROUP COUNT 1), alone in its commit", Unit::Bytes, 60.0, delivery),
        Line::bar("journal per XACK of one id, alone in its commit", Unit::Bytes, 40.0, ack),
    ])
}

fn read(pipe: &mut Pipe, ids: &mut Vec<Vec<u8>>) -> Result<()> {
    for _ in 0..CALLS {
        let call: [&[u8]; 9] = [b"XREADGROUP", b"GROUP", b"g", b"c", b"COUNT", b"1", b"STREAMS", b"s", b">"];
        pipe.call(&call, &mut |text| {
            if is_id(text) {
                ids.push(text.to_vec());
            }
        })?;
    }
    Ok(())
}

/// Bytes that the journal grew by, per call.
fn grown(subject: &mut Subject, calls: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = size(subject)?;
    calls()?;
    Ok((size(subject)? as f64 - before as f64) / CALLS as f64)
}

/// INFO's figure may be a moment old.
fn size(subject: &mut Subject) -> Result<u64> {
    sleep(Duration::from_millis(1500));
    subject.info("aof_current_size")
}
