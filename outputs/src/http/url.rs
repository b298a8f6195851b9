//! Where alerts are posted to: `http://host[:port][/path][?query]`, or `https://`.

use crate::net::address::Address;
use std::str::FromStr;

/// Bytes of a URL.
const MAX_BYTES: usize = 2048;

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Host and port.
    pub address: Address,
    /// Host, and port if it was given, as in the header `Host`.
    pub authority: String,
    /// Path and query, as in the request line.
    pub target: String,
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Url, String> {
        if text.len() > MAX_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("a URL is visible ASCII, at most {MAX_BYTES} bytes: write other characters as %XX"));
        }
        let (tls, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(format!("{text:?} begins neither with http:// nor with https://")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("a user and password in the URL are not sent: use mtls to be known to the server".to_owned());
        }
        let with_port = match authority.rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => authority.to_owned(),
            _ => format!("{authority}:{}", if tls { 443 } else { 80 }),
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Url {
            tls,
            address: with_port.parse()?,
            authority: authority.to_owned(),
            target: format!("{slash}{target}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |text: &str| {
            let url: Url = text.parse().unwrap();
            format!("{} {} {} {}", url.tls, url.address, url.authority, url.target)
        };
        assert_eq!(parts("http://sidekick:2801"), "false sidekick:2801 sidekick:2801 /");
        assert_eq!(parts("https://a.example/x/y?z=1#part"), "true a.example:443 a.example /x/y?z=1");
        assert_eq!(parts("http://[2001:db8::1]?q"), "false [2001:db8::1]:80 [2001:db8::1] /?q");
        assert_eq!(parts("http://192.0.2.1/"), "false 192.0.2.1:80 192.0.2.1 /");
    }

    #[test]
    fn what_is_no_url_for_us_is_refused() {
        for bad in
            ["", "ftp://x", "http://", "http://:80", "http://a b/", "http://u:p@host/", "http://x/\r\ny", "http://é/"]
        {
            assert!(bad.parse::<Url>().is_err(), "{bad}");
        }
    }
}
