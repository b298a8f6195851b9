//! Clients that must show a certificate: the right one is answered, none and a foreign one are not.

use super::{exec, post, serve, webhook};
use kestrel::config::AuditConfig;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// An authority, and its certificate as PEM.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// Certificate and key, as PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    fn vouch(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// A client that trusts this authority, and shows who it is if it has something to show.
fn client(authority: &str, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
    })
}

/// What is answered to an event; `None` if nothing is, because the connection ended.
fn bring(address: SocketAddr, client: &Arc<ClientConfig>, pod: &'static str) -> Option<u16> {
    let connection = ClientConnection::new(Arc::clone(client), ServerName::try_from("localhost").unwrap()).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let posted =
        std::panic::AssertUnwindSafe(|| post(&mut stream, "application/json", exec(pod).to_string().as_bytes()));
    std::panic::catch_unwind(posted).ok()
}

/// A webhook that demands certificates of this authority's.
fn demanding(folder: &Path, server: &Identity, clients: &Authority) -> AuditConfig {
    let (certificate, authority) = (folder.join("kestrel.pem"), folder.join("clients.pem"));
    std::fs::write(&certificate, format!("{}{}", server.certificate, server.key)).unwrap();
    std::fs::write(&authority, &clients.pem).unwrap();
    AuditConfig { ssl_enabled: true, ssl_certificate: certificate, ssl_client_ca: authority, ..webhook() }
}

#[test]
fn only_who_shows_the_certificate_that_is_demanded_brings_events() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, foreign) = (Authority::new("cluster"), Authority::new("somebody else"));
    let server = ours.vouch("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let config = demanding(folder.path(), &server, &ours);
    let (alerts, stats) = serve(&config, move |address| {
        let right = ours.vouch("apiserver", ExtendedKeyUsagePurpose::ClientAuth);
        let of_others = foreign.vouch("apiserver", ExtendedKeyUsagePurpose::ClientAuth);
        // Of the right authority, but for something else.
        let of_a_server = ours.vouch("apiserver", ExtendedKeyUsagePurpose::ServerAuth);
        assert_eq!(bring(address, &client(&ours.pem, Some(&right)), "right"), Some(200));
        for (identity, pod) in [(None, "none"), (Some(&of_others), "foreign"), (Some(&of_a_server), "server")] {
            assert_eq!(bring(address, &client(&ours.pem, identity), pod), None, "{pod}");
        }
        // Plain, and the right one once more: it was not disturbed by all that.
        let mut plain = TcpStream::connect(address).unwrap();
        let mut posted = || post(&mut plain, "application/json", exec("plain").to_string().as_bytes());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut posted)).is_err());
        assert_eq!(bring(address, &client(&ours.pem, Some(&right)), "again"), Some(200));
    });
    let pods: Vec<&str> = alerts.iter().filter_map(|text| text.split("pod=").nth(1)?.split(' ').next()).collect();
    assert_eq!(pods, ["right", "again"]);
    assert_eq!((stats.events, stats.refused), (2, 0));
}
