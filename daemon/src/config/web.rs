//! The section `webserver`.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// The web server: health, versions, metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Its port; 0 for any that is free.
    pub listen_port: u16,
    /// The address that it listens on: this machine alone, if nothing else is said.
    pub listen_address: String,
    /// Path of the answer that says whether Kestrel is well.
    pub k8s_healthz_endpoint: String,
    /// Answer `/metrics`, if `metrics.enabled` as well.
    pub prometheus_metrics_enabled: bool,
    /// Speak TLS.
    pub ssl_enabled: bool,
    /// PEM file of the certificate and its key.
    pub ssl_certificate: PathBuf,
    /// PEM file of the authorities whose clients are answered; empty for everybody.
    pub ssl_client_ca: PathBuf,
}

impl Default for WebConfig {
    fn default() -> Self {
        WebConfig {
            enabled: false,
            listen_port: 8765,
            listen_address: "127.0.0.1".to_owned(),
            k8s_healthz_endpoint: "/healthz".to_owned(),
            prometheus_metrics_enabled: false,
            ssl_enabled: false,
            ssl_certificate: PathBuf::from("/etc/kestrel/kestrel.pem"),
            ssl_client_ca: PathBuf::new(),
        }
    }
}

impl WebConfig {
    /// The address that it listens on.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn address(&self) -> Result<IpAddr, String> {
        let text = self.listen_address.trim_start_matches('[').trim_end_matches(']');
        text.parse().map_err(|_| {
            format!(
                "webserver.listen_address: {:?} is no address: 127.0.0.1 is for this machine alone, 0.0.0.0 and :: for all",
                self.listen_address
            )
        })
    }

    /// What is wrong with the section, if it is used.
    pub fn problems(&self) -> Vec<String> {
        if !self.enabled {
            return Vec::new();
        }
        let mut problems: Vec<String> = self.address().err().into_iter().collect();
        let health = &self.k8s_healthz_endpoint;
        if !health.starts_with('/') || !health.bytes().all(|b| b.is_ascii_graphic()) {
            problems.push(format!("webserver.k8s_healthz_endpoint: {health:?} is no path: it begins with a slash"));
        }
        problems
    }
}
