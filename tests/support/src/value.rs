//! A decoded reply, with everything kept apart that the wire keeps apart: three nulls, two string kinds, pushes.

/// One reply or push.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+OK`
    Simple(Vec<u8>),
    /// `-ERR ...`, also the bulk form `!` of RESP3; without the sign.
    Error(Vec<u8>),
    /// `:1`
    Integer(i64),
    /// `$3`
    Bulk(Vec<u8>),
    /// `=7` of RESP3, without its three letters and colon.
    Verbatim(Vec<u8>),
    /// `,1.5` of RESP3, as sent.
    Double(String),
    /// `#t` of RESP3.
    Boolean(bool),
    /// `(123` of RESP3, as sent.
    BigNumber(String),
    /// `$-1` of RESP2.
    NullBulk,
    /// `*-1` of RESP2.
    NullArray,
    /// `_` of RESP3.
    Null,
    /// `*2`
    Array(Vec<Value>),
    /// `%2` of RESP3, in wire order.
    Map(Vec<(Value, Value)>),
    /// `~2` of RESP3.
    Set(Vec<Value>),
    /// `>2` of RESP3.
    Push(Vec<Value>),
}

impl Value {
    /// The bytes of a string of any kind, an error's included.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(b) | Self::Error(b) | Self::Bulk(b) | Self::Verbatim(b) => Some(b),
            _ => None,
        }
    }

    /// [`Self::bytes`] as text; nothing when it is no string.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|b| String::from_utf8_lossy(b).into_owned())
    }

    /// An integer, or a string that spells one.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            other => other.text()?.parse().ok(),
        }
    }

    /// The items of an array, set or push; of a map its keys and values in turn.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => items.clone(),
            Self::Map(pairs) => pairs.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect(),
            _ => Vec::new(),
        }
    }

    /// The value beside `key` in a map, or in the flat array that RESP2 makes of it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        let items = self.items();
        let at = items.iter().step_by(2).position(|k| k.text().as_deref() == Some(key))?;
        items.get(at * 2 + 1).cloned()
    }

    /// Whether it is an error reply.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// Whether it is any of the three nulls.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::NullBulk | Self::NullArray | Self::Null)
    }
}
