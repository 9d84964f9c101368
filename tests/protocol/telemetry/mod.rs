//! What tools that watch a server read: INFO line by line (`info.rs`, against the list in `info.txt`), counters that
//! move (`moves.rs`), and the shapes of the other answers that exporters and agents take apart (`shapes.rs`).

pub mod info;
pub mod moves;
pub mod shapes;

use brooklet_testkit::{Client, Value};

pub type Outcome = Result<(), String>;

/// Asks; a reply that does not come is an error.
pub fn ask(client: &mut Client, words: &[&str]) -> Result<Value, String> {
    client.call(words).map_err(|why| format!("{:.60}: {why:?}", words.join(" ")))
}

/// INFO as text.
pub fn page(client: &mut Client) -> Result<String, String> {
    let reply = ask(client, &["INFO", "everything"])?;
    reply.text().ok_or(format!("INFO answered {reply:?}"))
}

/// What is wrong, or that nothing is.
pub fn verdict(wrong: Vec<String>) -> Outcome {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
