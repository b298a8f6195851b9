//! Who we are: certificate and key, read at the start, so that a wrong file is found out then.

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes that the file may have.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a PEM file that holds a certificate, those up to its authority, and the key.
///
/// # Errors
/// A sentence that names the file and what is wrong with it.
pub fn server(path: &Path) -> Result<Arc<ServerConfig>, String> {
    let wrong = |what: String| format!("webserver.ssl_certificate: {}: {what}", path.display());
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| wrong(error.to_string()))?;
    let chain = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong("there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|error| wrong(format!("there is no private key in it: {error}")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| wrong(format!("certificate and key cannot be used: {error}")))?;
    Ok(Arc::new(config))
}
