//! Kestrel as others see it: the web server's pages, and snapshots of the figures.

use super::judge::Judge;
use super::limits::Limits;
use super::reload::Health;
use crate::config::{Config, MetricsConfig, ReadFile};
use crate::metrics::{Figures, Form, Machine, RuleFigure, Snapshots, Usage, text};
use crate::sources::Source;
use crate::stats::{self, Stats};
use crate::versions;
use crate::web::{Answer, Head, Outcome, Route, Service, WebError, WebServer};
use kestrel_outputs::{FieldValue, Outputs};
use mio::{Registry, Token};
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What the web server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// `webserver.k8s_healthz_endpoint`.
    Health,
    /// `/versions`.
    Versions,
    /// `/metrics`.
    Metrics,
    /// [`stats::PATH`].
    Stats,
}

/// The files that are in force.
#[derive(Clone, Debug, Default)]
pub struct FilesInForce {
    /// Those of the configuration.
    pub config: Arc<[ReadFile]>,
    /// Those of the rules.
    pub rules: Arc<[ReadFile]>,
}

/// Shows what there is to see.
#[derive(Debug)]
pub struct Observer {
    web: Option<WebServer>,
    pages: Vec<Page>,
    snapshots: Snapshots,
    machine: Arc<Machine>,
    start_ns: u64,
    files: FilesInForce,
}

/// Where there is something to see.
pub struct Sight<'a> {
    /// Records and rules.
    pub judge: &'a Judge,
    /// Alerts.
    pub outputs: &'a Outputs,
    /// Alerts that were held back.
    pub limits: &'a Limits,
    /// How reading everything again went.
    pub health: &'a Health,
    /// Where records come from.
    pub source: &'a dyn Source,
}

impl Observer {
    /// Listens, if the configuration says so.
    ///
    /// # Errors
    /// [`WebError`] if that cannot be.
    pub fn new(config: &Config, files: FilesInForce) -> Result<Observer, WebError> {
        let mut table = vec![
            (Page::Health, config.webserver.k8s_healthz_endpoint.clone()),
            (Page::Versions, "/versions".to_owned()),
        ];
        if config.webserver.prometheus_metrics_enabled && config.metrics.enabled {
            table.push((Page::Metrics, "/metrics".to_owned()));
        }
        if config.metrics.enabled {
            table.push((Page::Stats, stats::PATH.to_owned()));
        }
        let routes = table.iter().map(|(_, path)| Route::get(path.clone())).collect();
        let web = match config.webserver.enabled {
            true => Some(WebServer::listen(&config.webserver, routes)?),
            false => None,
        };
        if let Some(web) = &web {
            log::info!("webserver: listening on {}", web.address());
        }
        Ok(Observer {
            web,
            pages: table.into_iter().map(|(page, _)| page).collect(),
            snapshots: Snapshots::new(&config.metrics, Instant::now()),
            machine: Machine::look().into(),
            start_ns: super::alert::now_ns(),
            files,
        })
    }

    /// Where the web server listens, if there is one.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.web.as_ref().map(WebServer::address)
    }

    /// True if somebody may look at who does what, and at what rules cost.
    pub fn wants_activity(&self) -> bool {
        self.web.is_some() && self.pages.contains(&Page::Stats) && self.snapshots.config().enabled
    }

    /// Other files and another configuration are in force. The web server stays as it is.
    pub fn follow(&mut self, metrics: &MetricsConfig, files: FilesInForce) {
        self.files = files;
        if self.snapshots.config() != metrics {
            self.snapshots = Snapshots::new(metrics, Instant::now());
        }
    }

    /// Registers what is to be waited for.
    ///
    /// # Errors
    /// What the system said.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.web.as_mut().map_or(Ok(()), |web| web.register(registry, token))
    }

    /// Its token is ready.
    pub fn ready(&mut self) {
        if let Some(web) = &mut self.web {
            web.ready();
        }
    }

    /// When [`Observer::settle`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let web = self.web.as_ref().and_then(WebServer::deadline);
        [web, self.snapshots.deadline()].into_iter().flatten().min()
    }

    /// Answers whoever asked, and takes a snapshot if one is due: gives the fields of the alert about it, if there is to be one.
    pub fn settle(&mut self, sight: &Sight<'_>, now: Instant) -> Option<Vec<(String, FieldValue)>> {
        if let Some(mut web) = self.web.take() {
            if web.is_due(now) {
                let stats = web.stats();
                web.serve(&mut Pages { observer: self, sight, stats }, now);
            }
            self.web = Some(web);
        }
        if !self.snapshots.is_due(now) {
            return None;
        }
        let figures = self.figures(sight, self.web.as_ref().map(WebServer::stats).unwrap_or_default());
        self.snapshots.take(&figures, now)
    }

    fn figures(&self, sight: &Sight<'_>, web: crate::web::WebStats) -> Figures {
        let Sight { judge, outputs, limits, health, source } = sight;
        let judged = judge.judged().clone();
        let rules = judge
            .rules()
            .rules()
            .iter()
            .map(|rule| RuleFigure {
                name: Arc::clone(&rule.name),
                priority: rule.priority,
                source: Arc::clone(&rule.source),
                tags: Arc::clone(&rule.tags),
                matches: judged.by_rule.get(&rule.name).copied().unwrap_or(0),
            })
            .collect();
        Figures {
            time_ns: super::alert::now_ns(),
            start_ns: self.start_ns,
            hostname: judge.hostname(),
            engine: source.name(),
            machine: Arc::clone(&self.machine),
            usage: Usage::look(self.snapshots.config()),
            config_files: Arc::clone(&self.files.config),
            rules_files: Arc::clone(&self.files.rules),
            health: (*health).clone(),
            accounts: source.accounts(),
            shares: source.shares(),
            judged,
            rules,
            processes: judge.state.processes.len() as u64,
            evicted: judge.state.processes.evicted(),
            looked_up: (judge.state.stats().unknown, judge.state.stats().incomplete),
            sinks: outputs.stats().collect(),
            records: outputs.record_stats(),
            held_back: limits.totals(),
            web,
        }
    }
}

/// Answers for the web server.
struct Pages<'a> {
    observer: &'a Observer,
    sight: &'a Sight<'a>,
    stats: crate::web::WebStats,
}

impl Service for Pages<'_> {
    fn answer(&mut self, route: usize, head: &Head, _body: &[u8]) -> Outcome {
        let Some(page) = self.observer.pages.get(route) else {
            return Outcome::Answer(Answer::text(404, "there is nothing under this path"));
        };
        Outcome::Answer(match page {
            Page::Health => match &self.sight.health.failure {
                None => Answer::json(200, &json!({"status": "ok"})),
                // It lives, and judges by what was in force before: that is no reason to be restarted.
                Some(failure) => Answer::json(200, &json!({"status": "degraded", "reason": failure})),
            },
            Page::Versions => Answer::json(200, &versions::json()),
            Page::Stats => {
                let judge = self.sight.judge;
                let figures = self.observer.figures(self.sight, self.stats);
                let stats = Stats::new(&figures, judge.activity(), &judge.rules().statistics());
                match serde_json::to_vec(&stats) {
                    Ok(body) => Answer { status: 200, content_type: "application/json", body, header: None },
                    Err(error) => Answer::text(500, &error.to_string()),
                }
            }
            Page::Metrics => {
                let figures = self.observer.figures(self.sight, self.stats);
                let form = Form::accepted(&head.accept);
                let body = text(&figures, self.observer.snapshots.config(), form).into_bytes();
                Answer { status: 200, content_type: form.content_type(), body, header: None }
            }
        })
    }
}
