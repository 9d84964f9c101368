//! The same manager over TLS, against a Brooklet that was built with it. Certificates are made with openssl.

#[cfg(not(feature = "tls"))]
#[test]
fn over_tls() {
    println!("NOT RUN: TLS, because the client was built without the feature `tls`");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn over_tls() {
    use crate::kit::{MS, quick, soon, started, until};
    use crate::stage::{ask, brooklet};
    use brooklet_client::{Client, Error};
    use std::process::Command;

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let openssl = |name: &str, more: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.args(["-days", "2", "-subj", &format!("/CN={name}"), "-keyout", &path(&format!("{name}.key"))]);
        let output = command.args(["-out", &path(&format!("{name}.pem"))]).args(more).output().expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("ca", &["-addext", "basicConstraints=critical,CA:TRUE"]);
    for name in ["server", "client"] {
        let signed = ["-CA", &path("ca.pem"), "-CAkey", &path("ca.key"), "-addext", "subjectAltName=IP:127.0.0.1"];
        openssl(name, &[&signed[..], &["-addext", "basicConstraints=CA:FALSE"]].concat());
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let words = [
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &path("server.pem"),
        "--tls-key-file",
        &path("server.key"),
        "--tls-ca-cert-file",
        &path("ca.pem"),
    ];
    let own = ["--memory", "--port", "0", "--bind", "127.0.0.1", "--exit-with-parent", "--ready-file", &path("ready")];
    let output = std::fs::File::create(path("output")).unwrap();
    let mut command = Command::new(brooklet().program());
    command.args(own).args(words).env_remove("BROOKLET_UNDER_TEST").stdout(output.try_clone().unwrap()).stderr(output);
    let mut server = Process(command.spawn().unwrap());
    // Not `Server`, which looks whether it answers without TLS.
    until("it is ready or has ended", async || {
        std::fs::exists(path("ready")).unwrap() || server.0.try_wait().unwrap().is_some()
    })
    .await;
    let said = std::fs::read_to_string(path("output")).unwrap();
    if said.contains("feature `tls`") {
        return println!("NOT RUN: TLS, because the server was built without it");
    }
    assert!(server.0.try_wait().unwrap().is_none(), "{said}");
    let url = format!("rediss://127.0.0.1:{port}");
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    let known = || Client::builder().root_certificate(read("ca.pem")).response_timeout(1000 * MS);
    let client = known().client_certificate(read("client.pem"), read("client.key")).url(&url).unwrap();
    assert_eq!(ask::<String>(&client, &["PING"]).await, "PONG");
    let leader = started(client, quick());
    assert!(soon("elected", leader.elected()).await.is_held());
    assert!(leader.stop(1000 * MS).await.released);
    // Without a certificate of its own, and by whoever does not know the server's.
    for stranger in [known().url(&url).unwrap(), Client::builder().response_timeout(1000 * MS).url(&url).unwrap()] {
        let error = stranger.run_id().await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. } | Error::Disconnected(_)), "{error}");
    }
}

/// Ended with the test.
#[cfg(feature = "tls")]
struct Process(std::process::Child);

#[cfg(feature = "tls")]
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
