//! The two ends that a soak looks at, the alert file and the syslog server, and the accounts of both.

use super::account::{Account, Bounds, End};
use super::file::AlertFile;
use super::syslog::SyslogServer;
use crate::guest::failure::{Outcome, ensure};
use crate::guest::summary::Summary;

/// The names of the outputs in the daemon's figures.
const FILE: &str = "file_output";
const SYSLOG: &str = "syslog_output";

/// Both.
#[derive(Debug)]
pub struct Ends {
    /// The file.
    pub file: AlertFile,
    /// The server.
    pub server: SyslogServer,
    of_file: Account,
    of_syslog: Account,
}

impl Ends {
    /// An empty file on a small disk, and a server that reads.
    ///
    /// # Errors
    /// What failed.
    pub fn new(bounds: Bounds) -> Outcome<Ends> {
        Ok(Ends {
            file: AlertFile::new()?,
            server: SyslogServer::new()?,
            of_file: Account::new(FILE, bounds),
            of_syslog: Account::new(SYSLOG, bounds),
        })
    }

    /// Takes in what came.
    ///
    /// # Errors
    /// What should not have come.
    pub fn read(&mut self) -> Outcome {
        self.read_file()?;
        let messages = self.server.messages()?;
        self.take_messages(&messages)
    }

    /// Takes in what came in the file.
    ///
    /// # Errors
    /// What should not have come.
    pub fn read_file(&mut self) -> Outcome {
        while let Some(line) = self.file.next()? {
            self.of_file.take(&line)?;
        }
        Ok(())
    }

    /// Lets the server go away.
    ///
    /// # Errors
    /// What failed, or should not have come.
    pub fn take_server_away(&mut self) -> Outcome {
        let rest = self.server.go_away()?;
        self.take_messages(&rest)
    }

    fn take_messages(&mut self, messages: &[String]) -> Outcome {
        messages.iter().try_for_each(|message| self.of_syslog.take(message))
    }

    /// The daemon is no more: it was killed, or gave these figures.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn daemon_ended(&mut self, log: &str, summary: Option<&Summary>) -> Outcome {
        self.read_file()?;
        self.file.writer_ended();
        let rest = self.server.all_messages()?;
        self.take_messages(&rest)?;
        if let Some(summary) = summary {
            ensure(summary.dropped == 0 && summary.missing == 0 && summary.bad == 0, || {
                format!("records are missing that the rings could have held, or cannot be read: {summary:?}")
            })?;
        }
        for (name, account) in [(FILE, &mut self.of_file), (SYSLOG, &mut self.of_syslog)] {
            account.ended(&match summary {
                Some(summary) => End::Stopped(summary.sink(name)?),
                None => End::Killed { lost: said_lost(log) },
            })?;
        }
        Ok(())
    }

    /// Files that alerts came about: in the file, and at syslog.
    pub fn files(&self) -> [usize; 2] {
        [self.of_file.files(), self.of_syslog.files()]
    }

    /// What there is to say at the end, of so many files a load.
    ///
    /// # Errors
    /// What should have come.
    pub fn verify(&self, opened: [usize; 2]) -> Outcome<[String; 2]> {
        Ok([self.of_file.verify(opened)?, self.of_syslog.verify(opened)?])
    }
}

/// Alerts that a daemon said it had lost, at whichever output.
fn said_lost(log: &str) -> u64 {
    let counts = log.lines().filter_map(|line| {
        let (front, _) = line.split_once(" alerts could not be delivered")?;
        front.rsplit(' ').next()?.parse::<u64>().ok()
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_daemon_says_it_lost_is_understood() {
        let log = "kestrel: error: 12 alerts could not be delivered since the last report\nkestrel: watching\n\
                   kestrel: error: 3 alerts could not be delivered since the last report\n";
        assert_eq!(said_lost(log), 15);
    }
}
