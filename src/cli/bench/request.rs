//! Writes requests. Knows only the form every RESP server accepts: an array of bulk strings.

/// Appends one command.
pub(super) fn command(out: &mut Vec<u8>, args: &[&[u8]]) {
    header(out, args.len());
    for arg in args {
        bulk(out, arg);
    }
}

/// Appends the header of a command with `args` arguments, the verb included.
pub(super) fn header(out: &mut Vec<u8>, args: usize) {
    sized(out, b'*', args);
}

/// Appends one argument.
pub(super) fn bulk(out: &mut Vec<u8>, arg: &[u8]) {
    sized(out, b'$', arg.len());
    out.extend_from_slice(arg);
    out.extend_from_slice(b"\r\n");
}

fn sized(out: &mut Vec<u8>, tag: u8, n: usize) {
    out.push(tag);
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_array_of_bulk_strings() {
        let mut out = vec![];
        super::command(&mut out, &[b"GET", b"a\r\nb"]);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n");
    }
}
