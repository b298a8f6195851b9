//! Processes and users, to and from the process table.

use super::{GroupEntry, Machine, ProcessEntry, UserEntry, UserLists};
use crate::container::Containers;
use crate::fields::Clock;
use crate::state::{Figures, Group, Image, Process, ProcessKey, State, Threads, User, Users};
use kestrel_core::event::TaskContext;
use std::rc::Rc;
use zerocopy::{FromBytes, IntoBytes};

/// The machine that this program runs on, as events show it.
pub fn machine(clock: &Clock) -> Machine {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
    Machine { hostname: clock.hostname.clone(), kernel: kernel.trim().to_owned(), boot_ns: clock.boot_ns, cpus }
}

/// Bytes of a name or a path of a user that are kept.
const USER_TEXT: usize = 4096;

/// Bytes of users and groups in one block, about.
const LIST_BYTES: usize = 256 * 1024;

/// The users and groups of a table, in the order of their ids, in lists that a block can hold.
pub fn user_lists(users: &Users) -> Vec<UserLists> {
    let cut = |text: &str| text[..text.floor_char_boundary(USER_TEXT)].to_owned();
    let entry = |(uid, user): (u32, &User)| UserEntry {
        uid,
        name: cut(&user.name),
        home: cut(&user.home),
        shell: cut(&user.shell),
    };
    let mut entries: Vec<UserEntry> = users.users().map(entry).collect();
    let mut groups: Vec<GroupEntry> =
        users.groups().map(|(gid, group)| GroupEntry { gid, name: cut(&group.name) }).collect();
    entries.sort_by_key(|user| user.uid);
    groups.sort_by_key(|group| group.gid);
    let mut lists = vec![UserLists::default()];
    let mut room = LIST_BYTES;
    let mut list = |len: usize, add: &mut dyn FnMut(&mut UserLists)| {
        if len > room {
            lists.push(UserLists { further: true, ..UserLists::default() });
            room = LIST_BYTES;
        }
        room = room.saturating_sub(len);
        if let Some(last) = lists.last_mut() {
            add(last);
        }
    };
    for user in entries {
        let len = 16 + user.name.len() + user.home.len() + user.shell.len();
        list(len, &mut |lists| lists.users.push(user.clone()));
    }
    for group in groups {
        list(16 + group.name.len(), &mut |lists| lists.groups.push(group.clone()));
    }
    lists
}

/// Takes in the users and groups of a list.
pub fn restore_users(known: &mut Users, lists: UserLists) {
    let user = |entry: UserEntry| {
        let user = User { name: entry.name.into(), home: entry.home.into(), shell: entry.shell.into() };
        (entry.uid, user)
    };
    let group = |entry: GroupEntry| (entry.gid, Group { name: entry.name.into() });
    if !lists.further {
        *known = Users::default();
    }
    known.extend(lists.users.into_iter().map(user), lists.groups.into_iter().map(group));
}

/// One process of a table.
pub fn entry(process: &Process) -> ProcessEntry {
    let Process { image, figures, .. } = process;
    ProcessEntry {
        task: process.task.as_bytes().to_vec(),
        comm: process.comm,
        parent: process.parent.map(|parent| (parent.pid, parent.start_ticks)),
        exe: image.exe.to_vec(),
        args: image.args.to_vec(),
        env: image.env.to_vec(),
        exepath: image.exepath.to_vec(),
        cgroup: process.group.path.to_vec(),
        cwd: process.cwd.to_vec(),
        exe_flags: image.exe_flags,
        exe_inode: [image.exe_ino, image.exe_ctime, image.exe_mtime],
        capabilities: image.capabilities,
        figures: [
            figures.fd_limit,
            figures.vm_size_kib,
            figures.vm_rss_kib,
            figures.vm_swap_kib,
            figures.faults_major,
            figures.faults_minor,
        ],
        threads: process.threads.map(|threads| (threads.alive, threads.without_first, threads.since_ns)),
        pidns: process.pidns,
        exec_time_ns: process.exec_time_ns,
        exited: process.exited,
        complete: process.complete,
    }
}

/// The process of an entry; `None` if its task context is none.
fn process(entry: ProcessEntry, containers: &mut Containers) -> Option<(ProcessKey, Process)> {
    let task = TaskContext::read_from_bytes(&entry.task).ok()?;
    let [exe_ino, exe_ctime, exe_mtime] = entry.exe_inode;
    let [fd_limit, vm_size_kib, vm_rss_kib, vm_swap_kib, faults_major, faults_minor] = entry.figures;
    let image = Image {
        exe: entry.exe.into(),
        args: entry.args.into(),
        exepath: entry.exepath.into(),
        env: entry.env.into(),
        exe_flags: entry.exe_flags,
        exe_ino,
        exe_ctime,
        exe_mtime,
        capabilities: entry.capabilities,
    };
    let process = Process {
        task,
        comm: entry.comm,
        parent: entry.parent.map(|(pid, start_ticks)| ProcessKey { pid, start_ticks }),
        image: Rc::new(image),
        group: containers.group(task.cgroup, &entry.cgroup),
        cwd: entry.cwd.into(),
        figures: Figures { fd_limit, vm_size_kib, vm_rss_kib, vm_swap_kib, faults_major, faults_minor },
        threads: entry.threads.map(|(alive, without_first, since_ns)| Threads { alive, without_first, since_ns }),
        pidns: entry.pidns,
        exec_time_ns: entry.exec_time_ns,
        seen_ns: 0,
        // Set by the table, so that it counts as ended there.
        exited: false,
        heir: None,
        complete: entry.complete,
    };
    Some((ProcessKey::of(&task), process))
}

/// Puts processes into a state. What records have said already is newer and stays.
pub fn restore_processes(state: &mut State, entries: Vec<ProcessEntry>) {
    for entry in entries {
        let exited = entry.exited;
        let Some((key, process)) = process(entry, &mut state.containers) else { continue };
        if state.processes.get(key).is_some_and(|known| known.complete) {
            continue;
        }
        state.processes.insert(key, process);
        if exited {
            state.processes.end(key, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::ProcReader;

    #[test]
    fn a_process_survives_its_entry() {
        let mut containers = Containers::new(None, std::path::Path::new("/proc"));
        let (key, mut before) = ProcReader::new("/proc").process(std::process::id(), &mut containers).unwrap();
        before.parent = Some(ProcessKey { pid: 1, start_ticks: 3 });
        before.pidns = Some((4, 5));
        let mut state = State::new(64, Users::default(), None);
        let bytes = postcard::to_stdvec(&entry(&before)).unwrap();
        restore_processes(&mut state, vec![postcard::from_bytes(&bytes).unwrap()]);
        assert_eq!(format!("{:?}", state.processes.get(key).unwrap()), format!("{before:?}"));
    }

    #[test]
    fn users_survive_their_lists() {
        let users = Users::from_text("root:x:0:0::/root:/bin/sh\neve:x:7:7::/home/eve:/bin/zsh\n", "wheel:x:10:\n");
        let mut lists = user_lists(&users);
        assert_eq!(lists.len(), 1);
        assert_eq!(lists[0].users.iter().map(|user| user.uid).collect::<Vec<_>>(), [0, 7]);
        let mut restored = Users::from_text("gone:x:5:5::/:/\n", "");
        restore_users(&mut restored, lists.remove(0));
        assert_eq!((restored.user(7), restored.group(10)), (users.user(7), users.group(10)));
        assert_eq!(restored.user(5), None);
    }

    #[test]
    fn more_users_than_a_block_holds_are_said_in_several_lists() {
        let passwd: String = (0..20_000).map(|n| format!("user{n}:x:{n}:{n}::/home/user{n}:/bin/sh\n")).collect();
        let users = Users::from_text(&passwd, "wheel:x:10:\n");
        let lists = user_lists(&users);
        assert!(lists.len() > 1);
        let mut restored = Users::default();
        for list in lists {
            assert!(postcard::to_stdvec(&list).unwrap().len() <= super::super::MAX_BLOCK);
            restore_users(&mut restored, list);
        }
        assert_eq!(restored.users().count(), 20_000);
        assert_eq!(restored.group(10), users.group(10));
    }
}
