//! TLS from outside: who is let in, large replies, clients that are killed or never shake hands, certificates that change
//! while clients are connected. Certificates are made with openssl.

use super::target;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A folder of keys and certificates, `NAME.key` and `NAME.pem`.
struct Office(tempfile::TempDir);

impl Office {
    /// With an authority `ca`, and a certificate `server` signed by it.
    fn new() -> Office {
        let office = Office(tempfile::tempdir().unwrap());
        office.authority("ca");
        office.sign("server", "ca");
        office
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn flag(&self, file: &str) -> String {
        self.path(file).to_str().unwrap().to_owned()
    }

    fn authority(&self, name: &str) {
        self.openssl(name, &["-addext", "basicConstraints=critical,CA:TRUE"]);
    }

    fn sign(&self, name: &str, authority: &str) {
        let (pem, key) = (self.flag(&format!("{authority}.pem")), self.flag(&format!("{authority}.key")));
        self.openssl(
            name,
            &[
                "-CA",
                &pem,
                "-CAkey",
                &key,
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-addext",
                "basicConstraints=CA:FALSE",
            ],
        );
    }

    fn openssl(&self, name: &str, more: &[&str]) {
        let (pem, key) = (self.flag(&format!("{name}.pem")), self.flag(&format!("{name}.key")));
        let mut command = Command::new("openssl");
        command.args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ]);
        command.args(["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &pem]).args(more);
        let output = command.output().expect("openssl (a Debian package of that name)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A client that trusts `ca`, and shows this certificate if there is a name.
    fn client(&self, shows: Option<&str>, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        Arc::new(match shows {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let chain = vec![CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()];
                let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        })
    }
}

struct Broker {
    child: Child,
    address: SocketAddr,
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A broker that speaks TLS on a port that was free a moment ago, with the certificate `server`.
fn start(office: &Office, flags: &[&str]) -> Broker {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ready = office.path("ready");
    let _ = std::fs::remove_file(&ready);
    let mut command = Command::new(target().program());
    command.args(["--memory", "--port", "0", "--bind", "127.0.0.1", "--tls-port", &port.to_string()]);
    command.args(["--tls-cert-file", &office.flag("server.pem"), "--tls-key-file", &office.flag("server.key")]);
    command.args(flags).arg("--ready-file").arg(&ready);
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    super::until("the ready file", || ready.exists());
    let address = std::fs::read_to_string(&ready).unwrap().trim().parse().unwrap();
    Broker { child, address }
}

fn connect(broker: &Broker, config: &Arc<ClientConfig>) -> Tls {
    let stream = TcpStream::connect(broker.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let name = ServerName::IpAddress(broker.address.ip().into());
    StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream)
}

/// Sends `request` and reads as many bytes as `expected` has.
fn ask(tls: &mut Tls, request: &str, expected: &str) -> io::Result<()> {
    tls.write_all(request.as_bytes())?;
    let mut reply = vec![0; expected.len()];
    tls.read_exact(&mut reply)?;
    assert_eq!(String::from_utf8_lossy(&reply), expected, "{request}");
    Ok(())
}

fn ping(broker: &Broker, config: &Arc<ClientConfig>) -> io::Result<()> {
    ask(&mut connect(broker, config), "PING\r\n", "+PONG\r\n")
}

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

#[test]
fn both_versions_are_spoken_and_the_operator_may_leave_one_out() {
    let office = Office::new();
    let (old, new) = (office.client(None, &BOTH[..1]), office.client(None, &BOTH[1..]));
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    ping(&broker, &old).unwrap();
    ping(&broker, &new).unwrap();
    drop(broker);
    let broker = start(&office, &["--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3"]);
    ping(&broker, &old).unwrap_err();
    ping(&broker, &new).unwrap();
}

#[test]
fn megabytes_go_both_ways_and_late_readers_get_all() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    let mut c = connect(&broker, &office.client(None, BOTH));
    let value: String = (0..3_000_000).map(|i| char::from(b'a' + (i / 7 % 26) as u8)).collect();
    ask(&mut c, &format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n{value}\r\n", value.len()), "+OK\r\n").unwrap();
    // Forty replies of 3 MB wait for a client that does not read at first.
    c.write_all("GET k\r\n".repeat(40).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..40 {
        ask(&mut c, "", &format!("${}\r\n{value}\r\n", value.len())).unwrap();
    }
    let pings = 20_000;
    let mut writer = "PING\r\n".repeat(pings);
    writer.push_str("QUIT\r\n");
    ask(&mut c, &writer, &("+PONG\r\n".repeat(pings) + "+OK\r\n")).unwrap();
    assert_eq!(c.read(&mut [0; 1]).unwrap(), 0, "an orderly end, with TLS's own farewell");
}

#[test]
fn messages_arrive_without_being_asked_for() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    let config = office.client(None, BOTH);
    let (mut listener, mut speaker) = (connect(&broker, &config), connect(&broker, &config));
    ask(&mut listener, "SUBSCRIBE c\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n").unwrap();
    ask(&mut speaker, "PUBLISH c hello\r\n", ":1\r\n").unwrap();
    ask(&mut listener, "", "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n").unwrap();
}

#[test]
fn clients_can_be_asked_for_certificates() {
    let office = Office::new();
    office.sign("alice", "ca");
    office.authority("stranger");
    let (nobody, alice, stranger) =
        (office.client(None, BOTH), office.client(Some("alice"), BOTH), office.client(Some("stranger"), BOTH));
    let authority = office.flag("ca.pem");
    let strict = start(&office, &["--tls-ca-cert-file", &authority]);
    ping(&strict, &alice).unwrap();
    ping(&strict, &nobody).unwrap_err();
    ping(&strict, &stranger).unwrap_err();
    drop(strict);
    let lenient = start(&office, &["--tls-ca-cert-file", &authority, "--tls-auth-clients", "optional"]);
    ping(&lenient, &alice).unwrap();
    ping(&lenient, &nobody).unwrap();
    ping(&lenient, &stranger).unwrap_err();
}

#[test]
fn whoever_does_not_shake_hands_is_closed_in_seconds() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    // Plain text is no handshake: it is told so in TLS's own way, and never executed.
    let mut plain = TcpStream::connect(broker.address).unwrap();
    plain.write_all(b"PING\r\nPING\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.windows(4).any(|part| part == b"PONG"), "{said:?}");
    let began = Instant::now();
    let mut silent = TcpStream::connect(broker.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(silent.read(&mut [0; 10]).unwrap(), 0);
    assert!((4..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    ping(&broker, &office.client(None, BOTH)).unwrap();
}

#[test]
fn a_client_can_kill_another_and_itself_in_the_middle_of_a_pipeline() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    let config = office.client(None, BOTH);
    let (mut victim, mut killer) = (connect(&broker, &config), connect(&broker, &config));
    ask(&mut victim, "CLIENT ID\r\n", ":1\r\n").unwrap();
    victim.write_all(b"BLPOP nothing 0\r\n").unwrap();
    ask(&mut killer, "CLIENT KILL ID 1\r\n", ":1\r\n").unwrap();
    assert_eq!(victim.read(&mut [0; 10]).unwrap_or(0), 0, "killed while it waited");
    ask(&mut killer, "CLIENT KILL ID 2 SKIPME no\r\nPING\r\n", ":1\r\n").unwrap();
    assert_eq!(killer.read(&mut [0; 10]).unwrap_or(0), 0, "nothing after its own end");
    ping(&broker, &config).unwrap();
}

#[test]
fn who_waits_is_asked_again_and_ends_with_its_user() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    let config = office.client(None, BOTH);
    let (mut bob, mut admin) = (connect(&broker, &config), connect(&broker, &config));
    ask(&mut admin, "ACL SETUSER bob on nopass ~k* +@all\r\n", "+OK\r\n").unwrap();
    ask(&mut bob, "AUTH bob x\r\n", "+OK\r\n").unwrap();
    bob.write_all(b"BLPOP k 0\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    ask(&mut admin, "ACL SETUSER bob resetkeys\r\n", "+OK\r\n").unwrap();
    ask(&mut admin, "RPUSH k v\r\n", ":1\r\n").unwrap();
    ask(&mut bob, "", "-NOPERM ").unwrap();
    bob.write_all(b"BLPOP other 0\r\n").unwrap();
    ask(&mut admin, "ACL DELUSER bob\r\n", ":1\r\n").unwrap();
    let (mut rest, began) = (Vec::new(), Instant::now());
    let _ = bob.read_to_end(&mut rest);
    assert!(began.elapsed() < Duration::from_secs(15), "its connection is still there");
    assert!(!rest.contains(&b'$'), "{}", String::from_utf8_lossy(&rest));
    ask(&mut admin, "LLEN k\r\n", ":1\r\n").unwrap();
}

/// The certificate that the server shows now.
fn shown(broker: &Broker, config: &Arc<ClientConfig>) -> Vec<u8> {
    let mut tls = connect(broker, config);
    ask(&mut tls, "PING\r\n", "+PONG\r\n").unwrap();
    tls.conn.peer_certificates().unwrap()[0].to_vec()
}

fn replace(office: &Office, with: &str, file: &str) {
    // Renamed, not written: as tools that renew certificates do it, and never half there.
    std::fs::copy(office.path(with), office.path("new")).unwrap();
    std::fs::rename(office.path("new"), office.path(file)).unwrap();
}

fn is_file(certificate: &[u8], path: &Path) -> bool {
    certificate == &*CertificateDer::from_pem_file(path).unwrap()
}

#[test]
fn new_certificates_count_without_a_restart_and_wrong_ones_do_not() {
    let office = Office::new();
    let broker = start(&office, &["--tls-auth-clients", "no"]);
    let config = office.client(None, BOTH);
    let mut old = connect(&broker, &config);
    ask(&mut old, "PING\r\n", "+PONG\r\n").unwrap();
    let first = shown(&broker, &config);
    assert!(is_file(&first, &office.path("server.pem")));

    office.sign("second", "ca");
    replace(&office, "second.pem", "server.pem");
    assert_eq!(shown(&broker, &config), first, "the new certificate without its key is not used");
    replace(&office, "second.key", "server.key");
    assert!(is_file(&shown(&broker, &config), &office.path("second.pem")));
    ask(&mut old, "PING\r\n", "+PONG\r\n").expect("whoever is connected stays connected");

    office.sign("third", "ca");
    let set = |certificate: &str, key: &str| {
        format!("CONFIG SET tls-cert-file {} tls-key-file {}\r\n", office.flag(certificate), office.flag(key))
    };
    let refusal =
        "-ERR CONFIG SET failed (possibly related to argument 'tls-cert-file') - Unable to update TLS configuration: ";
    ask(&mut old, &set("third.pem", "server.key"), refusal).unwrap();
    drop(old);
    let mut admin = connect(&broker, &config);
    ask(&mut admin, &set("third.pem", "third.key"), "+OK\r\n").unwrap();
    assert!(is_file(&shown(&broker, &config), &office.path("third.pem")));
    let status = Command::new("kill").args(["-HUP", &broker.child.id().to_string()]).status().unwrap();
    assert!(status.success());
    ask(&mut admin, "PING\r\n", "+PONG\r\n").expect("SIGHUP ends nothing");
}

#[test]
fn starting_without_what_tls_needs_says_what_is_missing() {
    let office = Office::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let said = |flags: &[&str]| {
        let mut command = Command::new(target().program());
        let output = command.args(["--memory", "--port", "0", "--tls-port", &port]).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let (cert, key) = (office.flag("server.pem"), office.flag("server.key"));
    assert!(said(&["--tls-auth-clients", "no"]).contains("TLS needs tls-key-file"));
    assert!(said(&["--tls-auth-clients", "no", "--tls-key-file", &key]).contains("TLS needs tls-cert-file"));
    assert!(said(&["--tls-key-file", &key, "--tls-cert-file", &cert]).contains("tls-ca-cert-file"));
    assert!(
        said(&["--tls-auth-clients", "no", "--tls-key-file", &cert, "--tls-cert-file", &cert]).contains("tls-key-file")
    );
    std::fs::remove_file(office.path("server.key")).unwrap();
    office.authority("other");
    let wrong =
        said(&["--tls-auth-clients", "no", "--tls-key-file", &office.flag("other.key"), "--tls-cert-file", &cert]);
    assert!(wrong.contains("tls-cert-file"), "a key of another certificate: {wrong}");
}
