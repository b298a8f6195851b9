//! TLS: whom to trust, and who we are. Everything is read at the start, so that a wrong file is found out then.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that a file of certificates may have.
const MAX_BYTES: u64 = 4 << 20;

/// Files that are read of a folder of certificates.
const MAX_FILES: usize = 4096;

/// The file that Debian and most others keep the certificates of all authorities in.
pub const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that an authority in this PEM file signed.
    File(PathBuf),
    /// Those that an authority in one of the PEM files of this folder signed.
    Folder(PathBuf),
    /// Any: whoever can get between us and the server can read and change everything.
    Anybody,
}

/// Certificate chain and private key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Our certificate, then those up to the authority.
    pub certificate: PathBuf,
    /// Its key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
}

/// Reads what is needed to speak TLS as a client, versions 1.2 and 1.3.
///
/// # Errors
/// A sentence that names the file and what is wrong with it.
pub fn client(trust: &Trust, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match trust {
        Trust::File(path) => builder.with_root_certificates(roots(std::slice::from_ref(path))?),
        Trust::Folder(path) => builder.with_root_certificates(roots(&files(path)?)?),
        Trust::Anybody => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody { provider: Arc::clone(&provider) }))
        }
    };
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let chain = certificates(certificate)?;
            let private = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|error| format!("{}: there is no private key in it: {error}", key.display()))?;
            builder.with_client_auth_cert(chain, private).map_err(|error| {
                format!("{} and {} do not go together: {error}", certificate.display(), key.display())
            })?
        }
    };
    Ok(Arc::new(config))
}

/// The name that the server's certificate must have.
///
/// # Errors
/// A sentence that says why it cannot be such a name.
pub fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name that a certificate can have"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{}: longer than {MAX_BYTES} bytes", path.display()));
    }
    Ok(bytes)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if found.is_empty() {
        return Err(format!("{}: there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)", path.display()));
    }
    Ok(found)
}

/// The files of a folder that hold certificates by their names: `.pem`, `.crt`, or `.0` and so on (c_rehash).
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    // The one file that holds them all saves reading hundreds.
    if Path::new(SYSTEM_CERTIFICATES).parent() == Some(folder) && Path::new(SYSTEM_CERTIFICATES).exists() {
        return Ok(vec![PathBuf::from(SYSTEM_CERTIFICATES)]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)?.take(MAX_FILES) {
        let path = entry.map_err(wrong)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let holds = matches!(extension, "pem" | "crt") || extension.bytes().all(|b| b.is_ascii_digit());
        if holds && !extension.is_empty() && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(format!("{}: there is no file of certificates in it (.pem, .crt)", folder.display()));
    }
    found.sort();
    Ok(found)
}

fn roots(paths: &[PathBuf]) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for path in paths {
        store.add_parsable_certificates(certificates(path)?);
    }
    if store.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("{}: no certificate of an authority that can be used", names.join(", ")));
    }
    Ok(store)
}

/// Believes every certificate, but only whoever has its key.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
