//! `# CPU`: processor time in seconds, as the kernel counts it.

use super::page::Page;
use crate::broker::Engine;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    let sample = &engine.sample;
    for (suffix, cpu) in
        [("", sample.cpu), ("_children", sample.cpu_children), ("_main_thread", sample.cpu_main_thread)]
    {
        page.line(&format!("used_cpu_sys{suffix}"), format_args!("{:.6}", cpu.system));
        page.line(&format!("used_cpu_user{suffix}"), format_args!("{:.6}", cpu.user));
    }
}
