//! Error texts of verbs about leases. The first word is for programs.

use super::{Refusal, owned, texts};

texts! {
    LOST = "LEASELOST The lease is not held by this holder with this token";
    HOLDER = "ERR the name of a holder has between 1 and 1024 bytes";
    META = "METATOOLONG META takes at most 4096 bytes";
    GRACE = "ERR grace-ms must be between 0 and 86400000";
    CROWDED = "ERR 10000 calls wait for this lease already";
    NOT_INSIDE = "ERR This command is not allowed inside of LEASE.EXEC";
}

/// The token is not the one of now, which is named; 0 = there is none.
pub fn fenced(token: u64) -> Refusal {
    owned(format!("FENCED {token}"))
}
