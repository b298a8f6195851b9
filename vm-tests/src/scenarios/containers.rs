//! Containers: known from their first event, and what should not happen in one.

use super::{RuleCase, Scenario};
use crate::guest::alerts::Alert;
use crate::guest::containers::{IMAGE, Kind, NAME, PLAIN, POD_UID, SANDBOX, Settings, USER, run_one};
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::{start, succeed};
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};

/// With the default rules.
pub const RULES: &[Scenario] = &[
    rule(
        "container-release-agent",
        "a helper of the kernel that is set in a container raises an alert that names container and image",
        RuleCase {
            rule: "Helper of the kernel set in a container",
            act: || sh("echo /x > /tmp/release_agent"),
            shows: &[("fd.name", "/tmp/release_agent"), ("container.name", NAME), ("container.image", IMAGE)],
            neighbour: || sh("echo /x > /tmp/agent"),
        },
    ),
    rule(
        "container-package-manager",
        "a package manager in a container raises an alert",
        RuleCase {
            rule: "Package manager started in a container",
            act: || run(PLAIN, &["/sbin/apk", "add", "nmap"]),
            shows: &[("proc.cmdline", "apk add nmap"), ("container.name", NAME), ("container.image", IMAGE)],
            neighbour: || run(PLAIN, &["/bin/ls", "/sbin/apk"]),
        },
    ),
    rule(
        "container-added-program",
        "a program that was put into a container raises an alert when it runs, one of its image does not",
        RuleCase {
            rule: "Program added to a container run",
            act: || sh("cp /bin/busybox /tmp/true && /tmp/true"),
            shows: &[("proc.exepath", "/tmp/true"), ("container.name", NAME), ("container.image", IMAGE)],
            neighbour: || sh("/bin/true"),
        },
    ),
    rule(
        "container-privileged",
        "a privileged container raises an alert when it starts, an ordinary one does not",
        RuleCase {
            rule: "Container that may do anything started",
            act: || run(Settings { privileged: true, ..PLAIN }, &["/bin/true"]),
            shows: &[("proc.name", "true"), ("container.name", NAME), ("container.image", IMAGE)],
            neighbour: || run(PLAIN, &["/bin/true"]),
        },
    ),
    rule(
        "container-sensitive-mount",
        "a container with the machine's configuration in it raises an alert when it starts, one with data does not",
        RuleCase {
            rule: "Container with a folder of the machine started",
            act: || run(Settings { mount: Some(("/etc", "/host")), ..PLAIN }, &["/bin/true"]),
            shows: &[("container.mounts", "/etc:/host::true:rprivate"), ("container.name", NAME)],
            neighbour: || run(Settings { mount: Some(("/srv", "/data")), ..PLAIN }, &["/bin/true"]),
        },
    ),
    rule(
        "container-kubernetes",
        "a connection from a container to the address of a cluster's API raises an alert",
        RuleCase {
            rule: "Kubernetes contacted from a container",
            act: || connect("10.96.0.1"),
            shows: &[("container.name", NAME), ("container.image", IMAGE)],
            neighbour: || connect("127.0.0.1"),
        },
    ),
];

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "container-first-event",
    "the first event of a container that lives 50 ms has its name, image, pod and users, whoever runs it",
    first_event,
)
.limit(300)];

const fn rule(name: &'static str, about: &'static str, case: RuleCase) -> Scenario {
    Scenario::rule(name, about, case).limit(240)
}

fn run(settings: Settings, words: &[&str]) -> Outcome {
    run_one(settings, words).map(drop)
}

fn sh(script: &str) -> Outcome {
    run(PLAIN, &["/bin/sh", "-c", script])
}

/// Connects from a container in the machine's network to port 443 of an address of this machine.
fn connect(address: &str) -> Outcome {
    succeed(&["/bin/ifconfig", "lo:0", "10.96.0.1", "netmask", "255.255.255.255", "up"])?;
    let mut server = start(&["/bin/nc", "-l", "-p", "443"])?;
    let script = format!("for n in 1 2 3 4 5 6 7 8; do echo | nc -w 5 {address} 443 && exit; sleep 1; done");
    let outcome = run(Settings { host_network: true, ..PLAIN }, &["/bin/sh", "-c", &script]);
    let _ = server.kill();
    let _ = server.wait();
    outcome
}

const FILE: &str = "/run/containers.yaml";

fn first_event(_: &mut Stage<'_>) -> Outcome {
    let fields = [
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
        "k8s.pod.sandbox_id",
    ];
    let shown: Vec<String> = fields.iter().map(|field| format!("%{field}")).collect();
    let text = format!(
        "- rule: Started in a container\n  desc: The first program of a container.\n  \
         condition: evt.type in (execve, execveat) and evt.failed = false and proc.name = sleep and container.id != host\n  \
         output: Started ({})\n  priority: NOTICE\n  tags: [test]\n",
        shown.join(" ")
    );
    std::fs::write(FILE, text).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    for kind in [Kind::Docker, Kind::Containerd, Kind::Podman, Kind::Docker, Kind::Containerd, Kind::Podman] {
        let settings = Settings { kind, uid: USER.1, mount: Some(("/srv", "/data")), ..PLAIN };
        let id = run_one(settings, &["/bin/sleep", "0.05"])?;
        let alerts = sentinel::settle(&mut daemon)?;
        let [alert] = alerts.as_slice() else {
            let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
            return Err(format!("{} alerts instead of one for {kind:?}: {outputs:#?}", alerts.len()).into());
        };
        check(alert, kind, &id)?;
    }
    daemon.stop()?.summary()?;
    Ok(())
}

/// Whether an alert knows all that there is to know of a container.
fn check(alert: &Alert, kind: Kind, id: &str) -> Outcome {
    let image_id = "1".repeat(64);
    let digest = format!("sha256:{image_id}");
    let of_kind: &[(&str, &str)] = match kind {
        Kind::Docker => &[
            ("container.type", "docker"),
            ("container.image.id", &image_id),
            ("container.label[tier]", "front"),
            ("container.mounts", "/srv:/data::true:rprivate"),
            ("k8s.pod.name", ""),
        ],
        Kind::Containerd => &[
            ("container.type", "containerd"),
            ("container.mounts", "/srv:/data::true:rprivate"),
            ("k8s.pod.name", "web-1"),
            ("k8s.ns.name", "shop"),
            ("k8s.pod.uid", POD_UID),
            ("k8s.pod.sandbox_id", &SANDBOX[..12]),
        ],
        Kind::Podman => &[
            ("container.type", "podman"),
            ("container.image.id", &image_id),
            ("container.image.digest", &digest),
            ("k8s.pod.name", ""),
        ],
    };
    let of_all = [
        ("container.id", &id[..12]),
        ("container.full_id", id),
        ("container.name", NAME),
        ("container.image", IMAGE),
        ("container.image.repository", "registry.example/shop/web"),
        ("container.image.tag", "1.4"),
        ("container.privileged", "false"),
        ("container.host_network", "false"),
        ("user.name", USER.0),
        ("group.name", USER.0),
    ];
    for (field, expected) in of_all.iter().chain(of_kind) {
        let shown = alert.field(field);
        ensure(shown == **expected, || {
            format!("{kind:?}: {field} is {shown:?} instead of {expected:?} in: {}", alert.output())
        })?;
    }
    ensure(!alert.field("container.start_ts").is_empty(), || format!("it never started: {}", alert.output()))
}
