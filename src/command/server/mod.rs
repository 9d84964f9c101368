//! Verbs about the server.
