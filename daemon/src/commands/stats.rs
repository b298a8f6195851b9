//! `kestrel stats`: the figures of the kestrel that runs, from its web server.

use super::{Failure, print};
use crate::cli::StatsArgs;
use crate::config::Config;
use crate::metrics::{REJECTED, SEEN};
use crate::sources::Shares;
use kestrel_core::schema;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that the answer may have.
const MAX_BYTES: u64 = 16 << 20;

/// Prints the figures that are not 0, or all of them as they come.
///
/// # Errors
/// [`Failure`] if there is no server, or it has none.
pub fn run(args: &StatsArgs, config: &Config) -> Result<(), Failure> {
    let address = match args.address {
        Some(address) => address,
        None => configured(config)?,
    };
    let text = fetch(address).map_err(|error| {
        let hint = "webserver.enabled, webserver.prometheus_metrics_enabled and metrics.enabled must be true";
        Failure::Stream(format!("{address}: {error} ({hint})"))
    })?;
    if args.raw {
        return print(format_args!("{}", text.trim_end()));
    }
    for (name, value) in figures(&text) {
        print(format_args!("{value:>20}  {name}"))?;
    }
    Ok(())
}

/// What became of each event in the kestrel that runs by this configuration; `None` if it has no server that would tell, or none
/// runs, which the log says.
pub fn shares(config: &Config) -> Option<Shares> {
    if !config.webserver.enabled || !config.webserver.prometheus_metrics_enabled || !config.metrics.enabled {
        return None;
    }
    let address = configured(config).ok()?;
    match fetch(address) {
        Ok(text) => Some(shares_of(&text)),
        Err(error) => {
            log::warn!("{address}: what the kestrel that runs has rejected cannot be had: {error}");
            None
        }
    }
}

/// The figures by event in a page of figures. What this version does not know is left out.
fn shares_of(text: &str) -> Shares {
    let mut shares = Shares::default();
    for (name, value) in figures(text) {
        let Some((family, labels)) = name.split_once('{') else { continue };
        let event = labels.strip_prefix("event=\"").and_then(|rest| rest.split_once('"')).map(|(event, _)| event);
        let (Some(event), Ok(value)) = (event.and_then(schema::by_name), value.parse()) else { continue };
        match family {
            SEEN => shares.count(event, value, 0),
            REJECTED => shares.count(event, 0, value),
            _ => {}
        }
    }
    shares
}

/// Where the server of this configuration is reached from this machine.
fn configured(config: &Config) -> Result<SocketAddr, Failure> {
    if config.webserver.ssl_enabled {
        return Err(Failure::Usage("kestrel stats does not speak TLS: webserver.ssl_enabled must be false".to_owned()));
    }
    let ip = match config.webserver.address().map_err(Failure::Usage)? {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, config.webserver.listen_port))
}

fn fetch(address: SocketAddr) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(told)?;
    stream.write_all(format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).map_err(told)?;
    let mut answer = String::new();
    stream.take(MAX_BYTES).read_to_string(&mut answer).map_err(told)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    match head.lines().next().and_then(|line| line.split(' ').nth(1)) {
        Some("200") => Ok(body.to_owned()),
        Some(status) => Err(format!("the server answers {status}")),
        None => Err("the answer is no HTTP".to_owned()),
    }
}

/// Names and values of the figures that say something.
fn figures(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(name, value)| *value != "0" && !name.contains("_info{"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Share;

    #[test]
    fn what_is_0_and_what_is_no_figure_is_left_out() {
        let text = "# HELP a b\n# TYPE a counter\na_total 0\nb_total{x=\"y z\"} 5\nc_info{v=\"1\"} 1\nd 1.5\n";
        assert_eq!(figures(text), [("b_total{x=\"y z\"}", "5"), ("d", "1.5")]);
    }

    #[test]
    fn what_became_of_each_event_is_read_back() {
        let text = "kestrel_kernel_event_seen_total{event=\"openat\"} 70\nkestrel_kernel_event_seen_total{event=\"opennat\"} 1\n\
                    kestrel_kernel_event_rejected_total{event=\"openat\"} 69\nkestrel_records_total{event=\"close\"} 5\n";
        let openat = Share { seen: 70, rejected: 69 };
        assert_eq!(shares_of(text).by_event().collect::<Vec<_>>(), [("openat", openat)]);
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        let mut config = Config::default();
        for (listens, asked) in [("0.0.0.0", "127.0.0.1:8765"), ("::", "[::1]:8765"), ("192.0.2.1", "192.0.2.1:8765")] {
            config.webserver.listen_address = listens.to_owned();
            assert_eq!(configured(&config).unwrap().to_string(), asked);
        }
    }
}
