//! `kestrel stats` and `kestrel top` look at a kestrel that runs.

use crate::stage::{Bell, file_output, folder, judge, until, watch_until};
use crate::support::{kill, machine};
use kestrel::config::{Config, DropsConfig, MetricsConfig, WebConfig};
use kestrel::event_loop::Limits;
use kestrel::stats::Stats;
use kestrel::top::Screen;
use kestrel::watch::{FilesInForce, Observer, Watch};
use kestrel_outputs::Outputs;
use kestrel_rules::prefilter::ProcessNames;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A kestrel runs with this web server, and has judged 2000 records: meanwhile `look` is called with the path of a configuration
/// that leads to it.
fn while_running(web: WebConfig, look: impl FnOnce(&Path) + Send + 'static) {
    let (cpus, source, _told) = machine(1, 1 << 20);
    let (dir, path) = folder();
    let config = Config {
        outputs: file_output(&path),
        webserver: WebConfig { enabled: true, listen_port: 0, ..web.clone() },
        metrics: MetricsConfig { enabled: true, ..MetricsConfig::default() },
        ..Config::default()
    };
    let observer = Observer::new(&config, FilesInForce::default()).unwrap();
    let port = observer.address().unwrap().port();
    let file = dir.path().join("kestrel.yaml");
    let text = format!(
        "webserver: {{listen_port: {port}, ssl_enabled: {}, ssl_certificate: {:?}}}\n",
        web.ssl_enabled, web.ssl_certificate
    );
    std::fs::write(&file, text).unwrap();
    let outputs = Outputs::new(&config.outputs, Watch::OUTPUTS).unwrap();
    let mut watch = Watch::new(judge(), outputs, &DropsConfig::default(), Box::new(|| None))
        .following(config, None, ProcessNames::Unknown)
        .observed(observer);
    for n in 1..=2000 {
        assert!(cpus[0].record(kill(if n % 100 == 0 { "evil" } else { "good" }, n, &[(1, n)])));
    }
    let bell = Bell::here();
    let looking = std::thread::spawn(move || {
        // Whatever becomes of it, the loop ends.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(&file)));
        bell.ring(Signal::SIGTERM);
        outcome
    });
    watch_until(source, Limits::default(), &mut watch);
    if let Err(panic) = looking.join().unwrap() {
        std::panic::resume_unwind(panic);
    }
}

fn kestrel(config: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kestrel"));
    command.arg("-c").arg(config).args(args).env_remove("NO_COLOR");
    command
}

fn stats(config: &Path, args: &[&str]) -> Output {
    kestrel(config, &[&["stats"], args].concat()).output().unwrap()
}

#[test]
fn stats_say_who_does_what_and_what_rules_cost() {
    while_running(WebConfig::default(), |config| {
        let mut said = Stats::default();
        until(|| {
            let output = stats(config, &["--json"]);
            assert!(output.status.success(), "{output:?}");
            said = serde_json::from_slice(&output.stdout).unwrap();
            said.events.judged == 2000
        });
        assert_eq!(said.by_event["kill"], 2000);
        let processes: Vec<(&str, u64)> = said.by_process.iter().map(|p| (p.name.as_str(), p.records)).collect();
        assert_eq!(processes, [("good", 1980), ("evil", 20)]);
        assert_eq!((said.rules.len(), said.rules[0].name.as_str(), said.rules[0].matches), (1, "Evil kills", 20));
        // One event in 127.
        assert_eq!(said.measured, 15);
        assert_eq!((said.outputs[0].name.as_str(), said.outputs[0].delivered), ("file_output", 20));

        let text = String::from_utf8(stats(config, &[]).stdout).unwrap();
        for line in ["          2000  kill", "          1980  good", "  Evil kills", "  file_output"] {
            assert!(text.lines().any(|said| said.contains(line)), "{line:?} in {text}");
        }
    });
}

#[test]
fn stats_need_metrics_to_be_enabled_and_say_so() {
    let (dir, _) = folder();
    let config = dir.path().join("kestrel.yaml");
    // Nobody listens there: the port was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::write(&config, format!("webserver: {{listen_port: {port}}}\n")).unwrap();
    let output = stats(&config, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("webserver.enabled and metrics.enabled must be true"), "{said}");
}

#[test]
fn over_tls_the_certificate_of_the_configuration_is_believed_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let authority = {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let pem = |name: &str, of_authority: bool| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate =
            if of_authority { params.signed_by(&key, &authority) } else { params.self_signed(&key) }.unwrap();
        let path = dir.path().join(format!("{name}.pem"));
        std::fs::write(&path, certificate.pem() + &key.serialize_pem()).unwrap();
        path
    };
    let (server, other) = (pem("server", false), pem("other", false));
    let (client, stranger) = (pem("client", true), pem("stranger", false));
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let web =
        WebConfig { ssl_enabled: true, ssl_certificate: server.clone(), ssl_client_ca: ca, ..WebConfig::default() };
    while_running(web, move |config| {
        let with = |path: &Path| stats(config, &["--json", "--certificate", path.to_str().unwrap()]);
        let output = with(&client);
        assert!(output.status.success(), "{output:?}");
        assert!(serde_json::from_slice::<Stats>(&output.stdout).is_ok());
        // Who shows none, or one that nobody vouches for, is told nothing.
        for output in [stats(config, &["--json"]), with(&stranger)] {
            assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        }
        // A server that is another one is asked nothing.
        let text = std::fs::read_to_string(config).unwrap();
        std::fs::write(config, text.replace(server.to_str().unwrap(), other.to_str().unwrap())).unwrap();
        let output = with(&client);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    });
}

/// A terminal, and the program in it.
struct Seat {
    terminal: OwnedFd,
    screen: File,
    child: Child,
    shown: String,
}

impl Seat {
    fn new(mut command: Command) -> Seat {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        let child = command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(Stdio::null()).spawn().unwrap();
        Seat { terminal: slave, screen: master.into(), child, shown: String::new() }
    }

    /// Reads until this was sent to the screen.
    fn wait_for(&mut self, text: &str) {
        let Seat { screen, shown, .. } = self;
        until(|| {
            let mut buf = [0; 4096];
            if let Ok(n) = screen.read(&mut buf) {
                shown.push_str(&String::from_utf8_lossy(&buf[..n]));
            }
            shown.contains(text)
        });
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.terminal).unwrap().local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Its end, after which the terminal is as it was. Gives its exit code.
    fn end(mut self) -> Option<i32> {
        // The main screen is back, and the cursor.
        self.wait_for("\u{1b}[?1049l");
        let status = self.child.wait().unwrap();
        assert!(!self.is_raw());
        assert!(self.shown.contains("\u{1b}[?25h"));
        status.code()
    }
}

#[test]
fn top_leaves_the_terminal_as_it_was_by_key_and_by_signal() {
    while_running(WebConfig::default(), |config| {
        for by_key in [true, false] {
            let mut seat = Seat::new(kestrel(config, &["top"]));
            seat.wait_for("\u{1b}[?1049h");
            // What is blank already is not sent.
            seat.wait_for("kills");
            // Colours, of which there are none in the next one.
            assert!(seat.shown.contains("\u{1b}[38;"), "{:?}", seat.shown);
            assert!(seat.is_raw());
            if by_key {
                nix::unistd::write(&seat.screen, b"q").unwrap();
            } else {
                nix::sys::signal::kill(Pid::from_raw(seat.child.id().cast_signed()), Signal::SIGTERM).unwrap();
            }
            assert_eq!(seat.end(), Some(0));
        }
        let mut command = kestrel(config, &["top", "-M", "1"]);
        command.env("NO_COLOR", "1");
        let mut seat = Seat::new(command);
        seat.wait_for("kills");
        assert!(!seat.shown.contains("\u{1b}[38;"));
        assert_eq!(seat.end(), Some(0));
    });
}

#[test]
fn top_without_a_terminal_says_what_to_do_instead() {
    let output = Command::new(env!("CARGO_BIN_EXE_kestrel")).arg("top").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("kestrel stats"));
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "looking::panic_on_the_screen", "--ignored", "--nocapture"]);
    let mut seat = Seat::new(command);
    seat.wait_for("\u{1b}[?1049h");
    assert_eq!(seat.end(), Some(101));
}

#[test]
#[ignore = "a panic, for the test above to see"]
fn panic_on_the_screen() {
    // Not dropped: with panic = "abort" nothing is.
    let mut screen = std::mem::ManuallyDrop::new(Screen::take().unwrap());
    screen.terminal().draw(|_| ()).unwrap();
    panic!("on purpose");
}
