//! The alert file, on a small disk of its own that can be full.

use crate::guest::failure::{Doing, Outcome};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};

const DISK: &str = "/run/soak/disk";

/// The file.
pub const PATH: &str = "/run/soak/disk/alerts";

const OLD: &str = "/run/soak/disk/alerts.1";
const FILLER: &str = "/run/soak/disk/filler";

/// Size from which on the file is changed for another, in bytes.
const ROTATED: u64 = 2 << 20;

/// Reads the file line by line, from one file to the next.
#[derive(Debug)]
pub struct AlertFile {
    reader: BufReader<File>,
    /// A line that is not whole yet.
    part: String,
    /// It was begun by a daemon that is no more.
    is_cut: bool,
}

impl AlertFile {
    /// Makes the disk, and an empty file on it.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> Outcome<AlertFile> {
        std::fs::create_dir_all(DISK).doing(DISK)?;
        mount(Some("tmpfs"), DISK, Some("tmpfs"), MsFlags::empty(), Some("size=16m")).doing(DISK)?;
        File::create(PATH).doing(PATH)?;
        Ok(AlertFile { reader: BufReader::new(File::open(PATH).doing(PATH)?), part: String::new(), is_cut: false })
    }

    /// The next line; `None` if there is none now. One that a daemon began and another ended is left out: the first did not
    /// deliver it.
    ///
    /// # Errors
    /// What the system said.
    pub fn next(&mut self) -> Outcome<Option<String>> {
        loop {
            self.reader.read_line(&mut self.part).doing(PATH)?;
            if !self.part.ends_with('\n') {
                return Ok(None);
            }
            let line = std::mem::take(&mut self.part);
            if !std::mem::take(&mut self.is_cut) {
                return Ok(Some(line));
            }
        }
    }

    /// The daemon is no more, and all that it wrote was read.
    pub fn writer_ended(&mut self) {
        self.is_cut = !self.part.is_empty();
    }

    /// True if it is time for another file.
    pub fn is_long(&self) -> bool {
        std::fs::metadata(PATH).is_ok_and(|meta| meta.len() > ROTATED)
    }

    /// Puts the file aside: the daemon is to be told that.
    ///
    /// # Errors
    /// What the system said.
    pub fn put_aside(&self) -> Outcome {
        std::fs::rename(PATH, OLD).doing(PATH)
    }

    /// True if the daemon made another file.
    pub fn is_new(&self) -> bool {
        std::fs::exists(PATH).unwrap_or(false)
    }

    /// Goes on with the new file. Everything of the old one was read.
    ///
    /// # Errors
    /// What the system said.
    pub fn turn(&mut self) -> Outcome {
        // A line that the full disk cut is written whole into the new file: that its alert comes, others see to.
        self.part.clear();
        self.is_cut = false;
        self.reader = BufReader::new(File::open(PATH).doing(PATH)?);
        std::fs::remove_file(OLD).doing(OLD)
    }

    /// Fills the disk.
    ///
    /// # Errors
    /// What the system said, if it is not that the disk is full.
    pub fn fill_disk() -> Outcome {
        let mut filler = File::create(FILLER).doing(FILLER)?;
        loop {
            match filler.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) if error.raw_os_error() == Some(Errno::EINTR as i32) => {}
                Err(error) => return Err(error).doing(FILLER),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Errors
    /// What the system said.
    pub fn make_room() -> Outcome {
        std::fs::remove_file(FILLER).doing(FILLER)
    }
}
