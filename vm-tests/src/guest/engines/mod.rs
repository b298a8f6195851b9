//! Real container engines: an image that is made here, and containers of it, started as a person would start them.
//!
//! | file | holds |
//! |---|---|
//! | `image.rs` | the image, as an archive that every engine takes in |
//! | `client.rs` | what Docker and Podman are told alike |
//! | `podman.rs` | Podman |
//! | `rootless.rs` | Podman of an ordinary user |
//! | `docker.rs` | Docker |
//! | `containerd.rs` | containerd |
//! | `pod.rs` | pods of Kubernetes, by containerd |
//! | `grpc.rs` | how that is asked for |

mod client;
mod containerd;
mod docker;
mod grpc;
mod image;
pub mod pod;
mod podman;
pub mod rootless;

use super::failure::{Doing, Failure, Outcome};
use super::programs::succeed;
use crate::engine::Engine;
pub use image::{NAME as IMAGE, PAUSE, REPOSITORY, TAG, USER};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What engines give containers that are in the machine's network.
const NETWORK: [(&str, &str); 2] = [("/etc/hosts", "127.0.0.1 localhost\n"), ("/etc/resolv.conf", "")];

/// How long an engine may take to start, emulated on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A default rule about containers, what is done in one, and something harmless.
#[derive(Debug)]
pub struct Case {
    /// The rule.
    pub rule: &'static str,
    /// How the container is started, and what runs in it: raises one alert of the rule.
    pub act: (How, &'static [&'static str]),
    /// Fields of the alert, with a part of their values. The container's id, name and image are compared besides.
    pub shows: &'static [(&'static str, &'static str)],
    /// The same for another one, which raises none.
    pub neighbour: (How, &'static [&'static str]),
}

/// How a container is started.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// With a terminal.
    pub terminal: bool,
    /// With all devices and rights.
    pub privileged: bool,
    /// In the machine's own network, instead of none.
    pub host_network: bool,
    /// A folder of the machine, and where it is in the container.
    pub mount: Option<(&'static str, &'static str)>,
    /// The user that it runs for.
    pub uid: u32,
}

/// An ordinary one, root's.
pub const PLAIN: How = How { terminal: false, privileged: false, host_network: false, mount: None, uid: 0 };

/// A container that ran.
#[derive(Debug)]
pub struct Ran {
    /// Its id, all of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What was said on standard error.
    pub errors: String,
}

impl Ran {
    fn new(id: &str, name: &str, output: &Output) -> Ran {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        Ran { id: id.to_owned(), name: name.to_owned(), errors }
    }
}

/// Makes the image and gives it to the engine, if that was not done yet.
///
/// # Errors
/// What the engine said.
pub fn prepare(engine: Engine) -> Outcome<&'static image::Image> {
    prepare_by(|| match engine {
        Engine::Podman => podman::prepare(),
        Engine::Containerd => containerd::prepare(),
        Engine::Docker => docker::prepare(docker::USUAL),
    })
}

/// The same for a Docker whose files are where nobody looks for them.
///
/// # Errors
/// What it said.
pub fn prepare_docker_elsewhere() -> Outcome<&'static image::Image> {
    prepare_by(|| docker::prepare(docker::ELSEWHERE))
}

fn prepare_by(start: impl FnOnce() -> Outcome) -> Outcome<&'static image::Image> {
    static IMAGE: OnceLock<image::Image> = OnceLock::new();
    if let Some(image) = IMAGE.get() {
        return Ok(image);
    }
    super::containers::prepare()?;
    let image = image::make()?;
    have_api_address()?;
    for (path, text) in NETWORK {
        std::fs::write(path, text).doing(path)?;
    }
    start()?;
    Ok(IMAGE.get_or_init(|| image))
}

/// Runs a container to its end; then nothing is left of it. How the program in it ends does not matter.
///
/// # Errors
/// What the engine said, if it did not run.
pub fn run(engine: Engine, how: &How, words: &[&str]) -> Outcome<Ran> {
    prepare(engine)?;
    let name = next_name();
    match engine {
        Engine::Podman => podman::run(&name, how, words),
        Engine::Containerd => containerd::run(&name, how, words),
        Engine::Docker => docker::run(&name, how, words),
    }
}

/// Runs a container of the user's Podman to its end.
///
/// # Errors
/// What it said, if it did not run.
pub fn run_rootless(how: &How, words: &[&str]) -> Outcome<Ran> {
    prepare(Engine::Podman)?;
    rootless::run(&next_name(), how, words)
}

fn next_name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("web-{}", NUMBER.fetch_add(1, Ordering::Relaxed) + 1)
}

/// A program of an engine's, with what engines expect around them.
fn command(words: &[&str]) -> Outcome<Command> {
    let Some((program, args)) = words.split_first() else { return Err("no program to start".into()) };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).current_dir("/");
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", "/root");
    // A group of its own: what is sent to one is not sent to the machine's init.
    command.process_group(0);
    Ok(command)
}

/// Runs a program of an engine's to its end.
///
/// # Errors
/// If it cannot be started.
fn output(words: &[&str]) -> Outcome<Output> {
    command(words)?.output().doing(words.join(" "))
}

/// Runs a program of an engine's to its end, which must be a success.
///
/// # Errors
/// What it said.
fn must(words: &[&str]) -> Outcome<String> {
    let output = output(words)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(said(words, &output))
}

/// Starts a program that serves others, and waits until its socket is there. It runs until the machine is turned off.
fn serve(words: &[&str], socket: &str, log: &str) -> Outcome {
    let (out, errors) = (File::create(log).doing(log)?, File::options().append(true).open(log).doing(log)?);
    let mut child = command(words)?.stdout(out).stderr(errors).spawn().doing(words.join(" "))?;
    let end = Instant::now() + PATIENCE;
    while !Path::new(socket).exists() {
        let ended = child.try_wait()?;
        if ended.is_some() || Instant::now() > end {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            return Err(format!("{}: no {socket} came, and it ended with {ended:?}: {text}", words.join(" ")).into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn said(words: &[&str], output: &Output) -> Failure {
    let errors = String::from_utf8_lossy(&output.stderr);
    Failure(format!("{}: {}: {}", words.join(" "), output.status, errors.trim()))
}

/// Gives this machine the address of a cluster's API.
fn have_api_address() -> Outcome {
    succeed(&["/bin/ifconfig", "lo:0", "10.96.0.1", "netmask", "255.255.255.255", "up"]).map(drop)
}
