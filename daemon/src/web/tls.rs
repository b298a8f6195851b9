//! Who we are: certificate and key, read at the start, so that a wrong file is found out then.

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Bytes that the file may have.
const MAX_BYTES: u64 = 1 << 20;

/// Who we are, and who clients must be. `path` names a PEM file that holds a certificate, those up to its authority, and the
/// key; `client_ca` one of authorities that must vouch for clients: if it is empty, nobody must.
///
/// # Errors
/// A sentence that names the file and what is wrong with it.
pub fn server(path: &Path, client_ca: &Path) -> Result<Arc<ServerConfig>, String> {
    let wrong = |what: String| format!("ssl_certificate: {}: {what}", path.display());
    let bytes = read(path).map_err(|error| wrong(error.to_string()))?;
    let chain = certificates(&bytes).map_err(wrong)?;
    let key = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|error| wrong(format!("there is no private key in it: {error}")))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    let builder = if client_ca.as_os_str().is_empty() {
        builder.with_no_client_auth()
    } else {
        builder.with_client_cert_verifier(authorities(client_ca, provider)?)
    };
    let config = builder
        .with_single_cert(chain, key)
        .map_err(|error| wrong(format!("certificate and key cannot be used: {error}")))?;
    Ok(Arc::new(config))
}

/// Verifies clients by the authorities of a file.
fn authorities(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let wrong = |what: String| format!("ssl_client_ca: {}: {what}", path.display());
    let bytes = read(path).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&bytes).map_err(wrong)? {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| wrong(error.to_string()))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found =
        CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(found)
}
