//! The text of INFO as it grows.

use std::fmt::{Display, Write};

/// Sections of lines, separated by empty lines.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        let _ = write!(self.0, "# {title}\r\n");
    }

    /// Adds a line.
    pub fn line(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// Adds a line with each of these names and the value 0: words of the reference that mean nothing here.
    pub fn zeros(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.line(name, 0));
    }

    /// Adds a size in bytes, and the same for people to read.
    pub fn size(&mut self, name: &str, bytes: u64) {
        self.line(name, bytes);
        self.line(&format!("{name}_human"), human(bytes));
    }

    /// The whole text.
    pub fn text(self) -> String {
        self.0
    }
}

/// A size in bytes for people: `1.50M`.
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let power = (bytes.ilog2() / 10).min(UNITS.len() as u32);
    let scaled = bytes as f64 / (1u64 << (10 * power)) as f64;
    format!("{scaled:.2}{}", UNITS[power as usize - 1])
}

/// `a / b`, and 0 where that has no meaning.
pub(super) fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_people() {
        for (bytes, text) in
            [(0, "0B"), (1023, "1023B"), (1024, "1.00K"), (717_744, "700.92K"), (25_276_510_208, "23.54G")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
