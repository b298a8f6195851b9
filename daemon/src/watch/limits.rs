//! How many alerts a rule may raise. Pure: alerts and times come in. Off unless the configuration says otherwise.
//!
//! ```text
//!  alert ─▶ the same as one of before? ─yes─▶ counted; said at the end of the interval: "seen 4,812 times in 60 s"
//!                     │ no
//!                     ▼
//!           too many of this rule? ─yes─▶ counted; said in an alert of its own
//!                     │ no
//!                     ▼ sent
//! ```
//!
//! Every alert that came in is sent, in the count of another one, or in a report about its rule: none is in two of them.

use super::bucket::Bucket;
use crate::config::AlertLimits;
use hashbrown::HashMap;
use kestrel_outputs::{Alert, FieldValue};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Name of the alert about alerts that were held back.
pub const RULE: &str = "Kestrel internal: alerts held back";

/// Alerts whose repeats are counted at the same time. The oldest is finished early where there are more.
const MAX_REPEATED: usize = 4096;

/// At least how long between two reports.
const REPORTS: Duration = Duration::from_secs(60);

/// An alert is the same as another if both are the same rule's and say the same.
type Key = (Arc<str>, Arc<str>);

/// An alert that may be repeated.
#[derive(Debug)]
struct Repeated {
    /// The latest.
    alert: Alert,
    /// How often it came, the first time among them.
    count: u64,
    since: Instant,
}

/// Lets alerts through, or counts them.
#[derive(Debug)]
pub struct Limits {
    config: AlertLimits,
    buckets: HashMap<Arc<str>, Bucket>,
    repeated: HashMap<Key, Repeated>,
    /// Their keys in the order in which they began.
    order: VecDeque<Key>,
    /// Alerts that were held back because of the rate, by rule, since the last report.
    held: BTreeMap<Arc<str>, u64>,
    next_report: Instant,
    /// Held back since the start: because of the rate, and as repeats.
    totals: (u64, u64),
}

impl Limits {
    /// As the configuration says.
    pub fn new(config: &AlertLimits, now: Instant) -> Limits {
        Limits {
            config: config.clone(),
            buckets: HashMap::new(),
            repeated: HashMap::new(),
            order: VecDeque::new(),
            held: BTreeMap::new(),
            next_report: now + REPORTS,
            totals: (0, 0),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &AlertLimits {
        &self.config
    }

    /// Other limits count from now on. What was counted is kept, and finished in its time.
    pub fn set(&mut self, config: &AlertLimits) {
        self.config = config.clone();
        self.buckets.clear();
    }

    /// True if there is anything to limit: otherwise alerts need not pass here.
    pub fn is_on(&self) -> bool {
        self.config.rate > 0.0 || self.config.repeat_interval > 0 || !self.order.is_empty()
    }

    /// Held back since the start: because of the rate, and as repeats.
    pub fn totals(&self) -> (u64, u64) {
        self.totals
    }

    /// An alert came: gives those that are to be sent now, in their order.
    pub fn offer(&mut self, alert: Alert, now: Instant, send: &mut dyn FnMut(&Alert)) {
        if self.config.repeat_interval > 0 {
            self.finish_until(now, send);
            let key = (Arc::clone(&alert.rule), Arc::from(alert.message.as_str()));
            if let Some(repeated) = self.repeated.get_mut(&key) {
                repeated.count += 1;
                repeated.alert = alert;
                self.totals.1 += 1;
                return;
            }
            if !self.allowed(&alert, now) {
                return;
            }
            if self.order.len() >= MAX_REPEATED {
                self.finish_oldest(now, send);
            }
            send(&alert);
            self.repeated.insert(key.clone(), Repeated { alert, count: 1, since: now });
            self.order.push_back(key);
        } else if self.allowed(&alert, now) {
            send(&alert);
        }
    }

    fn allowed(&mut self, alert: &Alert, now: Instant) -> bool {
        let AlertLimits { rate, max_burst, .. } = self.config;
        if rate <= 0.0 {
            return true;
        }
        let bucket = self.buckets.entry(Arc::clone(&alert.rule)).or_insert_with(|| Bucket::new(rate, max_burst, now));
        let allowed = bucket.take(now);
        if !allowed {
            *self.held.entry(Arc::clone(&alert.rule)).or_default() += 1;
            self.totals.0 += 1;
        }
        allowed
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(self.config.repeat_interval)
    }

    /// When [`Limits::expired`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let first = self.order.front().and_then(|key| self.repeated.get(key));
        let repeats = first.map(|repeated| repeated.since + self.interval());
        let report = (!self.held.is_empty()).then_some(self.next_report);
        [repeats, report].into_iter().flatten().min()
    }

    /// Finishes what is over.
    pub fn expired(&mut self, now: Instant, send: &mut dyn FnMut(&Alert)) {
        self.finish_until(now, send);
    }

    /// What was held back because of the rate since the last report, if it is time for one.
    pub fn report(&mut self, now: Instant) -> Option<(String, Vec<(String, FieldValue)>)> {
        if now < self.next_report {
            return None;
        }
        self.next_report = now + REPORTS;
        self.rest()
    }

    /// Everything that was counted, and not said yet.
    pub fn finish(&mut self, now: Instant, send: &mut dyn FnMut(&Alert)) {
        while !self.order.is_empty() {
            self.finish_oldest(now, send);
        }
    }

    /// What was held back because of the rate since the last report.
    pub fn rest(&mut self) -> Option<(String, Vec<(String, FieldValue)>)> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return None;
        }
        let total: u64 = held.values().sum();
        let message = format!("{} alerts came faster than alert_limits.rate allows", thousands(total));
        let fields = held.iter().map(|(rule, count)| (format!("held.{rule}"), FieldValue::Uint(*count)));
        Some((message, fields.collect()))
    }

    fn finish_until(&mut self, now: Instant, send: &mut dyn FnMut(&Alert)) {
        let interval = self.interval();
        while let Some(repeated) = self.order.front().and_then(|key| self.repeated.get(key))
            && repeated.since + interval <= now
        {
            self.finish_oldest(now, send);
        }
    }

    fn finish_oldest(&mut self, now: Instant, send: &mut dyn FnMut(&Alert)) {
        let Some(Repeated { mut alert, count, since }) =
            self.order.pop_front().and_then(|key| self.repeated.remove(&key))
        else {
            return;
        };
        if count > 1 {
            let seconds = now.saturating_duration_since(since).as_secs_f64().round();
            alert.message = format!("{} (seen {} times in {seconds} s)", alert.message, thousands(count));
            alert.fields.push(("kestrel.count".to_owned(), FieldValue::Uint(count)));
            send(&alert);
        }
    }
}

/// A number with a comma at each thousand.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_outputs::Priority;
    use proptest::prelude::*;

    fn alert(rule: &str, message: &str, time_ns: u64) -> Alert {
        Alert {
            time_ns,
            priority: Priority::Notice,
            rule: rule.into(),
            source: "syscall".into(),
            tags: Vec::new().into(),
            hostname: "h".into(),
            fields: Vec::new(),
            message: message.to_owned(),
        }
    }

    fn limits(rate: f64, max_burst: u64, repeat_interval: u64) -> (Limits, Instant) {
        let now = Instant::now();
        (Limits::new(&AlertLimits { rate, max_burst, repeat_interval }, now), now)
    }

    #[test]
    fn repeats_are_counted_and_said_once_the_time_is_over() {
        let (mut limits, start) = limits(0.0, 1, 60_000);
        let mut sent = Vec::new();
        let mut send = |alert: &Alert| sent.push(format!("{} {}", alert.time_ns, alert.message));
        for n in 0..4812 {
            limits.offer(alert("r", "cat /etc/shadow", n), start + Duration::from_millis(n), &mut send);
        }
        limits.offer(alert("r", "other", 9), start, &mut send);
        assert_eq!(limits.deadline(), Some(start + Duration::from_secs(60)));
        limits.expired(start + Duration::from_secs(60), &mut send);
        limits.offer(alert("r", "cat /etc/shadow", 5000), start + Duration::from_secs(61), &mut send);
        insta::assert_snapshot!(sent.join("\n"), @r"
        0 cat /etc/shadow
        9 other
        4811 cat /etc/shadow (seen 4,812 times in 60 s)
        5000 cat /etc/shadow
        ");
        assert_eq!(limits.totals(), (0, 4811));
    }

    #[test]
    fn one_rule_that_is_too_fast_holds_up_no_other_and_is_reported() {
        let (mut limits, start) = limits(1.0, 2, 0);
        let mut sent = Vec::new();
        let mut send = |alert: &Alert| sent.push(alert.message.clone());
        for n in 0..5 {
            limits.offer(alert("fast", &format!("f{n}"), n), start, &mut send);
        }
        limits.offer(alert("slow", "s", 9), start, &mut send);
        limits.offer(alert("fast", "later", 9), start + Duration::from_secs(1), &mut send);
        assert_eq!(sent, ["f0", "f1", "s", "later"]);
        assert_eq!(limits.report(start + Duration::from_secs(59)), None);
        let (message, fields) = limits.report(start + Duration::from_secs(60)).unwrap();
        assert_eq!(message, "3 alerts came faster than alert_limits.rate allows");
        assert_eq!(fields, [("held.fast".to_owned(), FieldValue::Uint(3))]);
        assert_eq!(limits.report(start + Duration::from_secs(120)), None);
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    proptest! {
        #[test]
        fn every_alert_is_sent_counted_or_reported_exactly_once(
            steps in prop::collection::vec((0u64..3, 0u64..4, 0u64..3000), 0..200),
            rate in prop::sample::select(vec![0.0, 0.5, 5.0]), burst in 1u64..4, interval in prop::sample::select(vec![0u64, 1000, 10_000]),
        ) {
            let (mut limits, start) = limits(rate, burst, interval);
            let mut now = start;
            let mut accounted = 0u64;
            let mut count = |alert: &Alert| {
                let repeats = alert.fields.iter().find(|(name, _)| name == "kestrel.count");
                // The first one was sent by itself.
                accounted += match repeats { Some((_, FieldValue::Uint(n))) => n - 1, _ => 1 };
            };
            let mut reported = 0;
            let mut add = |report: Option<(String, Vec<(String, FieldValue)>)>| {
                for (_, value) in report.into_iter().flat_map(|(_, fields)| fields) {
                    let FieldValue::Uint(n) = value else { panic!() };
                    reported += n;
                }
            };
            for (rule, message, ms) in &steps {
                now += Duration::from_millis(*ms);
                if limits.deadline().is_some_and(|deadline| deadline <= now) {
                    limits.expired(now, &mut count);
                    add(limits.report(now));
                }
                limits.offer(alert(&rule.to_string(), &message.to_string(), 0), now, &mut count);
            }
            limits.finish(now, &mut count);
            add(limits.rest());
            prop_assert_eq!(accounted + reported, steps.len() as u64);
            prop_assert_eq!(limits.totals().0, reported);
        }
    }
}
