//! Certificates: from the options to what a server needs for TLS handshakes.
//!
//! Only TLS 1.2 and 1.3, with the suites that rustls offers. Must never know: sockets, the engine. Read next:
//! `server/encrypted.rs`.

use crate::config::{ClientCertificates, Config};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The options about TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    certificate: PathBuf,
    key: PathBuf,
    authority_file: PathBuf,
    authority_folder: PathBuf,
    clients: ClientCertificates,
    protocols: Vec<String>,
}

impl Wanted {
    /// What the options say.
    pub fn by(config: &Config) -> Wanted {
        Wanted {
            certificate: config.tls_cert_file.clone(),
            key: config.tls_key_file.clone(),
            authority_file: config.tls_ca_cert_file.clone(),
            authority_folder: config.tls_ca_cert_dir.clone(),
            clients: config.tls_auth_clients,
            protocols: config.tls_protocols.clone(),
        }
    }

    /// When each of its files was last changed: what has to be compared to find out whether they are new.
    fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let files = [&self.certificate, &self.key, &self.authority_file, &self.authority_folder];
        let stamp = |path: &PathBuf| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        files.map(stamp).into()
    }

    fn load(&self) -> Result<ServerConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(&self.protocols)?)
            .map_err(|why| format!("tls-protocols: {why}"))?;
        let builder = match self.verifier(provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_file(named("tls-key-file", &self.key)?)
            .map_err(|why| format!("tls-key-file {}: {why}", self.key.display()))?;
        let chain = certificates("tls-cert-file", &self.certificate)?;
        builder
            .with_single_cert(chain, key)
            .map_err(|why| format!("tls-cert-file {}: {why}", self.certificate.display()))
    }

    /// What looks at the certificates of clients, if anything does.
    fn verifier(
        &self,
        provider: Arc<rustls::crypto::CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        if self.clients == ClientCertificates::Ignored {
            return Ok(None);
        }
        let mut roots = RootCertStore::empty();
        for certificate in self.authorities()? {
            roots.add(certificate).map_err(|why| format!("tls-ca-cert-file: {why}"))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = match self.clients {
            ClientCertificates::Optional => builder.allow_unauthenticated(),
            _ => builder,
        };
        builder.build().map(Some).map_err(|why| format!("tls-ca-cert-file: {why}"))
    }

    /// The certificates whose bearers are trusted to vouch for clients.
    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let is_set = |path: &Path| !path.as_os_str().is_empty();
        let mut found = Vec::new();
        if is_set(&self.authority_file) {
            found.extend(certificates("tls-ca-cert-file", &self.authority_file)?);
        }
        if is_set(&self.authority_folder) {
            let failed = |why| format!("tls-ca-cert-dir {}: {why}", self.authority_folder.display());
            for entry in std::fs::read_dir(&self.authority_folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_file() {
                    found.extend(certificates("tls-ca-cert-dir", &path)?);
                }
            }
        }
        if found.is_empty() {
            return Err("clients have to show certificates (tls-auth-clients), so name those who may sign them with \
                        tls-ca-cert-file or tls-ca-cert-dir; or say tls-auth-clients no"
                .to_owned());
        }
        Ok(found)
    }
}

fn named<'a>(option: &str, path: &'a Path) -> Result<&'a Path, String> {
    if path.as_os_str().is_empty() { Err(format!("TLS needs {option}")) } else { Ok(path) }
}

fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = named(option, path)?;
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|why| format!("{option} {}: {why}", path.display()))?;
    if found.is_empty() {
        Err(format!("{option} {}: there is no certificate in it", path.display()))
    } else {
        Ok(found)
    }
}

fn versions(names: &[String]) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let spoken = [("TLSv1.2", &rustls::version::TLS12), ("TLSv1.3", &rustls::version::TLS13)];
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let chosen: Vec<_> = spoken.iter().filter(|(name, _)| wanted(name)).map(|(_, version)| *version).collect();
    if chosen.is_empty() { Err("tls-protocols: only TLSv1.2 and TLSv1.3 are spoken".to_owned()) } else { Ok(chosen) }
}

/// Who the server is to its clients, as its certificate files say.
pub struct Identity {
    wanted: Wanted,
    stamps: Vec<Option<(SystemTime, u64)>>,
    config: Arc<ServerConfig>,
}

impl Identity {
    /// Reads the files. The error is a sentence without an end, for an operator.
    pub fn load(wanted: Wanted) -> Result<Identity, String> {
        // Before the files are read: what changes in between is noticed later.
        let stamps = wanted.stamps();
        let config = Arc::new(wanted.load()?);
        Ok(Identity { wanted, stamps, config })
    }

    /// What a handshake needs. Files and options that have changed count from here on, without a signal or a restart; while
    /// they are wrong (a new certificate whose key is not there yet), what was there before does.
    pub fn current(&mut self, wanted: Wanted) -> Arc<ServerConfig> {
        let stamps = wanted.stamps();
        if wanted != self.wanted || stamps != self.stamps {
            match wanted.load() {
                Ok(config) => {
                    tracing::info!("TLS certificates were read again");
                    self.config = Arc::new(config);
                }
                Err(why) => tracing::warn!("TLS goes on with the certificates it had: {why}"),
            }
            (self.wanted, self.stamps) = (wanted, stamps);
        }
        Arc::clone(&self.config)
    }
}
