//! How it looks.
//!
//! ```text
//!  who, since when          totals and rates: four lines
//!  events    │ processes    what comes most
//!  rules                    what matches, what costs
//!  outputs                  what waits
//!  keys
//! ```

use super::app::{App, ListOrder, RuleOrder};
use super::number::{bytes, short, time};
use crate::stats::{OfRule, RecordsRead, Stats};
use kestrel_outputs::escape;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};
use std::cmp::Ordering;

/// Outputs that are shown; there are no more kinds than that by far.
const MAX_OUTPUTS: usize = 6;

/// Draws it all.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let outputs = app.now().outputs.len().min(MAX_OUTPUTS) as u16;
    let [head, lists, rules, sinks, keys] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Fill(4),
        Constraint::Fill(3),
        Constraint::Length(outputs + 1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let [events, processes] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).areas(lists);
    frame.render_widget(Paragraph::new(heading(app)), head);
    draw_events(frame, app, events);
    draw_processes(frame, app, processes);
    draw_rules(frame, app, rules);
    draw_outputs(frame, app, sinks);
    frame.render_widget(Paragraph::new(footer(app)), keys);
}

/// What needs attention.
fn alarm(app: &App, is_bad: bool) -> Style {
    match (is_bad, app.has_colour()) {
        (false, _) => Style::new(),
        (true, true) => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        (true, false) => Style::new().add_modifier(Modifier::BOLD),
    }
}

fn title(app: &App) -> Style {
    if app.has_colour() { Style::new().fg(Color::Cyan) } else { Style::new() }.add_modifier(Modifier::REVERSED)
}

/// A text that a server sent, without anything that a terminal would obey.
fn safe(text: &str) -> String {
    escape::line(text).into_owned()
}

/// So many a second; a dash before that can be said.
fn rate(app: &App, count: u64, before: impl FnOnce(&Stats) -> Option<u64>) -> String {
    app.rates().map_or_else(|| "-".to_owned(), |rates| short(rates.of(count, before)))
}

fn heading(app: &App) -> Vec<Line<'static>> {
    let now = app.now();
    let a_second = |count, before: fn(&Stats) -> u64| rate(app, count, |old| Some(before(old)));
    let mut who = vec![
        Span::styled(format!("kestrel {}", safe(&now.version)), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(" on {}, {}, up {}", safe(&now.hostname), safe(&now.engine), time(now.seconds()))),
    ];
    if app.is_paused() {
        who.push(Span::styled("  paused", alarm(app, true)));
    }
    let events = format!(
        "events   {}/s judged ({} in all), {}/s filtered, {} wait",
        a_second(now.events.judged, |stats| stats.events.judged),
        short(now.events.judged as f64),
        a_second(now.events.filtered, |stats| stats.events.filtered),
        bytes(now.events.unread_bytes),
    );
    let causes = now.drops.causes.iter().filter(|(_, count)| **count > 0);
    let causes: Vec<String> =
        causes.map(|(cause, count)| format!("{} {}", safe(cause), short(*count as f64))).collect();
    let dropped = format!(
        "dropped  {}/s ({} in all{}{})",
        a_second(now.dropped(), Stats::dropped),
        short(now.dropped() as f64),
        if causes.is_empty() { "" } else { ": " },
        causes.join(", "),
    );
    let held = now.held.rate.saturating_add(now.held.repeat);
    let own = [
        now.rss_bytes.map(|n| format!("memory {}", bytes(n))),
        now.cpu_percent.map(|percent| format!("cpu {percent:.1}%")),
        Some(format!("{} processes known", short(now.processes_known as f64))),
        Some(format!("{} reloads", now.reloads)),
        (held > 0).then(|| format!("{} alerts held back", short(held as f64))),
    ];
    let own: Vec<String> = own.into_iter().flatten().collect();
    let last = match (app.trouble(), &now.reload_failure) {
        (Some(trouble), _) => Line::styled(safe(trouble), alarm(app, true)),
        (None, Some(failure)) => Line::styled(format!("reload failed: {}", safe(failure)), alarm(app, true)),
        (None, None) => Line::raw(own.join(", ")),
    };
    vec![Line::from(who), Line::raw(events), Line::styled(dropped, alarm(app, now.dropped() > 0)), last]
}

/// A line of a list: a name, how many there are, how many come a second.
struct Entry {
    name: String,
    total: u64,
    rate: Option<f64>,
}

fn draw_events(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let rates = app.rates();
    let entries = app.now().by_event.iter().map(|(name, total)| Entry {
        name: safe(name),
        total: *total,
        rate: rates.map(|rates| rates.of(*total, |old| old.by_event.get(name).copied())),
    });
    draw_list(frame, app, area, "event", entries.collect());
}

fn draw_processes(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let rates = app.rates();
    let before = |old: &Stats, name: &str| {
        old.by_process.iter().find(|process| process.name == name).map(|process| process.records)
    };
    let entries = app.now().by_process.iter().map(|process| Entry {
        name: safe(&process.name),
        total: process.records,
        // What it took over from another name when it came into the table is no work of its own.
        rate: rates.map(|rates| rates.of(process.records, |old| before(old, &process.name).or(Some(process.excess)))),
    });
    draw_list(frame, app, area, "process", entries.collect());
}

fn draw_list(frame: &mut Frame<'_>, app: &App, area: Rect, what: &'static str, mut entries: Vec<Entry>) {
    let by_rate = |a: &Entry, b: &Entry| b.rate.partial_cmp(&a.rate).unwrap_or(Ordering::Equal);
    let by_total = |a: &Entry, b: &Entry| b.total.cmp(&a.total).then_with(|| a.name.cmp(&b.name));
    entries.sort_by(|a, b| match app.lists() {
        ListOrder::Rate => by_rate(a, b).then_with(|| by_total(a, b)),
        ListOrder::Total => by_total(a, b),
        ListOrder::Name => a.name.cmp(&b.name),
    });
    let marked = |order, text: &str| mark(app.lists() == order, text);
    let head = [
        Cell::from(marked(ListOrder::Name, what)),
        Cell::from(Line::raw(marked(ListOrder::Rate, "/s")).right_aligned()),
        Cell::from(Line::raw(marked(ListOrder::Total, "total")).right_aligned()),
    ];
    let rows = entries.into_iter().take(area.height.into()).map(|entry| {
        let rate = entry.rate.map_or_else(|| "-".to_owned(), short);
        Row::new([
            Cell::from(entry.name),
            Cell::from(Line::raw(rate).right_aligned()),
            Cell::from(Line::raw(short(entry.total as f64)).right_aligned()),
        ])
    });
    let widths = [Constraint::Fill(1), Constraint::Length(7), Constraint::Length(7)];
    frame.render_widget(Table::new(rows, widths).header(Row::new(head).style(title(app))), area);
}

/// The heading of the column that counts has a mark.
fn mark(counts: bool, text: &str) -> String {
    format!("{text}{}", if counts { "▾" } else { "" })
}

fn draw_rules(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let now = app.now();
    let mut rules: Vec<&OfRule> = now.rules.iter().collect();
    rules.sort_by(|a, b| {
        let by_matches = b.matches.cmp(&a.matches);
        let by_cost = b.cost.nanoseconds.cmp(&a.cost.nanoseconds);
        let by_name = a.name.cmp(&b.name);
        match app.rules() {
            RuleOrder::Cost => by_cost.then(by_matches).then(by_name),
            RuleOrder::Matches => by_matches.then(by_cost).then(by_name),
            RuleOrder::Name => by_name,
        }
    });
    let all: u64 = rules.iter().fold(now.finding_ns, |sum, rule| sum.saturating_add(rule.cost.nanoseconds));
    let marked = |order, text: &str| mark(app.rules() == order, text);
    let right = |text: String| Cell::from(Line::raw(text).right_aligned());
    let head = Row::new([
        Cell::from(marked(RuleOrder::Name, "rule")),
        Cell::from("priority"),
        right(marked(RuleOrder::Matches, "hits")),
        right("/s".to_owned()),
        right(marked(RuleOrder::Cost, "cost")),
        right("ns each".to_owned()),
    ]);
    let rows = rules.iter().skip(app.skipped()).take(area.height.into()).map(|rule| {
        let matches =
            |old: &Stats| old.rules.iter().find(|before| before.name == rule.name).map(|before| before.matches);
        let (share, each) = match rule.cost.evaluations {
            0 => ("-".to_owned(), "-".to_owned()),
            n => (
                format!("{:.1}%", rule.cost.nanoseconds as f64 * 100.0 / all.max(1) as f64),
                short(rule.cost.nanoseconds as f64 / n as f64),
            ),
        };
        Row::new([
            Cell::from(safe(&rule.name)),
            Cell::from(safe(&rule.priority)),
            right(short(rule.matches as f64)),
            right(rate(app, rule.matches, matches)),
            right(share),
            right(each),
        ])
    });
    let lengths = [13, 6, 6, 6, 7].map(Constraint::Length);
    let widths = [Constraint::Fill(1)].into_iter().chain(lengths);
    frame.render_widget(Table::new(rows, widths).header(head.style(title(app))), area);
}

fn draw_outputs(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let right = |text: String| Cell::from(Line::raw(text).right_aligned());
    let head = [
        Cell::from("output"),
        right("queued".to_owned()),
        right("delivered".to_owned()),
        right("/s".to_owned()),
        right("lost".to_owned()),
    ];
    let rows = app.now().outputs.iter().take(MAX_OUTPUTS).map(|output| {
        let delivered = |old: &Stats| old.outputs.iter().find(|before| before.name == output.name).map(|o| o.delivered);
        let row = Row::new([
            Cell::from(safe(&output.name) + &records_read(app.now(), &output.name)),
            right(short(output.queued as f64)),
            right(short(output.delivered as f64)),
            right(rate(app, output.delivered, delivered)),
            right(short(output.lost as f64)),
        ]);
        row.style(alarm(app, output.lost > 0))
    });
    let widths = [Constraint::Fill(1)].into_iter().chain([9; 4].map(Constraint::Length));
    frame.render_widget(Table::new(rows, widths).header(Row::new(head).style(title(app))), area);
}

/// Who reads records at this output, if somebody does.
fn records_read(now: &Stats, output: &str) -> String {
    match now.records {
        Some(RecordsRead { readers: 1.., .. }) if output != "socket_output" => String::new(),
        Some(RecordsRead { readers: readers @ 1.., lost: 0, .. }) => {
            format!(", {} read records", short(readers as f64))
        }
        Some(RecordsRead { readers: readers @ 1.., lost, .. }) => {
            format!(", {} read records, {} lost", short(readers as f64), short(lost as f64))
        }
        _ => String::new(),
    }
}

fn footer(app: &App) -> Line<'static> {
    let pause = if app.is_paused() { "go on" } else { "pause" };
    Line::raw(format!("q quit   p {pause}   s sort lists   r sort rules   ↑ ↓ scroll rules"))
}

#[cfg(test)]
mod tests;
