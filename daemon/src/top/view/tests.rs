use super::*;
use crate::stats::{Drops, Events, Held, OfProcess, Output, RecordsRead, RuleCost, Trouble};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use std::ops::ControlFlow;

/// A kestrel, so many seconds after its start.
fn stats(seconds: u64) -> Stats {
    let process = |name: &str, records| OfProcess { name: name.to_owned(), records, excess: 0 };
    let rule = |name: &str, priority: &str, matches, evaluations, nanoseconds| OfRule {
        name: name.to_owned(),
        priority: priority.to_owned(),
        matches,
        cost: RuleCost { evaluations, nanoseconds },
    };
    let output = |name: &str, delivered, queued, lost| Output { name: name.to_owned(), delivered, lost, queued };
    Stats {
        version: "0.1.0".to_owned(),
        hostname: "gateway".to_owned(),
        engine: "kmod".to_owned(),
        start_ns: 1_000_000_000,
        time_ns: (1 + seconds) * 1_000_000_000,
        rss_bytes: Some(9 << 20),
        cpu_percent: Some(1.25),
        processes_known: 143,
        reloads: 2,
        events: Events {
            seen: 15_100 * seconds,
            filtered: 2_700 * seconds,
            delivered: 12_400 * seconds,
            judged: 12_400 * seconds,
            unread_bytes: 4096,
            ..Events::default()
        },
        drops: Drops { causes: [("full".to_owned(), 7), ("nested".to_owned(), 0)].into(), missing: 7 },
        by_event: [("openat", 9_000), ("execve", 12), ("connect", 3_388)]
            .map(|(name, n)| (name.to_owned(), n * seconds))
            .into(),
        by_process: vec![
            process("nginx", 9_900 * seconds),
            process("evil\u{1b}[2J\n", 2_400 * seconds + 5),
            process("cron", 100 * seconds),
        ],
        measured: 97 * seconds,
        finding_ns: 4_000 * seconds,
        rules: vec![
            rule("Read of a sensitive file", "Warning", 2 * seconds, 90 * seconds, 11_000 * seconds),
            rule("Program run from shared memory", "Critical", 0, 5 * seconds, 5_000 * seconds),
            rule("A rule whose name is so long that no terminal has room for it", "Informational", 1, 0, 0),
        ],
        outputs: vec![
            output("file_output", 2 * seconds, 0, 0),
            output("syslog_output", 10, 17, 3),
            output("socket_output", 7, 0, 0),
        ],
        records: Some(RecordsRead { readers: 3, given: 4_000 * seconds, lost: 21 }),
        held: Held { rate: 0, repeat: 12 },
        ..Stats::default()
    }
}

fn shown(app: &App, width: u16, height: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    terminal.backend().clone()
}

fn press(app: &mut App, code: KeyCode) -> ControlFlow<()> {
    app.event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// After two answers, a second apart.
fn running() -> App {
    let mut app = App::new(stats(60), true);
    app.take(Ok(stats(61)));
    app
}

#[test]
fn it_fits_into_80_by_24() {
    insta::assert_snapshot!("running", shown(&running(), 80, 24));
}

#[test]
fn before_the_second_answer_there_are_no_rates() {
    insta::assert_snapshot!("first_answer", shown(&App::new(stats(60), true), 80, 24));
}

#[test]
fn keys_sort_scroll_and_pause() {
    let mut app = running();
    for key in ['s', 's', 'r', 'j', 'p'] {
        assert!(press(&mut app, KeyCode::Char(key)).is_continue());
    }
    app.take(Ok(stats(1000)));
    insta::assert_snapshot!("paused", shown(&app, 80, 24));
    assert!(press(&mut app, KeyCode::Char(' ')).is_continue());
    app.take(Ok(stats(1000)));
    assert_eq!(app.now().seconds(), 1000);
    for _ in 0..20 {
        assert!(press(&mut app, KeyCode::Down).is_continue());
    }
    assert_eq!(app.skipped(), 2);
}

#[test]
fn a_server_that_is_gone_and_a_reload_that_failed_are_said() {
    let mut app = running();
    app.take(Ok(Stats { reload_failure: Some("rules.yaml:3: broken".to_owned()), ..stats(62) }));
    let line = |app: &App| shown(app, 80, 24).to_string().lines().nth(3).unwrap().to_owned();
    assert!(line(&app).contains("reload failed: rules.yaml:3: broken"));
    app.take(Err(Trouble::new("127.0.0.1:8765: connection refused")));
    assert!(line(&app).contains("connection refused"));
    // What was known stays to be seen.
    assert!(shown(&app, 80, 24).to_string().contains("openat"));
    app.take(Ok(stats(63)));
    assert!(line(&app).contains("143 processes known"));
}

#[test]
fn without_colour_there_is_none_and_with_it_there_is() {
    let coloured = |colour| {
        let mut app = App::new(stats(60), colour);
        app.take(Ok(stats(61)));
        let backend = shown(&app, 80, 24);
        let cells = backend.buffer().content();
        cells.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(coloured(true) && !coloured(false));
}

#[test]
fn nothing_that_a_server_says_reaches_the_terminal_as_a_command() {
    let evil = "\u{1b}]0;x\u{7}\u{202e}";
    let mut stats = Stats { version: evil.into(), hostname: evil.into(), engine: evil.into(), ..stats(60) };
    stats.drops.causes.insert(evil.into(), 1);
    stats.by_event.insert(evil.into(), 1);
    stats.rules[0].name = evil.into();
    stats.rules[1].priority = evil.into();
    stats.outputs[0].name = evil.into();
    let app = App::new(stats, true);
    let backend = shown(&app, 200, 50);
    let symbols = backend.buffer().content().iter().map(|cell| cell.symbol());
    assert!(!symbols.flat_map(str::chars).any(escape::is_unsafe));
}

#[test]
fn no_size_and_no_numbers_are_too_much() {
    let mut most = Stats { start_ns: 0, time_ns: u64::MAX, ..stats(60) };
    most.events.judged = u64::MAX;
    most.held = Held { rate: u64::MAX, repeat: u64::MAX };
    most.records = Some(RecordsRead { readers: u64::MAX, given: u64::MAX, lost: u64::MAX });
    most.rules[0].cost = RuleCost { evaluations: u64::MAX, nanoseconds: u64::MAX };
    most.rules[1].matches = u64::MAX;
    most.rules[2].matches = u64::MAX;
    let mut app = App::new(stats(60), true);
    app.take(Ok(most));
    for (width, height) in [(1, 1), (20, 3), (80, 10), (300, 100)] {
        shown(&app, width, height);
    }
}

#[test]
fn q_escape_and_control_c_end_it() {
    let mut app = running();
    assert!(press(&mut app, KeyCode::Char('q')).is_break());
    assert!(press(&mut app, KeyCode::Esc).is_break());
    assert!(press(&mut app, KeyCode::Char('c')).is_continue());
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert!(app.event(&Event::Key(control_c)).is_break());
}
