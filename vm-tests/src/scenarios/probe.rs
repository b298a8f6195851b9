//! The eBPF probe where it is not easily had: with few capabilities, on kernels that are locked down, beside other daemons, after
//! other versions.

use super::Scenario;
use crate::guest::alerts::Alert;
use crate::guest::daemon::{DEFAULT_RULES, Daemon, Ended, run_by};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::{start, succeed};
use crate::guest::stage::Stage;
use crate::guest::{module, pinned, powers, raw, sentinel};
use crate::protocol::Word;
use kestrel::sources::{EbpfSource, Source};
use kestrel_core::event::Record;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Builder, Condition, Is, Operand};
use kestrel_core::schema::id;
use nix::mount::{MsFlags, mount, umount};
use nix::unistd::{Gid, Uid, chown};
use std::path::Path;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "few-capabilities",
        "with BPF, PERFMON and SYS_PTRACE alone, as a user and as root, locked down for integrity: the alerts are those of root",
        few_capabilities,
    )
    .of_probe()
    .alone()
    // Older kernels count maps among locked memory, of which a user has too little.
    .since(6, 1)
    .limit(240),
    Scenario::steps(
        "no-capabilities",
        "who may not load programs is told which capabilities are missing, and is offered kestrel run",
        no_capabilities,
    )
    .of_probe(),
    Scenario::steps(
        "locked-down",
        "a kernel that is locked down for confidentiality refuses the probe: the daemon says so, and what its verifier says",
        locked_down,
    )
    .of_probe()
    .alone()
    .since(6, 1),
    Scenario::steps("auto-source", "events come from the module if it is loaded, else from the probe", auto_source).of_probe(),
    Scenario::steps("load-time", "the probe is loaded in less than a second, best of three", load_time).of_probe().parallel().on_request(),
    Scenario::steps(
        "many-numbers",
        "what is judged by more numbers than the probe looks at first is kept and rejected as by few",
        many_numbers,
    )
    .of_probe(),
    Scenario::steps("two-daemons", "a second daemon is told who has the probe, and the first one goes on", two_daemons).of_probe(),
    Scenario::steps(
        "another-probe-is-kept",
        "a probe that another version left, or one with another ring, is told, counted and replaced",
        another_is_kept,
    )
    .of_probe(),
];

/// How many of our calls the probe keeps, of events that are wanted if their number is among so many, which it is last of or not.
fn kept(count: u64, among: bool) -> Outcome<u64> {
    const CALLS: u64 = 50;
    let told = |error: &dyn std::error::Error| error.to_string();
    let parent = u64::from(std::os::unix::process::parent_id());
    // Numbers that are no process's.
    let others = (1 << 30)..(1 << 30) + count - u64::from(among);
    let numbers: Vec<u64> = others.chain(among.then_some(parent)).collect();
    let wanted = Condition::test(Operand::param(Load::Number, 0), Is::Among(numbers));
    let mut builder = Builder::new();
    builder.section(id::GETPPID, &wanted).map_err(|error| told(&error))?;
    let program = builder.finish().map_err(|error| told(&error))?;
    let mut probe = EbpfSource::open(1024, None).map_err(|error| told(&error))?;
    probe.set_program(program.as_bytes()).map_err(|error| told(&error))?;
    probe.start(&[id::GETPPID].into_iter().collect()).map_err(|error| told(&error))?;
    (0..CALLS).for_each(|_| raw::getppid());
    let mut kept = 0;
    while let Some(record) = probe.next().map_err(|error| told(&error))? {
        let record = Record::parse(record).map_err(|error| format!("a record cannot be read: {error:?}"))?;
        kept += u64::from(record.task().pid == std::process::id());
    }
    let counters = probe.counters();
    probe.stop().map_err(|error| told(&error))?;
    ensure(counters.seen >= CALLS && counters.seen == counters.delivered + counters.filtered, || {
        format!("the counts do not add up: {counters:?}")
    })?;
    Ok(kept)
}

/// More comparisons than the probe makes keep an event, whatever they would say.
fn many_numbers(_: &mut Stage<'_>) -> Outcome {
    for (count, among, expected) in [(3, true, 50), (3, false, 0), (60, true, 50), (60, false, 0), (500, false, 50)] {
        let kept = kept(count, among)?;
        ensure(kept == expected, || {
            format!("{kept} calls instead of {expected} are kept, by {count} numbers, {among}")
        })?;
    }
    Ok(())
}

/// Where a daemon of any user can write its alerts.
const FOLDER: &str = "/run/powers";

/// The rule of what these scenarios do.
const RULES: &str = "/run/powers.yaml";

/// What is known of a process, and of those before it: all that does not differ from one time to the next.
const KNOWN: [&str; 30] = [
    "evt.type",
    "fd.name",
    "fd.dev",
    "fd.ino",
    "proc.name",
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cmdline",
    "proc.cwd",
    "proc.env",
    "proc.tty",
    "proc.exe_ino",
    "proc.exe_ino.ctime",
    "proc.is_exe_writable",
    "proc.pname",
    "proc.pexepath",
    "proc.pcmdline",
    "proc.aname[2]",
    "proc.aexepath[2]",
    "proc.aenv[1]",
    "proc.acmdline[2]",
    "thread.cgroups",
    "thread.cap_permitted",
    "user.uid",
    "user.name",
    "user.loginuid",
    "group.gid",
    "group.name",
    "container.id",
];

/// The file that the acts open.
const OPENED: &str = "/etc/gshadow";

fn prepare() -> Outcome {
    sentinel::prepare()?;
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    let fields: Vec<String> = KNOWN.iter().map(|field| format!("%{field}")).collect();
    let text = format!(
        "- rule: Known\n  desc: Everything that is known of who opens a file.\n  \
         condition: evt.type in (open, openat) and fd.name = {OPENED}\n  output: '{}'\n  priority: NOTICE\n  tags: [test]\n",
        fields.join(" ")
    );
    std::fs::write(RULES, text).doing(RULES)
}

/// What an alert shows, by the fields' names.
type Shown = Vec<(String, String)>;

/// What is known of those who open a file, by a daemon that this program starts: of a process that is older than the daemon, of a
/// program that it starts, and of one of another user. And the daemon's log.
fn known(by: &[&str], uid: u32, options: &[&str]) -> Outcome<(Vec<Shown>, String)> {
    let go = format!("{FOLDER}/go");
    let _ = std::fs::remove_file(&go);
    let script = format!(
        "cd /srv; while [ ! -e {go} ]; do /bin/sleep 1; done; read line < {OPENED}; /bin/cat {OPENED}; \
         /usr/bin/agent as-user /bin/cat {OPENED}; true"
    );
    let mut older = start(&["/bin/env", "MARK=older", "/bin/sh", "-c", &script])?;
    let outcome = watched(by, uid, options, || {
        std::fs::write(&go, "")?;
        Ok(older.wait().map(drop)?)
    });
    let _ = older.kill();
    let _ = older.wait();
    outcome
}

fn watched(by: &[&str], uid: u32, options: &[&str], acts: impl FnOnce() -> Outcome) -> Outcome<(Vec<Shown>, String)> {
    let alerts = format!("{FOLDER}/{uid}");
    std::fs::write(&alerts, "")?;
    chown(alerts.as_str(), Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid)))?;
    let mut daemon = Daemon::start_as(by, &[RULES, sentinel::RULES], options, &alerts)?;
    ensure_powers(&daemon, by, uid)?;
    acts()?;
    let alerts = sentinel::settle(&mut daemon)?;
    let ended = daemon.stop()?;
    let summary = ended.summary()?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("something was dropped: {summary:?}"))?;
    let fields = |alert: &Alert| alert.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok((alerts.iter().filter(|alert| alert.rule() == "Known").map(fields).collect(), ended.log))
}

/// Nobody can have more than is in the bounding set, whatever it gave up since.
fn ensure_powers(daemon: &Daemon, by: &[&str], uid: u32) -> Outcome {
    /// Bits of `CapBnd` (`linux/capability.h`): SYS_PTRACE, PERFMON, BPF.
    const BITS: u64 = 1 << 19 | 1 << 38 | 1 << 39;
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid()))?;
    let line = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned();
    let bounds = u64::from_str_radix(&line("CapBnd:"), 16).map_err(|error| error.to_string())?;
    ensure(by.is_empty() || bounds == BITS, || format!("the daemon may have {bounds:x}"))?;
    ensure(line("Uid:").split_whitespace().next() == Some(&uid.to_string()), || {
        format!("the daemon is {}", line("Uid:"))
    })
}

/// Locks the kernel down, which cannot be undone.
fn lock_down(mode: &str) -> Outcome {
    let place = "/sys/kernel/security";
    mount(Some("securityfs"), place, Some("securityfs"), MsFlags::empty(), None::<&str>).doing(place)?;
    let path = format!("{place}/lockdown");
    std::fs::write(&path, mode).doing(&path)?;
    let now = std::fs::read_to_string(&path)?;
    ensure(now.contains(&format!("[{mode}]")), || format!("{path} is {now}"))
}

fn few_capabilities(_: &mut Stage<'_>) -> Outcome {
    prepare()?;
    lock_down("integrity")?;
    let unprivileged = "/proc/sys/kernel/unprivileged_bpf_disabled";
    std::fs::write(unprivileged, "2").doing(unprivileged)?;
    let (all, _) = known(&[], 0, &[])?;
    ensure(all.len() == 3, || format!("{} alerts instead of three: {all:#?}", all.len()))?;
    // Debian's kernels have a level at which perf_event_open(2) wants SYS_ADMIN: by it the functions of io_uring are watched.
    let paranoid = "/proc/sys/kernel/perf_event_paranoid";
    let not_kept = "cannot be kept there over restarts";
    let release = succeed(&["/bin/uname", "-r"])?;
    for (uid, level, options, kept) in [
        (1000, "3", &["engine.ebpf.pin_dir="][..], true),
        (1000, "2", &[], false),
        (0, "3", &[], true),
        (0, "2", &["sandbox.enabled=false"], true),
    ] {
        let case = format!("user {uid}, perf_event_paranoid {level}, {options:?}");
        std::fs::write(paranoid, level).doing(paranoid)?;
        let name = uid.to_string();
        let (few, log) = known(&powers::words(&name, powers::OF_THE_PROBE), uid, options).doing(&case)?;
        let differences: Vec<String> = all.iter().zip(&few).flat_map(|(all, few)| differences(all, few)).collect();
        ensure(all.len() == few.len() && differences.is_empty(), || {
            format!("{case}: {} alerts, with {differences:#?}", few.len())
        })?;
        let warnings: Vec<&str> = log.lines().filter(|line| line.contains("warning: ")).collect();
        let of_requests = warnings.iter().filter(|line| line.contains("what io_uring does is not recorded")).count();
        ensure(of_requests == usize::from(level == "3"), || format!("{case}: {log}"))?;
        ensure(warnings.iter().any(|line| line.contains(not_kept)) != kept, || format!("{case}: {log}"))?;
        // Where the probe is preempted, it wants tracepoints of perf, which are described where root alone may read.
        let of_preemption = warnings.iter().filter(|line| line.contains("this kernel preempts the probe")).count();
        let preempts = release.starts_with("7.") && (level == "3" || uid != 0);
        ensure(of_preemption == usize::from(preempts), || format!("{case}: {log}"))?;
        let expected = of_requests + of_preemption + usize::from(!kept);
        ensure(warnings.len() == expected, || {
            format!("{case}: {} warnings instead of {expected}: {log}", warnings.len())
        })?;
    }
    Ok(())
}

fn differences(all: &Shown, few: &Shown) -> Vec<String> {
    all.iter().zip(few).filter(|(all, few)| all != few).map(|(all, few)| format!("{all:?} {few:?}")).collect()
}

/// What a daemon says that does not start, and must not.
fn refused(by: &[&str], options: &[&str], says: &[&str]) -> Outcome {
    let mut args = vec!["-r", DEFAULT_RULES];
    for option in options {
        args.extend(["-o", option]);
    }
    let Ended { status, log } = run_by(by, &args)?;
    ensure(status.code() == Some(1), || format!("the daemon ended with {status}:\n{log}"))?;
    for text in says {
        ensure(log.contains(text), || format!("the daemon does not say {text:?}, but:\n{log}"))?;
    }
    Ok(())
}

fn no_capabilities(_: &mut Stage<'_>) -> Outcome {
    let says = ["/dev/kestrel0", "it lacks BPF and PERFMON and SYS_PTRACE", "`kestrel run -- COMMAND`"];
    refused(&powers::words("1000", powers::NONE), &["engine.kind=auto"], &says)?;
    refused(&powers::words("1000", "CAP_BPF,CAP_SYS_PTRACE"), &["engine.kind=ebpf"], &["it lacks PERFMON:"])
}

fn locked_down(_: &mut Stage<'_>) -> Outcome {
    lock_down("confidentiality")?;
    refused(
        &[],
        &["engine.kind=auto"],
        &["/dev/kestrel0", "locked down in mode confidentiality", "`kestrel run -- COMMAND`"],
    )?;
    // Where nobody can know that, the kernel's verifier says it.
    umount("/sys/kernel/security")?;
    let release = succeed(&["/bin/uname", "-r"])?;
    let kernel = format!("Linux {} refuses the eBPF program", release.trim());
    let says = [&kernel, "helper bpf_probe_read", "lockdown", "processed", "`kestrel run` for a single command"];
    refused(&[], &["engine.kind=ebpf"], &says)
}

fn auto_source(_: &mut Stage<'_>) -> Outcome {
    sentinel::prepare()?;
    let watch = |said: &str| {
        let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &["engine.kind=auto"])?;
        succeed(&["/bin/cat", "/etc/shadow"])?;
        let alerts = sentinel::settle(&mut daemon)?;
        ensure(alerts.iter().any(|alert| alert.field("fd.name") == "/etc/shadow"), || "no alert came".to_owned())?;
        let ended = daemon.stop()?;
        ensure(ended.status.success() && ended.log.contains(said), || {
            format!("{} without {said:?}:\n{}", ended.status, ended.log)
        })
    };
    watch("the eBPF probe, since there is no /dev/kestrel0")?;
    module::insert("")?;
    let outcome = watch("the kernel module, since there is /dev/kestrel0");
    module::remove().doing("the module")?;
    outcome
}

fn two_daemons(_: &mut Stage<'_>) -> Outcome {
    sentinel::prepare()?;
    let mut first = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[])?;
    let holder = format!("in use by process {} (kestrel)", first.pid());
    refused(&[], &[], &["/sys/fs/bpf/kestrel", &holder, "engine.ebpf.pin_dir"])?;
    succeed(&["/bin/cat", "/etc/shadow"])?;
    let alerts = sentinel::settle(&mut first)?;
    ensure(alerts.iter().any(|alert| alert.field("fd.name") == "/etc/shadow"), || {
        "the first one sees nothing".to_owned()
    })?;
    let ended = first.stop()?;
    ensure(ended.status.success(), || format!("the first one ended with {}:\n{}", ended.status, ended.log))
}

fn load_time(stage: &mut Stage<'_>) -> Outcome {
    let mut best = u64::MAX;
    for _ in 0..3 {
        let ended = Daemon::start(&[DEFAULT_RULES], &["log_level=debug"])?.stop()?;
        let told = ended.log.split("the eBPF probe was loaded in ").nth(1).and_then(|rest| rest.split(' ').next());
        let took = told.and_then(|ms| ms.parse::<u64>().ok());
        best = best.min(took.ok_or_else(|| format!("the daemon does not say how long it took:\n{}", ended.log))?);
    }
    stage.say(&Word::Say(format!("the eBPF probe was loaded in {best} ms")));
    ensure(best < 1000, || format!("loading the probe took {best} ms at least"))
}

/// Numbers in the map that says whose probe it is.
const ABOUT_WORDS: usize = 8;

fn another_is_kept(_: &mut Stage<'_>) -> Outcome {
    sentinel::prepare()?;
    let rules = [DEFAULT_RULES, sentinel::RULES];
    let about = "/sys/fs/bpf/kestrel/ABOUT";
    type Change = fn(&mut [u64; ABOUT_WORDS]);
    let cases: [(Change, &str, &str); 3] = [
        (|words| words[0] ^= 1, "", "(its programs differ)"),
        (|words| words[1] ^= 1, "", "(its table of events differ)"),
        (|_| {}, "engine.ebpf.ring_kib=4096", "(its ring's size differ)"),
    ];
    for (change, option, says) in cases {
        let killed = Daemon::start(&rules, &[])?;
        killed.kill()?;
        // What nobody will read.
        succeed(&["/bin/cat", "/etc/shadow"])?;
        pinned::change(about, change)?;
        let options: Vec<&str> = [option].into_iter().filter(|option| !option.is_empty()).collect();
        let mut next = Daemon::start(&rules, &options)?;
        let log = next.log();
        let lost = log.split("loaded anew; ").nth(1).and_then(|rest| rest.split(' ').next());
        let lost = lost.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
        ensure(log.contains(says) && lost > 0 && !log.contains("going on where"), || {
            format!("{says:?} and what is lost is not said:\n{log}")
        })?;
        succeed(&["/bin/cat", "/etc/shadow"])?;
        let alerts = sentinel::settle(&mut next)?;
        let shadow = alerts.iter().filter(|alert| alert.field("fd.name") == "/etc/shadow").count();
        ensure(shadow == 1, || format!("{says}: {shadow} alerts instead of one"))?;
        let ended = next.stop()?;
        ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
        ensure(!Path::new(about).exists(), || "the probe outlived its daemon".to_owned())?;
    }
    Ok(())
}
