//! What others on the machine may open: the data folder, the socket file, files that are written again. From the first
//! moment on, not only afterwards.

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::symlink_metadata(path).ok()?.permissions().mode() & 0o777)
}

/// A folder that everybody may look into.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

#[cfg(feature = "rocksdb")]
#[test]
fn a_data_folder_is_its_owners_from_the_first_moment() {
    let folder = open_folder();
    let (data, ready) = (folder.path().join("data"), folder.path().join("ready"));
    let flags = ["--port", "0", "--bind", "127.0.0.1", "--appendfsync", "always", "--dir", data.to_str().unwrap()];
    let server = Careless::start(folder.path(), &flags);
    let mut looks = 0;
    until("the ready file", || {
        assert!(mode(&data).is_none_or(|mode| mode == 0o700), "the folder has mode {:o}", mode(&data).unwrap());
        journal_is_closed(&data);
        looks += 1;
        looks > 200 && ready.exists()
    });
    let mut c = server.connect();
    for i in 0..200 {
        call(&mut c, &["SET", &format!("k{i}"), &"x".repeat(100_000)]);
        journal_is_closed(&data);
    }
    call(&mut c, &["AUTH", "wrong password"]);
    c.send(&["SAVE"]).unwrap();
    c.read(Duration::from_secs(60)).unwrap();
    journal_is_closed(&data);
    assert!(std::fs::read_dir(data.join("journal")).unwrap().count() > 0);
    for name in ["FORMAT", "watermark", "LOCK"] {
        assert_eq!(mode(&data.join(name)), Some(0o600), "{name}");
    }
    drop(server);
}

#[cfg(feature = "rocksdb")]
fn journal_is_closed(data: &Path) {
    let Ok(files) = std::fs::read_dir(data.join("journal")) else { return };
    for file in files.flatten() {
        let mode = mode(&file.path());
        assert!(mode.is_none_or(|mode| mode == 0o600), "{}: {:o}", file.path().display(), mode.unwrap());
    }
}

/// Tries to come through these socket files again and again, as somebody who is neither root nor the owner.
fn intruder(sockets: &[PathBuf], enough: &AtomicBool, tries: &AtomicUsize) -> Option<String> {
    use rustix::process::Uid;
    let nobody = Uid::from_raw(65534);
    if let Err(why) = rustix::thread::set_thread_res_uid(nobody, nobody, nobody) {
        return Some(format!("this thread may not become another user: {why}"));
    }
    while !enough.load(Ordering::Acquire) {
        for socket in sockets {
            assert!(UnixStream::connect(socket).is_err(), "a stranger came in");
        }
        tries.fetch_add(1, Ordering::Relaxed);
    }
    None
}

/// Ends the intruder, also when the test fails.
struct Enough<'a>(&'a AtomicBool);

impl Drop for Enough<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What makes the moment before a chmod long, and lets the umask be as careless as it is; nothing where there is no strace.
fn slow_chmod() -> &'static [&'static str] {
    let all = "?umask,?chmod,?fchmodat,?fchmodat2";
    let (kept, delay) = ("inject=?umask:retval=18", "inject=?chmod,?fchmodat,?fchmodat2:delay_enter=30000");
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!("NOT RUN: a slow chmod of the socket file: there is no strace");
        return &[];
    }
    Box::leak(Box::new(["strace", "-f", "-qq", "-o", "/dev/null", "-e", all, "-e", kept, "-e", delay]))
}

#[test]
fn nobody_else_comes_through_a_socket_file_not_even_in_the_first_moment() {
    let folder = open_folder();
    let (enough, tries, slow) = (AtomicBool::new(false), AtomicUsize::new(0), slow_chmod());
    let starters: [&[&str]; 8] = [slow, slow, slow, &[], &[], &[], &[], &[]];
    // Each has a file of its own: a server that is still ending takes its file away.
    let sockets: Vec<PathBuf> = (0..starters.len()).map(|i| folder.path().join(format!("s{i}"))).collect();
    let not_run = std::thread::scope(|scope| {
        let ends = Enough(&enough);
        let intruder = scope.spawn(|| intruder(&sockets, &enough, &tries));
        for (socket, starter) in sockets.iter().zip(starters) {
            let flags = ["--memory", "--port", "0", "--exit-with-parent", "--unixsocket", socket.to_str().unwrap()];
            let server = Careless::start_by(folder.path(), starter, &flags);
            until("the socket", || UnixStream::connect(socket).is_ok() || intruder.is_finished());
            let before = tries.load(Ordering::Relaxed);
            until("some tries", || tries.load(Ordering::Relaxed) > before + 20 || intruder.is_finished());
            if !intruder.is_finished() {
                assert_eq!(mode(socket), Some(0o700));
            }
            drop(server);
        }
        drop(ends);
        intruder.join().expect("no stranger comes in")
    });
    if let Some(why) = not_run {
        println!("NOT RUN: a stranger at the socket file: {why}");
    }
}

#[test]
fn files_of_users_and_options_stay_as_closed_as_they_were() {
    let folder = open_folder();
    let (config, users, ready) =
        (folder.path().join("c.conf"), folder.path().join("users"), folder.path().join("ready"));
    std::fs::write(&config, "hz 10\n").unwrap();
    std::fs::write(&users, "user default on nopass ~* &* +@all\n").unwrap();
    for file in [&config, &users] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let flags = [config.to_str().unwrap(), "--memory", "--port", "0", "--aclfile", users.to_str().unwrap()];
    let server = Careless::start(folder.path(), &flags);
    let mut c = server.connect();
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ends = Enough(&enough);
        let looking = scope.spawn(|| {
            while !enough.load(Ordering::Acquire) {
                for file in std::fs::read_dir(folder.path()).unwrap().flatten().map(|file| file.path()) {
                    let closed = file == ready || mode(&file).is_none_or(|mode| mode == 0o600);
                    assert!(closed, "{}: {:?}", file.display(), mode(&file));
                }
            }
        });
        for i in 0..30 {
            assert_eq!(call(&mut c, &["ACL", "SETUSER", &format!("u{i}"), "on", ">p"]), ok());
            assert_eq!(call(&mut c, &["CONFIG", "SET", "hz", &(10 + i).to_string()]), ok());
            assert_eq!(call(&mut c, &["ACL", "SAVE"]), ok());
            assert_eq!(call(&mut c, &["CONFIG", "REWRITE"]), ok());
        }
        drop(ends);
        looking.join().expect("files that others may read");
    });
}
