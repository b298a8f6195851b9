//! Containers of real engines: what the default rules say of them, and what is known of one at its first event.

use super::Scenario;
use crate::engine::Engine;
use crate::guest::alerts::Alert;
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::engines::pod::{self, Pod};
use crate::guest::engines::{self, Case, How, IMAGE, PAUSE, PLAIN, REPOSITORY, Ran, TAG, USER};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use std::time::{Duration, Instant};

/// Podman's.
pub const PODMAN: &[Scenario] = &[
    case("podman-shell", "a shell with a terminal in a container of Podman's raises an alert", Engine::Podman, &SHELL),
    case(
        "podman-added-program",
        "a program that was put into a container of Podman's raises an alert when it runs",
        Engine::Podman,
        &ADDED,
    ),
    case(
        "podman-sensitive-mount",
        "a container of Podman's with the machine's configuration in it raises an alert when it starts",
        Engine::Podman,
        &MOUNT,
    ),
    case(
        "podman-privileged",
        "a privileged container of Podman's raises an alert when it starts",
        Engine::Podman,
        &PRIVILEGED,
    ),
    case(
        "podman-release-agent",
        "a helper of the kernel that is set in a container of Podman's raises an alert",
        Engine::Podman,
        &RELEASE_AGENT,
    ),
    case(
        "podman-package-manager",
        "a package manager in a container of Podman's raises an alert",
        Engine::Podman,
        &PACKAGES,
    ),
    case(
        "podman-kubernetes",
        "a connection from a container of Podman's to the address of a cluster's API raises an alert",
        Engine::Podman,
        &KUBERNETES,
    ),
    case(
        "podman-made-executable",
        "a file that is made a program in a container of Podman's raises an alert",
        Engine::Podman,
        &EXECUTABLE,
    ),
    Scenario::steps(
        "podman-first-event",
        "the first event of a container of Podman's that lives 50 ms has all that is known of it",
        |_: &mut Stage<'_>| first_event(Engine::Podman, |how, words| engines::run(Engine::Podman, how, words)),
    )
    .with(Engine::Podman)
    .limit(LIMIT),
    Scenario::steps(
        "podman-rootless-first-event",
        "the first event of a container of an ordinary user's Podman has all that is known of it",
        |_: &mut Stage<'_>| first_event(Engine::Podman, engines::run_rootless),
    )
    .with(Engine::Podman)
    .limit(LIMIT),
    Scenario::steps(
        "podman-ordinary",
        "an ordinary container of Podman's, and its engine, raise no alert",
        |_: &mut Stage<'_>| ordinary(Engine::Podman),
    )
    .with(Engine::Podman)
    .limit(LIMIT),
];

/// Docker's.
pub const DOCKER: &[Scenario] = &[
    case("docker-shell", "a shell with a terminal in a container of Docker's raises an alert", Engine::Docker, &SHELL),
    case(
        "docker-added-program",
        "a program that was put into a container of Docker's raises an alert when it runs",
        Engine::Docker,
        &ADDED,
    ),
    case(
        "docker-sensitive-mount",
        "a container of Docker's with the machine's configuration in it raises an alert when it starts",
        Engine::Docker,
        &MOUNT,
    ),
    case(
        "docker-privileged",
        "a privileged container of Docker's raises an alert when it starts",
        Engine::Docker,
        &PRIVILEGED,
    ),
    case(
        "docker-release-agent",
        "a helper of the kernel that is set in a container of Docker's raises an alert",
        Engine::Docker,
        &RELEASE_AGENT,
    ),
    case(
        "docker-package-manager",
        "a package manager in a container of Docker's raises an alert",
        Engine::Docker,
        &PACKAGES,
    ),
    case(
        "docker-kubernetes",
        "a connection from a container of Docker's to the address of a cluster's API raises an alert",
        Engine::Docker,
        &KUBERNETES,
    ),
    case(
        "docker-made-executable",
        "a file that is made a program in a container of Docker's raises an alert",
        Engine::Docker,
        &EXECUTABLE,
    ),
    Scenario::steps(
        "docker-first-event",
        "the first event of a container of Docker's that lives 50 ms has all that is known of it",
        |_: &mut Stage<'_>| first_event(Engine::Docker, |how, words| engines::run(Engine::Docker, how, words)),
    )
    .with(Engine::Docker)
    .limit(LIMIT),
    Scenario::steps(
        "docker-asked",
        "a container whose files are where nobody looks is known once Docker was asked, and nothing waits for that",
        |_: &mut Stage<'_>| asked(),
    )
    .with(Engine::Docker)
    .alone()
    .limit(LIMIT),
    Scenario::steps(
        "docker-ordinary",
        "an ordinary container of Docker's, and its engine, raise no alert",
        |_: &mut Stage<'_>| ordinary(Engine::Docker),
    )
    .with(Engine::Docker)
    .limit(LIMIT),
];

/// containerd's.
pub const CONTAINERD: &[Scenario] = &[
    case(
        "containerd-shell",
        "a shell with a terminal in a container of containerd's raises an alert",
        Engine::Containerd,
        &SHELL,
    ),
    case(
        "containerd-added-program",
        "a program that was put into a container of containerd's raises an alert when it runs",
        Engine::Containerd,
        &ADDED,
    ),
    case(
        "containerd-sensitive-mount",
        "a container of containerd's with the machine's configuration in it raises an alert when it starts",
        Engine::Containerd,
        &MOUNT,
    ),
    case(
        "containerd-privileged",
        "a privileged container of containerd's raises an alert when it starts",
        Engine::Containerd,
        &PRIVILEGED,
    ),
    case(
        "containerd-release-agent",
        "a helper of the kernel that is set in a container of containerd's raises an alert",
        Engine::Containerd,
        &RELEASE_AGENT,
    ),
    case(
        "containerd-package-manager",
        "a package manager in a container of containerd's raises an alert",
        Engine::Containerd,
        &PACKAGES,
    ),
    case(
        "containerd-kubernetes",
        "a connection from a container of containerd's to the address of a cluster's API raises an alert",
        Engine::Containerd,
        &KUBERNETES,
    ),
    case(
        "containerd-made-executable",
        "a file that is made a program in a container of containerd's raises an alert",
        Engine::Containerd,
        &EXECUTABLE,
    ),
    Scenario::steps(
        "containerd-first-event",
        "the first event of a container of containerd's that lives 50 ms has all that is known of it",
        |_: &mut Stage<'_>| first_event(Engine::Containerd, |how, words| engines::run(Engine::Containerd, how, words)),
    )
    .with(Engine::Containerd)
    .limit(LIMIT),
    Scenario::steps(
        "containerd-pod-first-event",
        "the first events of a pod's sandbox, and of a container in it that lives 50 ms, have the pod's names, ids and labels",
        |_: &mut Stage<'_>| first_event_of_pod(),
    )
    .with(Engine::Containerd)
    .limit(LIMIT),
    Scenario::steps(
        "containerd-ordinary",
        "an ordinary container of containerd's, and its engine, raise no alert",
        |_: &mut Stage<'_>| ordinary(Engine::Containerd),
    )
    .with(Engine::Containerd)
    .limit(LIMIT),
];

/// Seconds that one may take, with the start of the engine, emulated on a busy machine.
const LIMIT: u64 = 400;

const fn case(name: &'static str, about: &'static str, engine: Engine, case: &'static Case) -> Scenario {
    Scenario::container(name, about, engine, case).limit(LIMIT)
}

const SHELL: Case = Case {
    rule: "Shell with a terminal in a container",
    act: (How { terminal: true, ..PLAIN }, &["/bin/sh", "/etc/greet"]),
    shows: &[("proc.cmdline", "sh /etc/greet")],
    neighbour: (PLAIN, &["/bin/sh", "/etc/greet"]),
};

const ADDED: Case = Case {
    rule: "Program added to a container run",
    act: (PLAIN, &["/bin/sh", "-c", "cp /bin/busybox /tmp/true && /tmp/true"]),
    shows: &[("proc.exepath", "/tmp/true")],
    neighbour: (PLAIN, &["/bin/sh", "-c", "/bin/true"]),
};

const MOUNT: Case = Case {
    rule: "Container with a folder of the machine started",
    act: (How { mount: Some(("/etc", "/host")), ..PLAIN }, &["/bin/true"]),
    shows: &[("container.mounts", "/etc:/host::true:rprivate")],
    neighbour: (How { mount: Some(("/srv", "/data")), ..PLAIN }, &["/bin/true"]),
};

const PRIVILEGED: Case = Case {
    rule: "Container that may do anything started",
    act: (How { privileged: true, ..PLAIN }, &["/bin/true"]),
    shows: &[("proc.name", "true")],
    neighbour: (PLAIN, &["/bin/true"]),
};

const RELEASE_AGENT: Case = Case {
    rule: "Helper of the kernel set in a container",
    act: (PLAIN, &["/bin/sh", "-c", "echo /x > /tmp/release_agent"]),
    shows: &[("fd.name", "/tmp/release_agent")],
    neighbour: (PLAIN, &["/bin/sh", "-c", "echo /x > /tmp/agent"]),
};

const PACKAGES: Case = Case {
    rule: "Package manager started in a container",
    act: (PLAIN, &["/sbin/apk", "add", "nmap"]),
    shows: &[("proc.cmdline", "apk add nmap")],
    neighbour: (PLAIN, &["/bin/ls", "/sbin/apk"]),
};

const KUBERNETES: Case = Case {
    rule: "Kubernetes contacted from a container",
    act: (How { host_network: true, ..PLAIN }, &["/bin/sh", "-c", CONNECT, "sh", "10.96.0.1"]),
    shows: &[("fd.name", "->10.96.0.1:443"), ("proc.pname", "sh")],
    neighbour: (How { host_network: true, ..PLAIN }, &["/bin/sh", "-c", CONNECT, "sh", "127.0.0.1"]),
};

/// Connects to port 443 of its argument, where somebody listens, some time after the other began.
const CONNECT: &str = "nc -l -p 443 & for n in 1 2 3 4 5 6 7 8; do echo | nc -w 5 $1 443 && exit; sleep 1; done";

const EXECUTABLE: Case = Case {
    rule: "File made executable in a container",
    act: (PLAIN, &["/bin/sh", "-c", "echo > /tmp/x; chmod 755 /tmp/x; true"]),
    shows: &[("proc.cmdline", "chmod 755 /tmp/x")],
    neighbour: (PLAIN, &["/bin/sh", "-c", "echo > /tmp/x; chmod 644 /tmp/x; true"]),
};

const FILE: &str = "/run/engines.yaml";

/// Rules that say all that is known of a container: of the program that is its first, and of a program that is put into it.
fn rules() -> String {
    let shown: Vec<String> = FIELDS.iter().map(|field| format!("%{field}")).collect();
    let shown = shown.join(" ");
    format!(
        "- rule: Started in a container\n  desc: A program of a container.\n  \
         condition: evt.type in (execve, execveat) and evt.failed = false and proc.name = sleep and container.id != host\n  \
         output: Started ({shown})\n  priority: NOTICE\n  tags: [test]\n\
         - rule: Put into a container\n  desc: A program that is written.\n  \
         condition: evt.is_open_exec = true and proc.name = cp and container.id != host\n  \
         output: Put (file=%fd.name {shown})\n  priority: NOTICE\n  tags: [test]\n"
    )
}

/// What is known of a container.
const FIELDS: [&str; 24] = [
    "container.id",
    "container.full_id",
    "container.type",
    "container.name",
    "container.image",
    "container.image.repository",
    "container.image.tag",
    "container.image.id",
    "container.image.digest",
    "container.privileged",
    "container.host_network",
    "container.mounts",
    "container.label[tier]",
    "container.start_ts",
    "user.name",
    "group.name",
    "k8s.pod.name",
    "k8s.ns.name",
    "k8s.pod.uid",
    "k8s.pod.full_sandbox_id",
    "k8s.pod.label[app]",
    "proc.name",
    "proc.exepath",
    "proc.vpid",
];

/// Runs a container to its end.
type Run = fn(&How, &[&str]) -> Outcome<Ran>;

fn first_event(engine: Engine, run: Run) -> Outcome {
    std::fs::write(FILE, rules()).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let image = engines::prepare(engine)?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let how = How { uid: USER.1, mount: Some(("/srv", "/data")), ..PLAIN };
    for (words, shown) in [
        (["/bin/sleep", "0.05"].as_slice(), "Started ("),
        (["/bin/cp", "/bin/busybox", "/tmp/tool"].as_slice(), "Put (file=/tmp/tool "),
    ] {
        let ran = run(&how, words)?;
        let alerts = sentinel::settle(&mut daemon)?;
        let [alert] = alerts.as_slice() else {
            let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
            let wrong = format!("{} alerts instead of one for {words:?} ({}): {outputs:#?}", alerts.len(), ran.errors);
            return Err(wrong.into());
        };
        ensure(alert.output().contains(shown), || format!("no {shown:?} in: {}", alert.output()))?;
        check(alert, engine, &ran, &image.id)?;
    }
    daemon.stop()?.summary()?;
    Ok(())
}

/// How long the program of a container may take to begin, emulated on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn first_event_of_pod() -> Outcome {
    std::fs::write(FILE, rules()).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let image = engines::prepare(Engine::Containerd)?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let pod = Pod::start()?;
    let of_pod = [
        ("container.type", "containerd"),
        ("container.privileged", "false"),
        ("container.host_network", "true"),
        ("k8s.pod.name", pod::NAME),
        ("k8s.ns.name", pod::NAMESPACE),
        ("k8s.pod.uid", pod::UID),
        ("k8s.pod.full_sandbox_id", &pod.sandbox),
        ("k8s.pod.label[app]", pod::LABEL.1),
        ("proc.name", "sleep"),
    ];
    // The first program of the sandbox is a `sleep` as well. It begins some time after its runtime says that it runs.
    let end = Instant::now() + PATIENCE;
    let mut alerts = sentinel::settle(&mut daemon)?;
    while alerts.is_empty() && Instant::now() < end {
        alerts = sentinel::settle(&mut daemon)?;
    }
    let of_sandbox = [
        ("container.full_id", pod.sandbox.as_str()),
        ("container.name", pod::NAME),
        ("container.image", PAUSE),
        ("user.name", "root"),
    ];
    one_that_shows(&alerts, &[&of_pod[..], &of_sandbox].concat())?;
    let how = How { uid: USER.1, mount: Some(("/srv", "/data")), ..PLAIN };
    let ran = pod.run(&how, &["/bin/sleep", "0.05"])?;
    let alerts = sentinel::settle(&mut daemon)?;
    let of_container = [
        ("container.full_id", ran.id.as_str()),
        ("container.name", &ran.name),
        ("container.image", IMAGE),
        ("container.image.repository", REPOSITORY),
        ("container.image.tag", TAG),
        ("container.image.id", &image.id),
        ("container.label[tier]", "front"),
        ("user.name", USER.0),
    ];
    let alert = one_that_shows(&alerts, &[&of_pod[..], &of_container].concat())?;
    // Beside it there is what kubelet's runtime puts into every container of a pod.
    let mounts = alert.field("container.mounts");
    ensure(mounts.contains("/srv:/data::true:rprivate"), || format!("mounts are {mounts}"))?;
    ensure(!alert.field("container.image.digest").is_empty(), || format!("no digest: {}", alert.output()))?;
    pod.stop()?;
    daemon.stop()?.summary()?;
    Ok(())
}

/// The only one of these alerts, which must show these values.
fn one_that_shows<'a>(alerts: &'a [Alert], expected: &[(&str, &str)]) -> Outcome<&'a Alert> {
    let [alert] = alerts else {
        let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
        return Err(format!("{} alerts instead of one: {outputs:#?}", alerts.len()).into());
    };
    for (field, expected) in expected {
        let shown = alert.field(field);
        ensure(shown == *expected, || format!("{field} is {shown:?} instead of {expected:?} in: {}", alert.output()))?;
    }
    Ok(alert)
}

fn asked() -> Outcome {
    /// It goes on for a while: how long an answer takes, nobody knows. The shell has programs of these names in itself.
    const SCRIPT: &str =
        "for n in 1 2 3 4 5 6 7 8; do /bin/sleep 1; /bin/cp /bin/busybox /tmp/tool; rm /tmp/tool; done";
    std::fs::write(FILE, rules()).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let image = engines::prepare_docker_elsewhere()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let how = How { uid: USER.1, mount: Some(("/srv", "/data")), ..PLAIN };
    let ran = engines::run(Engine::Docker, &how, &["/bin/sh", "-c", SCRIPT])?;
    let alerts = sentinel::settle(&mut daemon)?;
    let last = alerts.iter().rfind(|alert| alert.output().contains("Put (file=/tmp/tool "));
    let last = last.ok_or_else(|| {
        let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
        format!("no alert of a file that was put there ({}), but: {outputs:#?}", ran.errors)
    })?;
    check(last, Engine::Docker, &ran, &image.id)?;
    daemon.stop()?.summary()?;
    Ok(())
}

/// What is shown of alerts that should not be: characters of one, and how many.
const SHOWN: usize = 400;
const SHOWN_ALERTS: usize = 20;

fn ordinary(engine: Engine) -> Outcome {
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[])?;
    // That of an engine that is prepared for the first time is of the test's making: it puts its daemon there, and its image.
    engines::prepare(engine)?;
    sentinel::settle(&mut daemon)?;
    for how in [PLAIN, How { uid: USER.1, mount: Some(("/srv", "/data")), ..PLAIN }, How { terminal: true, ..PLAIN }] {
        engines::run(engine, &how, &["/bin/sleep", "0.05"])?;
        let alerts = sentinel::settle(&mut daemon)?;
        let short = |text: &str| text.chars().take(SHOWN).collect::<String>();
        let shown: Vec<String> = alerts.iter().map(|alert| short(alert.output())).take(SHOWN_ALERTS).collect();
        ensure(shown.is_empty(), || format!("{how:?} raised: {shown:#?}"))?;
    }
    daemon.stop()?.summary()?;
    Ok(())
}

/// Whether an alert knows all that there is to know of a container.
fn check(alert: &Alert, engine: Engine, ran: &Ran, image: &str) -> Outcome {
    // containerd's client runs what the image says for whom the image says.
    let user = if engine == Engine::Containerd { "root" } else { USER.0 };
    let expected = [
        ("container.id", ran.id.get(..12).unwrap_or(&ran.id)),
        ("container.full_id", &ran.id),
        ("container.type", engine.name()),
        ("container.name", &ran.name),
        ("container.image", IMAGE),
        ("container.image.repository", REPOSITORY),
        ("container.image.tag", TAG),
        ("container.image.id", image),
        ("container.privileged", "false"),
        ("container.host_network", "false"),
        ("container.mounts", "/srv:/data::true:rprivate"),
        ("container.label[tier]", "front"),
        ("user.name", user),
        ("group.name", user),
        ("k8s.pod.name", ""),
    ];
    for (field, expected) in expected {
        let shown = alert.field(field);
        ensure(shown == expected, || format!("{field} is {shown:?} instead of {expected:?} in: {}", alert.output()))?;
    }
    ensure(!alert.field("container.start_ts").is_empty(), || format!("it never started: {}", alert.output()))
}
