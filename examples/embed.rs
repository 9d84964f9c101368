//! A broker inside a program, in ten lines: `cargo run --example embed`.

use brooklet::{Broker, Error, Reply};

fn main() -> Result<(), Error> {
    let broker = Broker::in_memory();
    let session = broker.session();
    session.call(["XADD", "orders", "*", "item", "tea"])?;
    assert_eq!(session.call(["XLEN", "orders"])?, Reply::Integer(1));
    broker.shutdown()
}
