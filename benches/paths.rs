//! The hot paths, one at a time and nothing else, for whoever counts their instructions: `./x counts`.
//!
//! `paths NAME N` does `NAME` that many times. What happens before costs the same for every `N`, so the difference of two
//! counts is the price of a path. Counts are repeatable where times are not.

use brooklet::command::args::OwnedArgs;
use brooklet::resp::{Decoder, Limits, Protocol, encode};
use brooklet::{Broker, Error, Reply, Session};
use std::hint::black_box;

const PAYLOAD: &[u8] = &[b'x'; 100];
/// Entries of a delivery, calls of a burst.
const MANY: usize = 10;

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let (name, n) = (args.next().unwrap_or_default(), args.next().and_then(|n| n.parse().ok()).unwrap_or(1));
    let broker = Broker::in_memory();
    let session = broker.session();
    match name.as_str() {
        "wire" => wire(n),
        "ping" => repeat(&session, n, &["PING"])?,
        "set-get" => set_get(&session, n)?,
        "xadd" => xadd(&session, n)?,
        "deliver-ack" => deliver_ack(&session, n)?,
        "xrange" => xrange(&session, n)?,
        // Whoever runs all benches wants none of these.
        _ => {}
    }
    broker.shutdown()
}

/// A burst of XADDs decoded, and as many ids encoded.
fn wire(n: usize) {
    let mut request = b"*5\r\n$4\r\nXADD\r\n$6\r\nstream\r\n$1\r\n*\r\n$1\r\nf\r\n$100\r\n".to_vec();
    request.extend_from_slice(PAYLOAD);
    request.extend_from_slice(b"\r\n");
    let burst = request.repeat(MANY);
    let id = Reply::Id(brooklet_storage::StreamId::new(1_700_000_000_000, 7));
    let (mut decoder, mut out) = (Decoder::new(Limits::default().trusted()), Vec::new());
    for _ in 0..n {
        decoder.buffer_mut().extend_from_slice(&burst);
        while let Some(burst) = decoder.decode(1024) {
            out.clear();
            burst.iter().for_each(|_| encode(black_box(&id), Protocol::Resp2, &mut out));
            decoder.recycle(burst);
        }
        decoder.release();
    }
}

fn repeat(session: &Session, n: usize, call: &[&str]) -> Result<(), Error> {
    for _ in 0..n {
        black_box(session.call(call)?);
    }
    Ok(())
}

fn set_get(session: &Session, n: usize) -> Result<(), Error> {
    let set = OwnedArgs::collect([b"SET", &b"key"[..], PAYLOAD]);
    for _ in 0..n {
        session.call(set.as_args().iter())?;
        black_box(session.call(["GET", "key"])?);
    }
    Ok(())
}

fn xadd(session: &Session, n: usize) -> Result<(), Error> {
    let add = OwnedArgs::collect([b"XADD", &b"stream"[..], b"*", b"f", PAYLOAD]);
    for _ in 0..n {
        session.call(add.as_args().iter())?;
    }
    Ok(())
}

/// Ten entries added, delivered and acknowledged.
fn deliver_ack(session: &Session, n: usize) -> Result<(), Error> {
    let add = OwnedArgs::collect([b"XADD", &b"stream"[..], b"MAXLEN", b"~", b"1000", b"*", b"f", PAYLOAD]);
    let count = MANY.to_string();
    session.call(["XGROUP", "CREATE", "stream", "g", "$", "MKSTREAM"])?;
    for _ in 0..n {
        let mut ack = vec!["XACK".to_owned(), "stream".to_owned(), "g".to_owned()];
        for _ in 0..MANY {
            if let Reply::Id(id) = session.call(add.as_args().iter())? {
                ack.push(id.to_string());
            }
        }
        black_box(session.call(["XREADGROUP", "GROUP", "g", "c", "COUNT", &count, "STREAMS", "stream", ">"])?);
        session.call(&ack)?;
    }
    Ok(())
}

fn xrange(session: &Session, n: usize) -> Result<(), Error> {
    xadd(session, 1000)?;
    repeat(session, n, &["XRANGE", "stream", "-", "+", "COUNT", "100"])
}
