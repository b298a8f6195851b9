//! A pod, as a kubelet has one made: by the calls of the Container Runtime Interface to containerd's part for Kubernetes
//! (<https://github.com/kubernetes/cri-api>, `runtime/v1/api.proto`, where the numbers of fields are from). It is in the machine's
//! network, so that no network plugin is needed.

use super::super::failure::{Failure, Outcome};
use super::containerd::{LOG, SOCKET};
use super::grpc::{Message, call, first_text};
use super::{How, Ran, image, must};
use std::time::{Duration, Instant};

/// The pod's name, its namespace, its unique id, and a label of it.
pub const NAME: &str = "web-1";
/// Its namespace.
pub const NAMESPACE: &str = "shop";
/// Its unique id.
pub const UID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
/// A label of it.
pub const LABEL: (&str, &str) = ("app", "cart");
/// The name of each of its containers.
pub const CONTAINER: &str = "web";

/// The namespace of containerd that pods are in.
const OF_PODS: &str = "k8s.io";

/// How long containerd may take to notice an image that it was given.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pod that stands.
#[derive(Debug)]
pub struct Pod {
    /// Id of the container that holds its namespaces.
    pub sandbox: String,
    config: Message,
}

fn method(name: &str, message: &Message) -> Outcome<Vec<u8>> {
    call(SOCKET, &format!("/runtime.v1.RuntimeService/{name}"), message).map_err(|failure| {
        let log = std::fs::read_to_string(LOG).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().filter(|line| line.contains("level=error")).take(3).collect();
        Failure(format!("{failure}; containerd says: {last:?}"))
    })
}

/// In the machine's network.
fn namespaces() -> Message {
    Message::default().with_number(1, 2)
}

impl Pod {
    /// Has one made. Its sandbox runs the image's second one, which sleeps.
    ///
    /// # Errors
    /// What containerd said.
    pub fn start() -> Outcome<Pod> {
        for archive in [image::ARCHIVE, image::PAUSE_ARCHIVE] {
            must(&["/usr/bin/ctr", "--namespace", OF_PODS, "images", "import", archive])?;
        }
        let metadata = Message::default().with(1, NAME).with(2, UID).with(3, NAMESPACE);
        let security = Message::default().with(1, namespaces());
        let linux = Message::default().with(1, format!("/kubepods/besteffort/pod{UID}")).with(2, security);
        let config = Message::default()
            .with(1, metadata)
            .with_entry(6, LABEL.0, LABEL.1)
            .with_entry(6, "io.kubernetes.pod.name", NAME)
            .with(8, linux);
        let request = Message::default().with(1, &config);
        let sandbox = until_it_works(|| method("RunPodSandbox", &request))?;
        Ok(Pod { sandbox: first_text(&sandbox), config })
    }

    /// Runs a container in it, to its end.
    ///
    /// # Errors
    /// What containerd said.
    pub fn run(&self, how: &How, words: &[&str]) -> Outcome<Ran> {
        let user = Message::default().with_number(1, how.uid.into());
        let security = Message::default().with(3, namespaces()).with(5, user);
        let mut config = Message::default()
            .with(1, Message::default().with(1, CONTAINER))
            .with(2, Message::default().with(1, image::NAME));
        for word in words {
            config = config.with(3, word);
        }
        if let Some((source, dest)) = how.mount {
            config = config.with(7, Message::default().with(1, dest).with(2, source));
        }
        config = config.with_entry(9, "tier", "front").with(15, Message::default().with(2, security));
        let request = Message::default().with(1, &self.sandbox).with(2, config).with(3, &self.config);
        let id = first_text(&until_it_works(|| method("CreateContainer", &request))?);
        let this = Message::default().with(1, &id);
        method("StartContainer", &this)?;
        // Removing it waits for nothing: it must have ended.
        until_it_works(|| method("RemoveContainer", &this))?;
        Ok(Ran { id, name: CONTAINER.to_owned(), errors: String::new() })
    }

    /// Ends it.
    ///
    /// # Errors
    /// What containerd said.
    pub fn stop(self) -> Outcome {
        let this = Message::default().with(1, &self.sandbox);
        method("StopPodSandbox", &this)?;
        method("RemovePodSandbox", &this).map(drop)
    }
}

/// Does something again until it works, or for long enough.
fn until_it_works<T>(mut act: impl FnMut() -> Outcome<T>) -> Outcome<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match act() {
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(200)),
            outcome => return outcome,
        }
    }
}
