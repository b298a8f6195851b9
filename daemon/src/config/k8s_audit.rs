//! The section `k8s_audit`.

use super::WebConfig;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where events of the Kubernetes audit log come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditConfig {
    /// Whether the API server brings them, as a webhook.
    pub webhook_enabled: bool,
    /// The webhook's port; 0 for any that is free.
    pub listen_port: u16,
    /// The address that it listens on: this machine alone, if nothing else is said.
    pub listen_address: String,
    /// Path of the webhook.
    pub endpoint: String,
    /// Speak TLS.
    pub ssl_enabled: bool,
    /// PEM file of the certificate and its key.
    pub ssl_certificate: PathBuf,
    /// PEM file of the authorities whose clients may bring events; empty for everybody.
    pub ssl_client_ca: PathBuf,
    /// An audit log that is followed; empty for none.
    pub log_file: PathBuf,
}

impl Default for AuditConfig {
    fn default() -> Self {
        let web = WebConfig::default();
        AuditConfig {
            webhook_enabled: false,
            listen_port: 9765,
            listen_address: web.listen_address,
            endpoint: "/k8s-audit".to_owned(),
            ssl_enabled: false,
            ssl_certificate: web.ssl_certificate,
            ssl_client_ca: PathBuf::new(),
            log_file: PathBuf::new(),
        }
    }
}

impl AuditConfig {
    /// The server of the webhook.
    pub fn web(&self) -> WebConfig {
        WebConfig {
            enabled: self.webhook_enabled,
            listen_port: self.listen_port,
            listen_address: self.listen_address.clone(),
            ssl_enabled: self.ssl_enabled,
            ssl_certificate: self.ssl_certificate.clone(),
            ssl_client_ca: self.ssl_client_ca.clone(),
            ..WebConfig::default()
        }
    }

    /// What is wrong with the section, if it is used.
    pub fn problems(&self) -> Vec<String> {
        if !self.webhook_enabled {
            return Vec::new();
        }
        let mut problems: Vec<String> =
            self.web().address().err().map(|problem| problem.replace("webserver.", "k8s_audit.")).into_iter().collect();
        if !self.endpoint.starts_with('/') || !self.endpoint.bytes().all(|b| b.is_ascii_graphic()) {
            problems.push(format!("k8s_audit.endpoint: {:?} is no path: it begins with a slash", self.endpoint));
        }
        problems
    }
}
