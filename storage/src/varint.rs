//! LEB128 numbers: seven bits a byte, least significant first.

/// Appends `n`.
#[inline]
pub fn write(out: &mut Vec<u8>, n: u64) {
    // Most are lengths and differences that fit in one byte.
    if n < 0x80 { out.push(n as u8) } else { write_long(out, n) }
}

fn write_long(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads a number from the front: the number and how many bytes it took. `None` if it is cut off or too long.
pub fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0u64;
    for (i, &b) in bytes.iter().enumerate().take(10) {
        if i == 9 && b > 1 {
            return None;
        }
        n |= u64::from(b & 0x7f) << (7 * i);
        if b < 0x80 {
            return Some((n, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(n: u64, tail: Vec<u8>) {
            let mut out = Vec::new();
            write(&mut out, n);
            let len = out.len();
            out.extend(tail);
            prop_assert_eq!(read(&out), Some((n, len)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Some((_, used)) = read(&bytes) {
                prop_assert!(used <= bytes.len() && used <= 10);
            }
        }
    }
}
