//! Events of the Kubernetes audit log: brought by the API server, or read from its log.

use super::judge::Judge;
use crate::config::AuditConfig;
use crate::k8s_audit::{Batch, LogFile, LogStats, MAX_BODY};
use crate::web::{Answer, Head, Method, Outcome, Route, Service, WebError, WebServer};
use kestrel_outputs::Alert;
use mio::{Registry, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditStats {
    /// Events that were judged.
    pub events: u64,
    /// Requests that brought none, and lines of the log that are none.
    pub refused: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Audit {
    webhook: Option<WebServer>,
    log: Option<LogFile>,
    look: Instant,
    log_failed: bool,
    refused: u64,
}

impl Audit {
    /// Listens and follows as configured; `None` if there is neither.
    ///
    /// # Errors
    /// [`WebError`] if it cannot listen.
    pub fn new(config: &AuditConfig) -> Result<Option<Audit>, WebError> {
        let webhook = match config.webhook_enabled {
            true => {
                let route = Route { method: Method::Post, path: config.endpoint.clone(), max_body: MAX_BODY };
                let webhook = WebServer::listen(&config.web(), vec![route])?;
                log::info!("k8s_audit: listening on {}{}", webhook.address(), config.endpoint);
                Some(webhook)
            }
            false => None,
        };
        let log = (!config.log_file.as_os_str().is_empty()).then(|| LogFile::follow(&config.log_file));
        if webhook.is_none() && log.is_none() {
            return Ok(None);
        }
        Ok(Some(Audit { webhook, log, look: Instant::now(), log_failed: false, refused: 0 }))
    }

    /// Where the webhook listens, if there is one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.webhook.as_ref().map(WebServer::address)
    }

    /// What came so far, of what this judge judged.
    pub fn stats(&self, judge: &Judge) -> AuditStats {
        let of_log = self.log.as_ref().map_or(0, |log| {
            let LogStats { bad_lines, long_lines, .. } = log.stats();
            bad_lines + long_lines
        });
        AuditStats { events: judge.judged().audit_events, refused: self.refused + of_log }
    }

    /// Registers what is to be waited for.
    ///
    /// # Errors
    /// What the system said.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.webhook.as_mut().map_or(Ok(()), |webhook| webhook.register(registry, token))
    }

    /// Its token is ready.
    pub fn ready(&mut self) {
        if let Some(webhook) = &mut self.webhook {
            webhook.ready();
        }
    }

    /// When [`Audit::settle`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let webhook = self.webhook.as_ref().and_then(WebServer::deadline);
        [webhook, self.log.as_ref().map(|_| self.look)].into_iter().flatten().min()
    }

    /// Judges what came, and hands its alerts to `on_alert`.
    pub fn settle(&mut self, judge: &mut Judge, now: Instant, mut on_alert: impl FnMut(Alert)) {
        if let Some(webhook) = &mut self.webhook
            && webhook.is_due(now)
        {
            webhook.serve(&mut Hook { judge, refused: &mut self.refused, on_alert: &mut on_alert }, now);
        }
        let Some(log) = self.log.as_mut().filter(|_| self.look <= now) else { return };
        match log.poll(|event| judge.audit(&event, &mut on_alert)) {
            Ok(more) => {
                self.look = if more { now } else { now + LOOK };
                self.log_failed = false;
            }
            Err(error) => {
                self.look = now + LOOK;
                // Said once, until it can be read again.
                if !std::mem::replace(&mut self.log_failed, true) {
                    log::error!("k8s_audit.log_file: {error}");
                }
            }
        }
    }
}

/// Answers the API server.
struct Hook<'a> {
    judge: &'a mut Judge,
    refused: &'a mut u64,
    on_alert: &'a mut dyn FnMut(Alert),
}

impl Service for Hook<'_> {
    fn answer(&mut self, _route: usize, head: &Head, body: &[u8]) -> Outcome {
        let mut refuse = |status, why: &str| {
            *self.refused += 1;
            Outcome::Answer(Answer::text(status, why))
        };
        let media_type = head.content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return refuse(415, "events come as application/json");
        }
        let batch = match Batch::of(body) {
            Ok(batch) => batch,
            Err(error) => return refuse(400, &error.to_string()),
        };
        for event in batch.events() {
            match event {
                Ok(event) => self.judge.audit(&event, &mut *self.on_alert),
                Err(_) => *self.refused += 1,
            }
        }
        Outcome::Answer(Answer::text(200, "judged"))
    }
}
