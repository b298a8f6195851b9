//! Containers by Docker's client, and by Podman's, which is told the same.

use super::super::failure::{Doing, Outcome};
use super::{How, Ran, image, output, said};

/// A client.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The program, after the one that starts it, if there is one.
    pub words: &'a [&'a str],
    /// What its own words begin with, where it or the container's program cannot be started.
    pub complaint: &'a str,
    /// A folder that it may write to.
    pub folder: &'a str,
    /// What it is told besides.
    pub more: &'a [&'a str],
}

/// Runs a container.
pub fn run(client: &Client<'_>, name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    let file = format!("{}/{name}.id", client.folder);
    let network = if how.host_network { "host" } else { "none" };
    let user = how.uid.to_string();
    let mut all = client.words.to_vec();
    all.extend(["run", "--rm", "--name", name, "--network", network, "--cidfile", &file]);
    all.extend(client.more);
    all.extend(["--pull", "never", "--user", &user]);
    let volume = how.mount.map(|(source, dest)| format!("{source}:{dest}"));
    if let Some(volume) = &volume {
        all.extend(["--volume", volume]);
    }
    if how.terminal {
        all.push("--tty");
    }
    if how.privileged {
        all.push("--privileged");
    }
    all.push(image::NAME);
    all.extend(words);
    let output = output(&all)?;
    // The status may be that of the container's program as well.
    if output.status.code().is_none() || String::from_utf8_lossy(&output.stderr).contains(client.complaint) {
        return Err(said(&all, &output));
    }
    let id = std::fs::read_to_string(&file).doing(&file)?;
    Ok(Ran::new(id.trim(), name, &output))
}
