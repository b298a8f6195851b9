//! What blocks other than records hold, as postcard messages. What is added later is added at the end of a message, where an
//! older reader does not look.

use super::mapping;
use serde::{Deserialize, Serialize};

/// What a file says of itself and its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The machine that the records are of.
    pub machine: Machine,
    /// The writer's table of events: an event's id is its place here.
    pub events: Vec<EventRow>,
    /// Version of the kestrel that wrote it.
    pub writer: String,
    /// The condition that records had to match, beside those that the process table is made from; empty for none.
    pub condition: String,
    /// Number of this file among those of one recording, from 0.
    pub part: u64,
}

impl Opening {
    /// The opening of a recording that begins here and now.
    pub fn new(machine: Machine, condition: &str) -> Opening {
        Opening {
            machine,
            events: mapping::table(),
            writer: env!("CARGO_PKG_VERSION").to_owned(),
            condition: condition.to_owned(),
            part: 0,
        }
    }
}

/// Facts of a machine that fields show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    pub hostname: String,
    /// Release of its kernel.
    pub kernel: String,
    /// Time of its boot, ns since the epoch.
    pub boot_ns: u64,
    /// Number of its CPUs.
    pub cpus: u32,
}

/// One event of the writer's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<ParamRow>,
}

/// One parameter of the writer's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamRow {
    /// Its name.
    pub name: String,
    /// How it is written ([`kestrel_core::schema::Type::encoding`]).
    pub encoding: u8,
}

/// One process, as it was when the file was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEntry {
    /// The bytes of its task context ([`kestrel_core::event::TaskContext`]).
    pub task: Vec<u8>,
    /// Its name, padded with NUL.
    pub comm: [u8; 16],
    /// Its parent: pid, and start in clock ticks.
    pub parent: Option<(u32, u64)>,
    /// First command-line argument.
    pub exe: Vec<u8>,
    /// The others, each ended by NUL.
    pub args: Vec<u8>,
    /// The environment, each string ended by NUL.
    pub env: Vec<u8>,
    /// Path of the executable.
    pub exepath: Vec<u8>,
    /// Path of the cgroup.
    pub cgroup: Vec<u8>,
    /// Working directory.
    pub cwd: Vec<u8>,
    /// Flags of the executable.
    pub exe_flags: u32,
    /// Inode of the executable, its last status change and its last modification (ns since the epoch).
    pub exe_inode: [u64; 3],
    /// Inheritable, permitted and effective capabilities.
    pub capabilities: Option<[u64; 3]>,
    /// Soft limit of open files; virtual, resident and swapped memory in KiB; page faults with and without a disk.
    pub figures: [Option<u64>; 6],
    /// Living threads, whether the first one ended, and the time at which they were counted.
    pub threads: Option<(u32, bool, u64)>,
    /// A pid namespace and the start of its first process.
    pub pidns: Option<(u32, u64)>,
    /// Time of the last exec; 0 if it was before the capture.
    pub exec_time_ns: u64,
    /// It ended.
    pub exited: bool,
    /// Image and working directory are known.
    pub complete: bool,
}

/// Users and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLists {
    /// They are further ones: those that were said before stay. Otherwise they replace them.
    pub further: bool,
    /// The users, by id.
    pub users: Vec<UserEntry>,
    /// The groups, by id.
    pub groups: Vec<GroupEntry>,
}

/// One user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEntry {
    /// User id.
    pub uid: u32,
    /// Login name.
    pub name: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEntry {
    /// Group id.
    pub gid: u32,
    /// Its name.
    pub name: String,
}

/// What is known of a container. What is said of one later adds to what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerEntry {
    /// Its id.
    pub id: Vec<u8>,
    /// The user in whose part of the hierarchy of control groups it is; `None` for root's.
    pub owner: Option<u32>,
    /// Its control group, where the path alone does not tell that it is one; empty otherwise.
    pub place: Vec<u8>,
    /// What runs it, as `container.type` shows it; empty if that is not known.
    pub runtime: String,
    /// What its runtime wrote down.
    pub details: Option<DetailsEntry>,
    /// Its address, where its runtime did not write it down.
    pub ip: Option<[u8; 4]>,
    /// Its users and groups.
    pub accounts: Option<AccountsEntry>,
}

/// What the runtime of a container wrote down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsEntry {
    /// Its name.
    pub name: String,
    /// Its image: reference, repository, tag, digest.
    pub image: [String; 4],
    /// Id of the image.
    pub image_id: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// What of the machine is mounted in it.
    pub mounts: Vec<MountEntry>,
    /// Whether it is privileged, and in the machine's own pid, network and IPC namespaces.
    pub shares: [Option<bool>; 4],
    /// Its address.
    pub ip: Option<[u8; 4]>,
    /// What the network plugin answered.
    pub cni: String,
    /// The pod that it belongs to.
    pub pod: Option<PodEntry>,
}

/// A mount of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountEntry {
    /// What is mounted.
    pub source: String,
    /// Where.
    pub dest: String,
    /// How, in the runtime's own words.
    pub mode: String,
    /// Whether it can be written.
    pub writable: bool,
    /// How mounts below it spread.
    pub propagation: String,
}

/// A pod of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodEntry {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its unique id.
    pub uid: String,
    /// Id of its sandbox.
    pub sandbox_id: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
}

/// Users and groups of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsEntry {
    /// The users, by the ids that they have in it.
    pub users: Vec<UserEntry>,
    /// The groups.
    pub groups: Vec<GroupEntry>,
    /// User ids: inside, outside, how many. Without an entry they are the same.
    pub uids: Vec<(u32, u32, u32)>,
    /// Group ids.
    pub gids: Vec<(u32, u32, u32)>,
}

/// Blocks of records: where they begin, and the times of their records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Where the first of them begins, from the start of the file.
    pub offset: u64,
    /// Earliest time of a record, ns since the epoch.
    pub first_ns: u64,
    /// Latest time of a record, ns since the epoch.
    pub last_ns: u64,
    /// Number of records.
    pub count: u64,
}
