//! Opens, which mostly wait for an answer instead of stopping: what is said of them, and that programs do not notice.

use super::{Place, RULES, alerts};

/// Opens the secret in every way that does not say so, and much else; twice, so that the kernel has it all in memory. What the
/// programs say of it would come between the alerts.
const DETOURS: &str = "\
exec 2>/dev/null
mkdir made; ln -s secret link; ln -s made folder; ln -s \"$PWD/made/secret\" towards; ln -s /proc/self/cwd own
for round in 1 2; do
  cat secret; cat ./link; cat folder/../link; cat own/secret; cat /dev/fd/3 3<secret
  cat no/secret; cat link/secret; cat nothing rules.yaml /proc/self/stat
  (cd made; cat ../link; cat \"$OLDPWD/secret\")
  echo x > towards; rm made/secret
done
true";

#[test]
fn what_is_let_go_where_it_begins_raises_no_alert_and_all_else_does() {
    let with = |options: &[&str]| {
        let place = Place::new();
        let output = place.kestrel(options).args(["-v", "--", "sh", "-c", DETOURS]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let filtered =
            text.lines().find_map(|line| line.split_once(" records, ")?.1.split_once(" filtered")).unwrap().0;
        let path = place.path().to_str().unwrap();
        let alerts: Vec<String> = alerts(&output).iter().map(|alert| alert.replace(path, "FOLDER")).collect();
        (alerts, filtered.parse::<u32>().unwrap())
    };
    let (judged, filtered) = with(&[]);
    let (recorded, none) = with(&["-o", "prefilter.enabled=false"]);
    assert_eq!(judged, recorded);
    assert!(filtered > 50 && none == 0, "{filtered} and {none} filtered");
    // In each round eight that read it, one that makes another, two that fail.
    assert_eq!(judged.len(), 2 * 11, "{judged:#?}");
}

#[test]
fn a_call_that_has_to_wait_for_somebody_else_is_recorded_when_it_is_made() {
    let place = Place::new();
    let script = "rm secret; mkfifo secret; (sleep 0.2; echo x > secret) & cat secret; wait";
    let output = place.sh(script);
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"x\n"[..], Some(0)), "{output:?}");
    let mut alerts = alerts(&output);
    alerts.sort();
    assert_eq!(alerts.len(), 2, "{:?}", alerts.first());
    assert!(alerts[0].starts_with("Warning secret opened (by=cat args=cat secret"), "{alerts:?}");
    assert!(alerts[1].starts_with("Warning secret opened (by=sh args=sh -c"), "{alerts:?}");
}

#[test]
fn a_signal_makes_no_call_fail_that_it_would_not_make_fail_without_us() {
    let place = Place::new();
    place.build(
        &[],
        r#"
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <sys/time.h>
        #include <unistd.h>
        static void ring(int n) { (void)n; }
        static void every(int us) {
            struct itimerval timer = {{0, us}, {0, us}};
            setitimer(ITIMER_REAL, &timer, 0);
        }
        int main(void) {
            struct sigaction action = {.sa_handler = ring};
            sigaction(SIGALRM, &action, 0);
            every(200);
            const char *names[] = {"rules.yaml", "missing", "made", "secret", "/proc/self/stat"};
            int interrupted = 0;
            for (int n = 0; n < 10000; n++) {
                int fd = open(names[n % 5], n % 5 == 2 ? O_CREAT | O_RDWR : O_RDONLY, 0600);
                if (fd >= 0) close(fd);
                else interrupted += errno == EINTR;
                if (n % 80 == 2) unlink("made");
            }
            mkfifo("pipe", 0600);
            every(20000);
            int fd = open("pipe", O_RDONLY);
            printf("%d, %s\n", interrupted, fd < 0 ? strerror(errno) : "opened");
            return 0;
        }"#,
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0, Interrupted system call\n", "{:?}", output.status);
    let opened = alerts(&output).iter().filter(|alert| alert.contains("secret opened")).count();
    assert_eq!(opened, 2000);
}

#[test]
fn an_open_that_nobody_asks_for_is_interrupted_by_signals_as_ever() {
    let place = Place::new();
    std::fs::write(place.path().join("rules.yaml"), RULES.replace("(open, openat)", "(openat)")).unwrap();
    place.build(
        &[],
        r#"
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <unistd.h>
        static int rings;
        static void ring(int n) { if (++rings == 20) _exit(n); }
        int main(void) {
            struct sigaction action = {.sa_handler = ring};
            struct itimerval timer = {{0, 20000}, {0, 20000}};
            sigaction(SIGALRM, &action, 0);
            mkfifo("pipe", 0600);
            setitimer(ITIMER_REAL, &timer, 0);
        #ifdef SYS_open
            int fd = syscall(SYS_open, "pipe", O_RDONLY);
        #else
            int fd = open("pipe", O_RDONLY);
        #endif
            printf("%s\n", fd < 0 ? strerror(errno) : "opened");
            return 0;
        }"#,
    );
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Interrupted system call\n", "{:?}", output.status);
}

/// Another task writes `secret` over the name `public`, and back, while the first one opens it: each time that it got the secret is
/// an alert, whatever the name was when the call began.
fn renamed_meanwhile(start: &str) {
    let place = Place::new();
    std::fs::write(place.path().join("public"), "y").unwrap();
    let text = r#"
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <pthread.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>
        static char name[] __attribute__((aligned(8))) = "public\0";
        static volatile int over;
        static char stack[65536] __attribute__((aligned(16)));
        static void *rename_it(void *unused) {
            while (!over) {
                *(volatile long long *)name = *(long long *)"secret\0";
                *(volatile long long *)name = *(long long *)"public\0";
            }
            return unused;
        }
        static int rename_in_process(void *unused) { rename_it(unused); return 0; }
        int main(void) {
            struct stat secret, opened;
            int got = 0;
            stat("secret", &secret);
            START
            for (int i = 0; i < 3000; i++) {
                int fd = open(name, O_RDONLY);
                if (fd < 0) continue;
                fstat(fd, &opened);
                got += opened.st_ino == secret.st_ino;
                close(fd);
            }
            over = 1;
            printf("%d\n", got);
            return 0;
        }"#;
    place.build(&["-pthread", "-Wno-unused-function"], &text.replace("START", start));
    let output = place.kestrel(&["--", "./program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let got: usize = String::from_utf8(output.stdout.clone()).unwrap().trim().parse().unwrap();
    assert!(got > 0, "it never got the secret");
    let opened = |alert: &&String| alert.contains("secret opened") && alert.contains("res=SUCCESS");
    assert_eq!(alerts(&output).iter().filter(opened).count(), got);
}

#[test]
fn a_name_that_a_thread_changes_during_the_call_is_judged_by_what_was_opened() {
    renamed_meanwhile("pthread_t thread; if (pthread_create(&thread, 0, rename_it, 0)) return 1;");
}

#[test]
fn so_is_one_that_a_process_changes_which_has_the_same_memory() {
    renamed_meanwhile("if (clone(rename_in_process, stack + sizeof stack, CLONE_VM | SIGCHLD, 0) < 0) return 1;");
}
