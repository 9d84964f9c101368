//! Error texts of server verbs.

use super::texts;

texts! {
    CLUSTER_DISABLED = "ERR This instance has cluster support disabled";
}
