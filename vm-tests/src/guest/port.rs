//! The way to the host.

use crate::protocol::{PORT, Word};
use std::fs::{File, OpenOptions};
use std::io::Write;

/// The second serial port.
#[derive(Debug)]
pub struct Port(Option<File>);

impl Port {
    /// Opens it. Without one (somebody boots the image by hand), words go nowhere.
    pub fn open() -> Port {
        Port(OpenOptions::new().write(true).open(PORT).ok())
    }

    /// Says a word.
    pub fn say(&mut self, word: &Word) {
        if let (Some(port), Ok(mut line)) = (&mut self.0, serde_json::to_vec(word)) {
            line.push(b'\n');
            // Nobody can be told if the host does not listen any more.
            let _ = port.write_all(&line);
        }
    }
}
