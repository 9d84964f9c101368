//! One flat JSON object on one line: all that `--json` needs.

use std::fmt::Write;

/// An object under construction.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Object(String::from("{"))
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        let mut object = self.name(name);
        object.quote(value);
        object
    }

    pub(super) fn number(self, name: &str, value: f64) -> Self {
        let mut object = self.name(name);
        // JSON has no infinity and no NaN.
        let _ = if value.is_finite() { write!(object.0, "{value}") } else { write!(object.0, "null") };
        object
    }

    pub(super) fn count(self, name: &str, value: u64) -> Self {
        let mut object = self.name(name);
        let _ = write!(object.0, "{value}");
        object
    }

    pub(super) fn truth(self, name: &str, value: bool) -> Self {
        let mut object = self.name(name);
        let _ = write!(object.0, "{value}");
        object
    }

    pub(super) fn null(self, name: &str) -> Self {
        let mut object = self.name(name);
        object.0.push_str("null");
        object
    }

    /// The number, or null.
    pub(super) fn maybe(self, name: &str, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self.null(name),
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(mut self, name: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.quote(name);
        self.0.push(':');
        self
    }

    fn quote(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                c if c < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn escapes_and_separates() {
        let line = Object::new().text("a", "x\"\\\n").number("b", 1.5).maybe("c", None).truth("d", true).count("e", 3);
        assert_eq!(line.finish(), r#"{"a":"x\"\\\u000a","b":1.5,"c":null,"d":true,"e":3}"#);
        assert_eq!(Object::new().number("n", f64::NAN).finish(), r#"{"n":null}"#);
    }
}
