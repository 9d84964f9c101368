//! Showing how far long work has come: a bar on a terminal, else a line now and then. What is over within a second shows
//! nothing. Must never know: what is being done, beyond its name.

use crate::broker::threads;
use brooklet_storage::progress::{Phase, Progress, Seen};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Looks before anything is shown.
const SILENT: u32 = 10;
/// Looks from one line to the next.
const LINE: u32 = 20;

/// Shows `work` until it ends, on a thread of its own, which then ends as well. `has_terminal`: a bar may be drawn, if
/// there is a terminal to draw it on; `say` takes lines else.
pub fn show(work: &Arc<Progress>, has_terminal: bool, say: fn(&str)) -> Option<JoinHandle<()>> {
    let work = Arc::clone(work);
    let bar = has_terminal && std::io::stderr().is_terminal();
    threads::start("progress", Arc::new(|_| {}), move || watch(&work, bar, say))
}

fn watch(work: &Progress, has_bar: bool, say: fn(&str)) {
    let (mut looks, mut bar) = (0, None);
    while let Some(seen) = work.look() {
        std::thread::park_timeout(LOOK);
        looks += 1;
        if looks < SILENT {
            continue;
        }
        if has_bar {
            draw(bar.get_or_insert_with(new_bar), seen);
        } else if (looks - SILENT).is_multiple_of(LINE) {
            say(&line(seen));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}%  {eta}") {
        bar.set_style(style);
    }
    bar
}

fn draw(bar: &ProgressBar, seen: Seen) {
    bar.set_message(if seen.total > 0 { name(seen.phase).to_owned() } else { line(seen) });
    bar.set_length(seen.total);
    bar.set_position(seen.done);
    bar.tick();
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Backend => "opening the records",
        Phase::Names => "reading the names of keys",
        Phase::Replay => "replaying the journal",
        Phase::Checksums => "comparing checksums",
        Phase::Keys => "looking at keys",
        Phase::Chunks => "counting chunks",
    }
}

/// How far it is, in words.
fn line(seen: Seen) -> String {
    let name = name(seen.phase);
    match seen {
        Seen { phase: Phase::Backend | Phase::Checksums, .. } => name.to_owned(),
        Seen { phase: Phase::Names | Phase::Keys | Phase::Chunks, done, .. } => format!("{name}: {done}"),
        Seen { done, total, .. } => {
            let part = done.saturating_mul(100).checked_div(total).unwrap_or(0);
            format!("{name}: {} of {} MB, {part} %", done >> 20, total >> 20)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_is_known() {
        let seen = |phase, done, total| line(Seen { phase, done, total });
        assert_eq!(seen(Phase::Backend, 0, 0), "opening the records");
        assert_eq!(seen(Phase::Names, 12, 0), "reading the names of keys: 12");
        assert_eq!(seen(Phase::Checksums, 0, 0), "comparing checksums");
        assert_eq!(seen(Phase::Keys, 7, 0), "looking at keys: 7");
        assert_eq!(seen(Phase::Replay, 3 << 20, 4 << 20), "replaying the journal: 3 of 4 MB, 75 %");
        assert_eq!(seen(Phase::Replay, 0, 0), "replaying the journal: 0 of 0 MB, 0 %");
    }

    #[test]
    fn the_thread_ends_with_the_work() {
        let work = Arc::new(Progress::default());
        work.begin(Phase::Replay, 7);
        let thread = show(&work, false, |_| {}).unwrap();
        work.end();
        thread.thread().unpark();
        thread.join().unwrap();
    }
}
