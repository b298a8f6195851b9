//! `kestrel run`: real programs, started by the tests, really traced. The binary itself is run.

mod opens;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const KESTREL: &str = env!("CARGO_BIN_EXE_kestrel");

/// Rules that say of each test what it is about, and nothing else.
const RULES: &str = "\
- rule: Secret opened
  desc: The secret was opened, or somebody tried.
  condition: evt.type in (open, openat) and fs.path.name endswith /secret
  output: secret opened (by=%proc.name args=%proc.cmdline parent=%proc.pname res=%evt.res thread=%thread.ismain)
  priority: WARNING
- rule: Program executed
  desc: A program from the folder of the test.
  condition: evt.type in (execve, execveat) and evt.failed = false and proc.exepath endswith /program
  output: program executed (name=%proc.name args=%proc.cmdline parent=%proc.pname)
  priority: NOTICE
";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(dir.path().join("rules.yaml"), RULES).unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        Place(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `kestrel run` with these options, in the folder.
    fn kestrel(&self, options: &[&str]) -> Command {
        let mut command = Command::new(KESTREL);
        command.args(["run", "-r", "rules.yaml"]).args(options).current_dir(&self.0).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/bin:/bin");
        command
    }

    fn sh(&self, script: &str) -> Output {
        self.kestrel(&["--", "sh", "-c", script]).output().unwrap()
    }

    /// Builds a program from C, as `program` in the folder.
    fn build(&self, options: &[&str], text: &str) {
        let source = self.path().join("program.c");
        std::fs::write(&source, text).unwrap();
        let mut gcc = Command::new("gcc");
        let built = gcc.args(options).arg("-o").arg(self.path().join("program")).arg(&source).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    }
}

/// What the alerts say, without their times.
fn alerts(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let alert =
        |line: &str| line.split_once(": ").filter(|(time, _)| time.len() == 18).map(|(_, alert)| alert.to_owned());
    text.lines().filter_map(alert).collect()
}

fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The letter of a process's state (proc_pid_stat(5)).
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

fn kill(pid: u32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

#[test]
fn an_alert_goes_to_standard_error_and_the_command_keeps_its_output_and_its_exit_code() {
    let place = Place::new();
    let output = place.sh("cat secret; exit 7");
    assert_eq!(output.stdout, b"x");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(
        alerts(&output),
        ["Warning secret opened (by=cat args=cat secret parent=sh res=SUCCESS thread=true)"],
        "{output:?}"
    );
}

#[test]
fn what_fails_is_judged_too() {
    let place = Place::new();
    // What the command says must not come into the middle of a line of ours.
    let output = place.sh("cat no/secret 2>/dev/null");
    let alert = "Warning secret opened (by=cat args=cat no/secret parent=sh res=ENOENT thread=true)";
    assert_eq!(alerts(&output), [alert], "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn without_any_installation_the_rules_that_are_built_in_are_in_force() {
    if Path::new("/etc/kestrel").exists() {
        panic!("this test needs a machine on which Kestrel is not installed");
    }
    let mut command = Command::new(KESTREL);
    command.args(["run", "--", "grep", "-q", "id_rsa", "/dev/null"]).env_clear().env("PATH", "/usr/bin:/bin");
    let output = command.output().unwrap();
    let alerts = alerts(&output);
    assert_eq!(alerts.len(), 1, "{output:?}");
    assert!(alerts[0].starts_with("Warning Search for private keys (command=grep -q id_rsa /dev/null parent=kestrel"));
}

#[test]
fn a_killed_command_gives_what_shells_give() {
    let place = Place::new();
    assert_eq!(place.sh("kill -KILL $$").status.code(), Some(137));
    assert_eq!(place.sh("kill -TERM $$").status.code(), Some(143));
    // A real-time signal.
    assert_eq!(place.sh("kill -40 $$").status.code(), Some(168));
}

#[test]
fn a_command_that_cannot_be_executed_is_said_and_gives_what_shells_give() {
    let place = Place::new();
    for (command, code, message) in [
        ("no-such-program", 127, "no-such-program: no such program, neither as a path nor in PATH"),
        ("./no/such", 127, "./no/such: cannot execute it: ENOENT: No such file or directory"),
        ("./secret", 126, "./secret: cannot execute it: EACCES: Permission denied"),
    ] {
        let output = place.kestrel(&["--", command]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("kestrel: {message}\n"));
    }
}

#[test]
fn a_program_of_another_thread_than_the_first_is_followed_through_its_exec() {
    let place = Place::new();
    place.build(
        &["-pthread"],
        r#"
        #include <pthread.h>
        #include <unistd.h>
        static void *wait_for_ever(void *unused) { for (;;) pause(); return unused; }
        static void *execute(void *unused) { usleep(30000); execl("/bin/cat", "cat", "secret", (char *)0); return unused; }
        int main(void) {
            pthread_t thread[4];
            for (int i = 0; i < 3; i++) pthread_create(&thread[i], 0, wait_for_ever, 0);
            pthread_create(&thread[3], 0, execute, 0);
            pthread_join(thread[3], 0);
            return 9;
        }"#,
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        alerts(&output),
        [
            "Notice program executed (name=program args=program parent=kestrel)",
            "Warning secret opened (by=cat args=cat secret parent=kestrel res=SUCCESS thread=true)"
        ]
    );
}

#[test]
fn threads_that_come_and_go_are_followed_and_their_calls_are_theirs() {
    let place = Place::new();
    place.build(
        &["-pthread"],
        r#"
        #include <fcntl.h>
        #include <pthread.h>
        static void *look(void *unused) { open("secret", O_RDONLY); return unused; }
        int main(void) {
            for (int i = 0; i < 200; i++) {
                pthread_t thread;
                if (pthread_create(&thread, 0, look, 0)) return 1;
                pthread_join(thread, 0);
            }
            return 0;
        }"#,
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let threads = alerts(&output).iter().filter(|alert| alert.contains("thread=false")).count();
    assert_eq!(threads, 200);
}

#[test]
fn a_stopped_process_stays_stopped_and_goes_on() {
    let place = Place::new();
    let script =
        "sleep 0.3 & p=$!; kill -STOP $p; sleep 0.1; cut -d' ' -f3 /proc/$p/stat; kill -CONT $p; wait $p; echo $?";
    let output = place.sh(script);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "t\n0\n");
}

#[test]
fn children_that_are_killed_at_any_moment_leave_nothing_behind() {
    let place = Place::new();
    let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
                  (sh -c 'cat secret >/dev/null; (sleep 60 & sleep 60)') & p=$!; kill -KILL $p; wait $p; done 2>/dev/null; \
                  sh -c 'kill -KILL 0' & sleep 0; exit 3";
    let mut command = place.kestrel(&["--", "setsid", "-w", "sh", "-c", script]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    until(|| child.try_wait().unwrap().is_some());
    let code = child.wait().unwrap().code();
    assert!(code.is_some(), "kestrel itself was killed");
}

#[test]
fn vfork_and_a_job_of_many_processes_work() {
    let place = Place::new();
    place.build(
        &[],
        r#"
        #define _GNU_SOURCE
        #include <sys/wait.h>
        #include <unistd.h>
        int main(void) {
            int status = 0;
            for (int i = 0; i < 50; i++) {
                pid_t child = vfork();
                if (child == 0) { execl("/bin/true", "true", (char *)0); _exit(1); }
                if (waitpid(child, &status, 0) != child || status) return 1;
            }
            return 0;
        }"#,
    );
    let script = "for i in 1 2 3 4 5 6 7 8; do ./program & done; wait; ./program";
    let output = place.sh(script);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(alerts(&output).len(), 9);
}

#[test]
fn a_32_bit_program_is_watched_by_its_own_table() {
    let place = Place::new();
    place.build(
        &["-m32", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector"],
        r#"
        static int call(int nr, const void *a, int b, int c) {
            int result;
            __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
            return result;
        }
        void _start(void) {
            int fd = call(5, "secret", 0, 0);
            call(1, (void *)(fd >= 0 ? 4 : 5), 0, 0);
        }"#,
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert_eq!(
        alerts(&output),
        [
            "Notice program executed (name=program args=program parent=kestrel)",
            "Warning secret opened (by=program args=program parent=kestrel res=SUCCESS thread=true)"
        ]
    );
}

#[test]
fn a_set_user_id_program_runs_without_its_privilege_and_that_is_said_once() {
    let place = Place::new();
    let program = Path::new("/usr/bin/su");
    assert!(std::fs::metadata(program).unwrap().permissions().mode() & 0o4000 != 0, "su is set-user-ID everywhere");
    let mut command = place.kestrel(&["--", "sh", "-c", "/usr/bin/su --version; /usr/bin/su --version"]);
    if nix::unistd::geteuid().is_root() {
        // An ordinary user must be able to execute it.
        let copy = place.path().join("kestrel");
        std::fs::copy(KESTREL, &copy).unwrap();
        command = Command::new(copy);
        command.args(["run", "-r", "rules.yaml", "--", "sh", "-c", "/usr/bin/su --version; /usr/bin/su --version"]);
        command
            .current_dir(&place.0)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .uid(65534)
            .gid(65534);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "kestrel: warning: /usr/bin/su runs without the privilege that its set-user-ID bit would give it, for it is traced by an \
         ordinary user; this is said once\n"
    );
}

#[test]
fn a_tracer_inside_fails_as_it_must() {
    let place = Place::new();
    place.build(
        &[],
        "#include <sys/ptrace.h>\n#include <errno.h>\nint main(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0) == -1 && errno == EPERM ? 5 : 6; }",
    );
    assert_eq!(place.kestrel(&["--", "./program"]).output().unwrap().status.code(), Some(5));
}

/// A command under kestrel that says a line when it is ready.
fn ready(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    child
}

#[test]
fn a_signal_for_kestrel_reaches_the_command_which_decides_how_it_ends() {
    let place = Place::new();
    let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done";
    let mut child = ready(&mut place.kestrel(&["--", "sh", "-c", script]));
    kill(child.id(), nix::sys::signal::Signal::SIGTERM);
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn whoever_kills_kestrel_kills_the_command() {
    let place = Place::new();
    let mut child = ready(&mut place.kestrel(&["--", "sh", "-c", "echo $$ >pid; echo ready; exec sleep 60"]));
    let pid: u32 = std::fs::read_to_string(place.path().join("pid")).unwrap().trim().parse().unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    until(|| state(pid).is_none_or(|state| state == 'Z'));
}

#[test]
fn a_process_that_is_there_is_followed_and_let_go_of_unharmed() {
    let place = Place::new();
    let mut watched = Command::new("sh")
        .args([
            "-c",
            "while [ ! -e go ]; do sleep 0.02; done; cat secret; while [ ! -e end ]; do sleep 0.02; done; exit 6",
        ])
        .current_dir(place.path())
        .spawn()
        .unwrap();
    let pid = watched.id().to_string();
    let mut command =
        place.kestrel(&["-o", "file_output.enabled=true", "-o", "file_output.filename=alerts", "--pid", &pid]);
    let mut kestrel = command.stdout(Stdio::null()).spawn().unwrap();
    let status = || std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let tracer = format!("TracerPid:\t{}\n", kestrel.id());
    until(|| status().contains(&tracer));
    std::fs::write(place.path().join("go"), "").unwrap();
    let alerts = || std::fs::read_to_string(place.path().join("alerts")).unwrap_or_default();
    until(|| alerts().contains("secret opened (by=cat args=cat secret parent=sh"));
    kill(kestrel.id(), nix::sys::signal::Signal::SIGINT);
    assert_eq!(kestrel.wait().unwrap().code(), Some(0));
    assert!(status().contains("TracerPid:\t0\n"));
    std::fs::write(place.path().join("end"), "").unwrap();
    assert_eq!(watched.wait().unwrap().code(), Some(6));
}

#[test]
fn with_all_calls_the_same_is_seen() {
    let place = Place::new();
    let output = place.kestrel(&["--all-calls", "--", "sh", "-c", "cat secret"]).output().unwrap();
    assert_eq!(alerts(&output), ["Warning secret opened (by=cat args=cat secret parent=sh res=SUCCESS thread=true)"]);
}

#[test]
fn a_connection_names_both_ends_while_it_is_made_and_when_it_is() {
    let place = Place::new();
    let rule = "- rule: Connection\n  desc: d\n  condition: evt.type in (connect, accept4, accept) and fd.type = ipv4\n  \
                output: connection (by=%evt.type to=%fd.sip:%fd.sport res=%evt.res)\n  priority: NOTICE\n";
    std::fs::write(place.path().join("rules.yaml"), rule).unwrap();
    place.build(
        &[],
        r#"
        #include <arpa/inet.h>
        #include <fcntl.h>
        #include <netinet/in.h>
        #include <sys/socket.h>
        int main(void) {
            struct sockaddr_in to = {.sin_family = AF_INET};
            socklen_t len = sizeof to;
            to.sin_addr.s_addr = htonl(0x7f000001);
            int listener = socket(AF_INET, SOCK_STREAM, 0);
            to.sin_port = htons(LISTEN_PORT);
            int one = 1;
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
            if (bind(listener, (void *)&to, len) || listen(listener, 5)) return 1;
            int client = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(client, (void *)&to, len)) return 2;
            if (accept(listener, 0, 0) < 0) return 3;
            /* Where nobody answers, a connection is being made for a while. */
            int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            to.sin_addr.s_addr = htonl(0xc0000201);
            connect(other, (void *)&to, len);
            return 0;
        }"#
        .replace("LISTEN_PORT", "28471")
        .as_str(),
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let alerts = alerts(&output);
    assert_eq!(alerts[0], "Notice connection (by=connect to=127.0.0.1:28471 res=SUCCESS)");
    assert_eq!(alerts[1], "Notice connection (by=accept to=127.0.0.1:28471 res=SUCCESS)");
    // A machine without any route says so at once.
    let being_made = "Notice connection (by=connect to=192.0.2.1:28471 res=EINPROGRESS)";
    let no_route = "res=ENETUNREACH)";
    assert!(alerts[2] == being_made || alerts[2].ends_with(no_route), "{alerts:?}");
}

/// The records of a command, one a line, normalized, with what an exec at another address changes left out.
fn records(place: &Place, options: &[&str], events: &[&str]) -> Vec<String> {
    let mut command = place.kestrel(options);
    let output = command.args(["--dump", "--normalize", "--", "./program"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let wanted = |line: &&str| events.iter().any(|event| line.contains(&format!("\"event\":\"{event}\"")));
    text.lines().filter(wanted).map(str::to_owned).collect()
}

#[test]
fn the_same_is_recorded_whether_a_filter_chooses_the_calls_or_every_call_stops() {
    let place = Place::new();
    place.build(
        &["-static"],
        r#"
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <poll.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/un.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main(void) {
            mkdir("d", 0700);
            int fd = openat(AT_FDCWD, "d/../secret", O_RDONLY | O_CLOEXEC);
            char buffer[8];
            read(fd, buffer, sizeof buffer);
            unlink("d/no");
            rename("secret", "d/secret");
            chdir("d");
            int pair[2];
            socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
            write(pair[0], "hello", 5);
            struct pollfd polled = {.fd = pair[1], .events = POLLIN};
            poll(&polled, 1, 100);
            if (fork() == 0) _exit(3);
            wait(0);
            rename("secret", "../secret");
            chdir("..");
            rmdir("d");
            execl("/bin/true", "true", (char *)0);
            return 1;
        }"#,
    );
    let events = [
        "mkdir",
        "openat",
        "read",
        "unlink",
        "rename",
        "chdir",
        "socketpair",
        "write",
        "poll",
        "clone",
        "fork",
        "rmdir",
        "execve",
        "procexit",
    ];
    let filtered = records(&place, &[], &events);
    assert_eq!(filtered, records(&place, &["--all-calls"], &events));
    let count = |event: &str| filtered.iter().filter(|line| line.contains(&format!("\"event\":\"{event}\""))).count();
    assert_eq!([count("mkdir"), count("rename"), count("execve"), count("procexit"), count("poll")], [1, 2, 2, 2, 1]);
    let opened = filtered.iter().find(|line| line.contains("d/../secret")).unwrap();
    let secret = place.path().join("secret");
    assert!(opened.contains(&format!("\"absolute\":\"{}\"", secret.display())), "{opened}");
    assert!(opened.contains("\"open_flags\":\"0o2100000\""), "{opened}");
}

#[test]
fn a_command_that_rests_as_long_as_kestrel_looks_around_always_goes_on() {
    let place = Place::new();
    let script = "n=0; while [ $n -lt 60 ]; do sleep 0.0$((n % 5 * 5 + 1)); n=$((n + 1)); done; cat secret";
    let mut child =
        place.kestrel(&["--", "sh", "-c", script]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(|| child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_program_is_called_by_what_was_asked_for_though_its_call_did_not_stop() {
    let place = Place::new();
    place.build(&[], "int main(void) { return 0; }");
    std::fs::write(place.path().join("script"), "#!./program word\n").unwrap();
    std::fs::set_permissions(place.path().join("script"), PermissionsExt::from_mode(0o755)).unwrap();
    let output = place.sh("./program one; (exec ./script two); ./none 2>/dev/null; exec ./program");
    assert_eq!(
        alerts(&output),
        [
            "Notice program executed (name=program args=program one parent=sh)",
            "Notice program executed (name=script args=script word ./script two parent=sh)",
            "Notice program executed (name=program args=program parent=kestrel)",
        ],
        "{output:?}"
    );
}
