//! Requests: however bytes are split, they are the same calls and the same error.

use brooklet::resp::{Decoder, Limits};

/// The calls, whether they came before or after the client was let in, and the error.
type Decoded = (Vec<Vec<Vec<u8>>>, Option<String>);

/// The first two bytes choose the limits and the splits, the rest is what arrives.
pub fn request(bytes: &[u8]) {
    let (&[choice, step], bytes) = bytes.split_first_chunk().unwrap_or((&[0, 0], bytes));
    let whole = decode(bytes, choice, |_| bytes.len().max(1));
    let mut at = usize::from(step);
    // Reads as long as the input's own bytes say, from a place that it says; and the shortest of all.
    let uneven = decode(bytes, choice, |_| {
        at += 1;
        1 + usize::from(bytes[at % bytes.len()]) % (1 + usize::from(step))
    });
    assert_eq!(whole, uneven, "split in uneven parts");
    assert_eq!(whole, decode(bytes, choice, |_| 1), "split at every byte");
    within_limits(&whole.0, choice);
}

fn limits(choice: u8) -> Limits {
    let small = [(1 << 16, 1 << 20, 1 << 16), (300, 64, 64), (20, 4, 32), (5000, 12, 4096)];
    let (max_bulk, max_args, inline_max) = small[usize::from(choice >> 1) % small.len()];
    Limits { max_bulk, max_args, inline_max, max_request: 4 * max_bulk, ..Limits::default() }
}

/// Half the choices are clients that still have to say who they are, which their third call does.
fn decode(bytes: &[u8], choice: u8, mut step: impl FnMut(usize) -> usize) -> Decoded {
    let limits = limits(choice);
    let mut decoder = Decoder::new(if choice & 1 == 0 { limits.trusted() } else { limits });
    let (mut calls, mut error) = (Vec::new(), None);
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + step(at)).min(bytes.len());
        decoder.buffer_mut().extend_from_slice(&bytes[at..end]);
        at = end;
        while let Some(burst) = decoder.decode(16) {
            calls.extend(burst.iter().map(|args| args.iter().map(<[u8]>::to_vec).collect::<Vec<_>>()));
            error = error.or(burst.error.as_ref().map(ToString::to_string));
            decoder.recycle(burst);
            if calls.len() == 3 {
                decoder.set_limits(limits.trusted());
            }
        }
        let most = 2 * bytes.len() + (64 << 10);
        assert!(decoder.buffer_mut().capacity() <= most, "a buffer beyond what has arrived");
    }
    (calls, error)
}

/// No call is larger than its client may send.
fn within_limits(calls: &[Vec<Vec<u8>>], choice: u8) {
    let limits = limits(choice);
    for (number, call) in calls.iter().enumerate() {
        let untrusted = choice & 1 == 1 && number < 3;
        // A line has as many words as fit into it.
        let words = limits.inline_max / 2 + 1;
        let (args, bulk) = if untrusted { (10, 4096) } else { (limits.max_args, limits.max_bulk) };
        assert!(call.len() <= args.max(words), "{} arguments", call.len());
        assert!(call.iter().all(|arg| arg.len() <= bulk.max(limits.inline_max)), "an argument beyond {bulk} bytes");
    }
}
