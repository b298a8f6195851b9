//! Alerts by HTTP, as Falco sends them: a POST for each, to falcosidekick or whatever takes them.
//!
//! | file | is about |
//! |---|---|
//! | `url.rs` | where to |
//! | `response.rs` | what the server answers |
//! | `sink.rs` | the sink |

mod response;
mod sink;
mod url;

use crate::OutputError;
use crate::config::HttpConfig;
use crate::net::address::Lookup;
use crate::net::connection::Tls;
use crate::net::tls::{self, Identity, Trust};
use crate::queue::Queue;
pub use sink::HttpSink;
use sink::Post;
use url::Url;

/// The sink that a configuration asks for.
///
/// # Errors
/// [`OutputError::Config`] if the configuration makes no sense, or a file of certificates cannot be used.
pub fn sink(config: &HttpConfig, queue: Queue) -> Result<HttpSink, OutputError> {
    let wrong = |text: String| OutputError::Config(format!("http_output: {text}"));
    if config.url.is_empty() {
        return Err(wrong("url is missing: where to, such as http://192.0.2.1:2801/".to_owned()));
    }
    let url: Url = config.url.parse().map_err(|text| wrong(format!("url: {text}")))?;
    if config.user_agent.is_empty() || !config.user_agent.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Err(wrong("user_agent: only visible ASCII can stand in a header, and at least some".to_owned()));
    }
    let tls = if url.tls {
        Some(tls_of(config, &url).map_err(wrong)?)
    } else {
        let bundle = !config.ca_cert.as_os_str().is_empty() || !config.ca_bundle.as_os_str().is_empty();
        if config.insecure || config.mtls || bundle {
            let why = "insecure, ca_cert, ca_bundle and mtls mean something only with a url that begins with https://";
            return Err(wrong(why.to_owned()));
        }
        None
    };
    let connection = if config.keep_alive { "keep-alive" } else { "close" };
    let encoding = if config.compress_uploads { "Content-Encoding: gzip\r\n" } else { "" };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nConnection: {connection}\r\n\
         {encoding}",
        url.target, url.authority, config.user_agent,
    );
    let post = Post { head, compress: config.compress_uploads, keep_alive: config.keep_alive, echo: config.echo };
    Ok(HttpSink::new(config.url.clone(), Lookup::new(url.address), tls, post, queue))
}

fn tls_of(config: &HttpConfig, url: &Url) -> Result<Tls, String> {
    // The same order as Falco's.
    let trust = if config.insecure {
        log::warn!("http_output: insecure: whoever can get between us and the server can read and change alerts");
        Trust::Anybody
    } else if !config.ca_cert.as_os_str().is_empty() {
        Trust::File(config.ca_cert.clone())
    } else if !config.ca_bundle.as_os_str().is_empty() {
        Trust::File(config.ca_bundle.clone())
    } else {
        Trust::Folder(config.ca_path.clone())
    };
    let identity =
        config.mtls.then(|| Identity { certificate: config.client_cert.clone(), key: config.client_key.clone() });
    Ok((tls::client(&trust, identity.as_ref())?, tls::server_name(&url.address.host)?))
}
