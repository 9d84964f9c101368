//! What scripts take: all zero in a build without them.

use crate::broker::Engine;

/// Figures about scripts and functions; sizes in bytes.
#[derive(Debug, Default)]
pub struct ScriptFigures {
    /// The machine of EVAL.
    pub vm_eval: u64,
    /// Texts of its scripts.
    pub texts: u64,
    /// How many they are.
    pub cached: usize,
    /// Scripts that were forgotten for others.
    pub evicted: u64,
    /// The machine of functions.
    pub vm_functions: u64,
    /// Functions of all libraries.
    pub functions: usize,
    /// Libraries.
    pub libraries: usize,
    /// Their texts.
    pub library_texts: u64,
}

impl ScriptFigures {
    /// Looks.
    #[cfg(feature = "scripting")]
    pub fn of(engine: &Engine) -> ScriptFigures {
        let (scripts, functions) = (&engine.scripts, &engine.functions);
        ScriptFigures {
            vm_eval: scripts.vm_bytes() as u64,
            texts: scripts.bytes() as u64,
            cached: scripts.len(),
            evicted: scripts.evicted,
            vm_functions: functions.vm_bytes() as u64,
            functions: functions.len(),
            libraries: functions.iter().len(),
            library_texts: functions.bytes() as u64,
        }
    }

    /// Nothing to see.
    #[cfg(not(feature = "scripting"))]
    pub fn of(_: &Engine) -> ScriptFigures {
        ScriptFigures::default()
    }
}
