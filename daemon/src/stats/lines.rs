//! The document as text.

use super::Stats;
use kestrel_outputs::escape;

/// Lines of each list.
const LONGEST: usize = 10;

/// It as lines, which hold nothing that a terminal would obey.
pub fn lines(stats: &Stats) -> Vec<String> {
    let Stats { events, drops, .. } = stats;
    let mut lines = vec![
        format!("kestrel {} on {}, source {}, for {} s", stats.version, stats.hostname, stats.engine, stats.seconds()),
        format!(
            "events: {} seen, {} filtered in the kernel, {} delivered, {} judged, {} unreadable, {} unknown",
            events.seen, events.filtered, events.delivered, events.judged, events.unreadable, events.unknown
        ),
        format!("drops: {} ({}), {} missing", stats.dropped(), causes(stats), drops.missing),
        format!("rings: {} bytes wait", events.unread_bytes),
        format!("processes known: {}", stats.processes_known),
        format!("held back: {} by rate, {} repeats", stats.held.rate, stats.held.repeat),
    ];
    let own = [
        stats.rss_bytes.map(|bytes| format!("{} KiB of memory", bytes / 1024)),
        stats.cpu_percent.map(|percent| format!("{percent:.1} % of a processor")),
    ];
    let own: Vec<String> = own.into_iter().flatten().collect();
    if !own.is_empty() {
        lines.push(format!("uses: {}", own.join(", ")));
    }
    lines.push(format!("reloads: {}", stats.reloads));
    if let Some(failure) = &stats.reload_failure {
        lines.push(format!("the last reload failed, what was in force before still is: {failure}"));
    }
    lines.push(String::new());
    lines.push(format!("{:>14} {:>10} {:>10}  output", "delivered", "queued", "lost"));
    lines.extend(
        stats.outputs.iter().map(|output| {
            format!("{:>14} {:>10} {:>10}  {}", output.delivered, output.queued, output.lost, output.name)
        }),
    );
    if let Some(records) = &stats.records {
        lines.push(format!(
            "records from the socket: {} programs read some, {} given, {} lost to those that are slow",
            records.readers, records.given, records.lost
        ));
    }
    let mut by_event: Vec<(&String, &u64)> = stats.by_event.iter().collect();
    by_event.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    list(&mut lines, "event", by_event.into_iter().map(|(name, count)| (*count, name.clone())));
    list(
        &mut lines,
        "process",
        stats.by_process.iter().map(|process| {
            let excess = match process.excess {
                0 => String::new(),
                excess => format!(" (up to {excess} of them of others)"),
            };
            (process.records, format!("{}{excess}", process.name))
        }),
    );
    lines.push(String::new());
    lines
        .push(format!("{:>14} {:>10} {:>10}  rule ({} events sampled)", "matches", "asked", "each/ns", stats.measured));
    lines.extend(stats.rules.iter().take(LONGEST).map(|rule| {
        let each = rule.cost.nanoseconds / rule.cost.evaluations.max(1);
        format!("{:>14} {:>10} {each:>10}  {}", rule.matches, rule.cost.evaluations, rule.name)
    }));
    more(&mut lines, stats.rules.len());
    lines.iter().map(|line| escape::line(line).into_owned()).collect()
}

fn causes(stats: &Stats) -> String {
    let causes: Vec<String> = stats.drops.causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    causes.join(", ")
}

fn list(lines: &mut Vec<String>, of: &str, items: impl Iterator<Item = (u64, String)>) {
    lines.push(String::new());
    lines.push(format!("{:>14}  {of}", "records"));
    let items: Vec<(u64, String)> = items.collect();
    lines.extend(items.iter().take(LONGEST).map(|(count, name)| format!("{count:>14}  {name}")));
    more(lines, items.len());
}

fn more(lines: &mut Vec<String>, of: usize) {
    if of > LONGEST {
        lines.push(format!("{:>14}  … and {} more", "", of - LONGEST));
    }
}
