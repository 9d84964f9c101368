//! `# Server`: which program this is and since when it runs.

use super::page::Page;
use crate::broker::Engine;
use crate::broker::client::Endpoint;
use crate::telemetry::version::{OWN_VERSION, REDIS_VERSION};

pub(super) fn write(engine: &Engine, page: &mut Page) {
    let (config, now_us) = (&engine.config, engine.clock.now_us());
    let uptime_s = (now_us / 1000 - engine.stats.started_ms).max(0) / 1000;
    page.line("redis_version", REDIS_VERSION);
    page.line("redis_git_sha1", "00000000");
    page.line("redis_git_dirty", 0);
    page.line("redis_build_id", build_id());
    page.line("redis_mode", if engine.cluster.is_some() { "cluster" } else { "standalone" });
    page.line("os", system());
    page.line("arch_bits", usize::BITS);
    page.line("monotonic_clock", "POSIX clock_gettime");
    page.line("multiplexing_api", "epoll");
    page.line("process_id", std::process::id());
    page.line("process_supervised", "no");
    page.line("run_id", &engine.stats.run_id);
    page.line("tcp_port", engine.listening.iter().find_map(Endpoint::plain_port).unwrap_or(config.port));
    page.line("server_time_usec", now_us);
    page.line("uptime_in_seconds", uptime_s);
    page.line("uptime_in_days", uptime_s / 86_400);
    page.line("hz", config.hz);
    page.line("configured_hz", config.hz);
    page.line("lru_clock", (now_us / 1_000_000) & 0xff_ffff);
    page.line("executable", std::env::args().next().unwrap_or_default());
    page.line("config_file", engine.config_file.as_deref().map_or_else(String::new, |f| f.display().to_string()));
    page.line("io_threads_active", u8::from(config.io_threads > 1));
    for (i, endpoint) in engine.listening.iter().enumerate() {
        let text = match endpoint {
            Endpoint::Tcp(addr) => format!("name=tcp,bind={},port={}", addr.ip(), addr.port()),
            Endpoint::Tls(addr) => format!("name=tls,bind={},port={}", addr.ip(), addr.port()),
            Endpoint::Unix(path) => format!("name=unix,bind={}", path.display()),
        };
        page.line(&format!("listener{i}"), text);
    }
}

/// Sixteen hex digits that differ between versions.
fn build_id() -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(OWN_VERSION.as_bytes()))
}

fn system() -> String {
    let uname = rustix::system::uname();
    let part = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    format!("{} {} {}", part(uname.sysname()), part(uname.release()), part(uname.machine()))
}
