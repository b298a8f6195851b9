//! The texts of /proc, as numbers.

use crate::container::Identity;
use kestrel_core::event::TaskContext;

/// A number, with or without blanks around it.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// The path of a control group in `/proc/PID/cgroup` (cgroups(7)): the first that names a container, or else that of the unified
/// hierarchy, in the line `0::PATH`; where only the old ones are in use, the first that is not the root.
pub(crate) fn control_group(text: &[u8]) -> Option<&[u8]> {
    let paths = || text.split(|&b| b == b'\n').filter_map(|line| line.splitn(3, |&b| b == b':').nth(2));
    let unified = find(text, b"0::");
    paths()
        .find(|path| Identity::of_cgroup(path).is_some())
        .or_else(|| unified.filter(|path| *path != b"/"))
        .or_else(|| paths().find(|path| *path != b"/"))
        .or(unified)
        .or_else(|| paths().next())
}

/// What follows a name at the beginning of a line.
pub(crate) fn find<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(name))
}

/// The fields behind the name in `/proc/PID/stat`: the first is field 3, the state.
pub(crate) fn stat_fields(stat: &[u8]) -> Vec<&[u8]> {
    let close = stat.iter().rposition(|&b| b == b')');
    let rest = close.and_then(|close| stat.get(close + 1..)).unwrap_or(&[]);
    rest.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect()
}

/// A field of `/proc/PID/stat` by its number in proc_pid_stat(5), from 3.
pub(crate) fn stat_field(fields: &[&[u8]], n: usize) -> Option<u64> {
    fields.get(n.checked_sub(3)?).copied().and_then(number)
}

/// Reads `/proc/PID/stat` (proc_pid_stat(5)). The name may hold anything, parentheses too: it ends at the last one.
pub(crate) fn parse_stat(stat: &[u8]) -> Option<TaskContext> {
    let open = stat.iter().position(|&b| b == b'(')?;
    let close = stat.iter().rposition(|&b| b == b')')?;
    let pid = number(&stat[..open])? as u32;
    let comm = stat.get(open + 1..close)?;
    let fields = stat_fields(stat);
    let field = |n: usize| stat_field(&fields, n);
    let mut task = TaskContext {
        pid,
        tid: pid,
        vpid: pid,
        vtid: pid,
        ppid: field(4)? as u32,
        pgid: field(5)? as u32,
        vpgid: field(5)? as u32,
        sid: field(6)? as u32,
        tty: field(7).unwrap_or(0) as u32,
        start_time: field(22)?.wrapping_mul(10_000_000),
        loginuid: u32::MAX,
        ..TaskContext::default()
    };
    for (to, from) in task.comm.iter_mut().take(15).zip(comm) {
        *to = *from;
    }
    Some(task)
}

/// Reads ids from `/proc/PID/status` (proc_pid_status(5)).
pub(crate) fn parse_status(status: &[u8], task: &mut TaskContext) {
    for line in status.split(|&b| b == b'\n') {
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        let mut numbers = line[colon + 1..].split(|b| b.is_ascii_whitespace()).filter_map(number);
        match &line[..colon] {
            b"Uid" => {
                task.uid = numbers.next().unwrap_or(0) as u32;
                task.euid = numbers.next().unwrap_or(0) as u32;
            }
            b"Gid" => {
                task.gid = numbers.next().unwrap_or(0) as u32;
                task.egid = numbers.next().unwrap_or(0) as u32;
            }
            b"NSpid" => task.vpid = numbers.next_back().unwrap_or(task.pid.into()) as u32,
            b"NSpgid" => task.vpgid = numbers.next_back().unwrap_or(task.pgid.into()) as u32,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_confuse_the_reader() {
        let stat = b"42 (a) b (c)) S 1 42 40 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 777 1000 10";
        let task = parse_stat(stat).unwrap();
        assert_eq!((task.pid, task.ppid, task.pgid, task.sid, task.tty), (42, 1, 42, 40, 34816));
        assert_eq!(task.start_time, 7_770_000_000);
        assert_eq!(&task.comm[..8], b"a) b (c)");
    }

    #[test]
    fn the_control_group_is_that_of_the_hierarchy_that_is_in_use() {
        let id = "0123456789abcdef".repeat(4);
        for (text, path) in [
            ("0::/system.slice/x.service\n", "/system.slice/x.service".to_owned()),
            ("0::/\n", "/".to_owned()),
            ("12:pids:/\n4:cpu,cpuacct:/docker/ID\n1:name=systemd:/docker/ID\n0::/\n", format!("/docker/{id}")),
            ("4:cpu:/docker/ID\n0::/system.slice/docker.service\n", format!("/docker/{id}")),
            ("3:cpu:/\n2:pids:/user.slice\n1:name=systemd:/user.slice/a:b\n", "/user.slice".to_owned()),
            ("1:cpu:/\n", "/".to_owned()),
        ] {
            assert_eq!(control_group(text.replace("ID", &id).as_bytes()), Some(path.as_bytes()), "{text}");
        }
        assert_eq!(control_group(b""), None);
    }

    #[test]
    fn hostile_files_are_no_process() {
        for stat in [&b""[..], b"(", b")(", b"1 (x)", b"x (y) S 1 2 3", b"1 (x) S 99999999999999999999 1 1"] {
            assert_eq!(parse_stat(stat), None);
        }
    }
}
