//! The machine that tests happen on.

use super::ContainerFacts;
use crate::container::{Accounts, Told};
use crate::fields::Clock;
use crate::state::{State, Users};
use jiff::tz::TimeZone;

/// Time of its boot, ns since the epoch: 2026-01-01 00:00:00 UTC.
pub const BOOT_NS: u64 = 1_767_225_600_000_000_000;

/// Time of its first event, ns since the epoch: the next noon.
pub const FIRST_EVENT_NS: u64 = BOOT_NS + 12 * 3600 * 1_000_000_000;

/// Its users and groups, by name and number: a few of those that every Debian has, and somebody who logs in.
pub const USERS: [(&str, u32); 9] = [
    ("root", 0),
    ("daemon", 1),
    ("bin", 2),
    ("sys", 3),
    ("mail", 8),
    ("www-data", 33),
    ("backup", 34),
    ("nobody", 65_534),
    ("user", 1000),
];

/// Its name.
const HOSTNAME: &str = "machine";

/// Processes that it keeps in mind: those of a test, and what events in it make.
const PROCESSES: usize = 4096;

/// Its clock, before the first event.
pub fn clock() -> Clock {
    let mut clock = Clock::system(HOSTNAME.to_owned());
    clock.boot_ns = BOOT_NS;
    clock.zone = TimeZone::UTC;
    clock
}

/// What is known of it before the first event: its users, and what its runtimes wrote about these containers. Each of them knows
/// the machine's users.
pub fn state(containers: &[ContainerFacts]) -> State {
    let (passwd, group) = accounts();
    let mut state = State::new(PROCESSES, Users::from_text(&passwd, &group), None);
    for ContainerFacts { id, details } in containers {
        let users = Users::from_text(&passwd, &group);
        let accounts = Accounts { users, ..Accounts::default() };
        let (details, accounts) = (Some(details.clone()), Some(accounts));
        state.containers.tell(Told { id: id.as_bytes().into(), details, accounts, ..Told::default() });
    }
    state
}

/// The texts of its files of users and of groups.
fn accounts() -> (String, String) {
    let passwd: String = USERS
        .iter()
        .map(|(name, id)| match id {
            0 => format!("{name}:x:0:0::/root:/bin/bash\n"),
            1000 => format!("{name}:x:{id}:{id}::/home/{name}:/bin/bash\n"),
            _ => format!("{name}:x:{id}:{id}::/nonexistent:/usr/sbin/nologin\n"),
        })
        .collect();
    let group: String = USERS.iter().map(|(name, id)| format!("{name}:x:{id}:\n")).collect();
    (passwd, group)
}

/// The number of a user or a group.
pub fn user(name: &str) -> Option<u32> {
    USERS.iter().find(|(known, _)| *known == name).map(|(_, id)| *id)
}
