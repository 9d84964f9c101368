//! Verbs about keys of any type.
