//! What a row says: a size, the bar it has to keep, what was measured. Knows nothing of servers.

use std::fmt::Write;

/// What a figure counts. Megabytes are millions of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Megabytes,
    MegabytesPerSecond,
    Seconds,
    Times,
}

/// One line of the table.
#[derive(Debug)]
pub struct Line {
    what: String,
    unit: Unit,
    bar: Option<f64>,
    measured: Result<f64, String>,
    notes: Vec<String>,
}

impl Line {
    /// A figure that has to stay at or below `bar`.
    pub fn bar(what: impl Into<String>, unit: Unit, bar: f64, measured: f64) -> Self {
        Self { bar: Some(bar), ..Self::stated(what, unit, measured) }
    }

    /// A figure that is only stated.
    pub fn stated(what: impl Into<String>, unit: Unit, measured: f64) -> Self {
        Self { what: what.into(), unit, bar: None, measured: Ok(measured), notes: Vec::new() }
    }

    /// A row that could not be measured.
    pub fn failed(what: &str, why: String) -> Self {
        let measured = Err(why.replace(['\n', '|'], " "));
        Self { what: what.to_owned(), unit: Unit::Bytes, bar: None, measured, notes: Vec::new() }
    }

    /// With something that a reader has to know beside the figure.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Whether it was measured and its bar is kept.
    pub fn is_kept(&self) -> bool {
        // Not "above": what is no number keeps no bar.
        self.measured.as_ref().is_ok_and(|found| self.bar.is_none_or(|bar| *found <= bar))
    }

    /// The line as a sentence, for whoever waits.
    pub fn sentence(&self) -> String {
        format!("{}: {} {}", self.what, self.figure(), self.verdict()).trim_end().to_owned()
    }

    fn verdict(&self) -> &'static str {
        match (&self.measured, self.bar) {
            (Err(_), _) => "FAILED",
            (Ok(_), None) => "",
            (Ok(_), Some(_)) if self.is_kept() => "ok",
            (Ok(_), Some(_)) => "MISSED",
        }
    }

    fn figure(&self) -> String {
        let figure = match &self.measured {
            Ok(found) => number(*found, self.unit),
            Err(why) => return why.clone(),
        };
        if self.notes.is_empty() { figure } else { format!("{figure} ({})", self.notes.join("; ")) }
    }
}

/// The whole table. The other server's lines stand in the same order.
pub fn markdown(lines: &[Line], reference: Option<&[Line]>) -> String {
    let other = if reference.is_some() { (" redis-server |", "---|") } else { ("", "") };
    let mut text = format!("| size | bar | measured | |{}\n|---|---|---|---|{}\n", other.0, other.1);
    for line in lines {
        let bar = line.bar.map_or("stated".to_owned(), |bar| number(bar, line.unit));
        let _ = write!(text, "| {} | {bar} | {} | {} |", line.what, line.figure(), line.verdict());
        if let Some(reference) = reference {
            let same = reference.iter().find(|l| l.what == line.what);
            let _ = write!(text, " {} |", same.map_or(String::new(), Line::figure));
        }
        text.push('\n');
    }
    text
}

/// Three digits, and the unit.
pub fn number(value: f64, unit: Unit) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 || v.fract() == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    match unit {
        Unit::Bytes => format!("{digits} bytes"),
        Unit::Megabytes => format!("{digits} MB"),
        Unit::MegabytesPerSecond => format!("{digits} MB/s"),
        Unit::Seconds => format!("{digits} s"),
        Unit::Times => format!("{digits}x"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let kept = Line::bar("a", Unit::Bytes, 64.0, 63.99);
        let missed = Line::bar("b", Unit::Seconds, 0.5, 0.51).note("n");
        let none = Line::bar("c", Unit::Times, 1.2, f64::NAN);
        let failed = Line::failed("d", "no | server".to_owned());
        assert_eq!([&kept, &missed, &none, &failed].map(Line::is_kept), [true, false, false, false]);
        assert!(Line::stated("e", Unit::Bytes, 1e9).is_kept());
        let text = markdown(&[kept, missed, failed], Some(&[Line::stated("b", Unit::Seconds, 4.1)]));
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(rows[0], "| a | 64 bytes | 64.0 bytes | ok |  |");
        assert_eq!(rows[1], "| b | 0.50 s | 0.51 s (n) | MISSED | 4.10 s |");
        assert_eq!(rows[2], "| d | stated | no   server | FAILED |  |");
    }

    #[test]
    fn numbers() {
        let shown = [0.0123, 0.456, 12.34, 250.4, 25.0].map(|n| number(n, Unit::Megabytes));
        assert_eq!(shown, ["0.012 MB", "0.46 MB", "12.3 MB", "250 MB", "25 MB"]);
    }
}
