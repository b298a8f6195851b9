//! What /proc says about Kestrel and the machine (proc(5)). What is not there is left out.

use crate::config::MetricsConfig;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes that are read of a file: /proc/stat has a line for each CPU and a long one for interrupts.
const MAX_BYTES: u64 = 1 << 20;

/// Ticks of processor time a second in /proc: the same on every machine (time(7), USER_HZ).
const TICKS: f64 = 100.0;

/// What does not change while Kestrel runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Release of the kernel.
    pub kernel_release: String,
    /// When the machine was started, in nanoseconds since the epoch.
    pub boot_ns: u64,
    /// Processors.
    pub cpus: u64,
    /// Addresses of each network interface but the loopback: IPv4, IPv6.
    pub addresses: BTreeMap<String, (Vec<String>, Vec<String>)>,
}

/// Memory and processor time. Percentages are as Falco has them: since the start of Kestrel, or of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time of Kestrel, in percent of one processor.
    pub cpu_perc: Option<f64>,
    /// Memory of Kestrel that is in the machine's memory, in bytes.
    pub rss: Option<u64>,
    /// Address space of Kestrel, in bytes.
    pub vsz: Option<u64>,
    /// Memory of Kestrel, what is shared divided by those who share it, in bytes.
    pub pss: Option<u64>,
    /// Memory of the control group, in bytes.
    pub container_memory: Option<u64>,
    /// Processor time of the machine, in percent.
    pub host_cpu_perc: Option<f64>,
    /// Memory of the machine that is used, but for what is easily given back, in bytes.
    pub host_memory: Option<u64>,
    /// Tasks that run or could run.
    pub host_running: Option<u64>,
    /// Open files of the machine.
    pub host_open_files: Option<u64>,
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The first number behind a word at the beginning of a line.
fn number(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

impl Machine {
    /// Looks at the machine.
    pub fn look() -> Machine {
        let boot = read("/proc/stat").and_then(|text| number(&text, "btime")).unwrap_or(0);
        let mut addresses: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for interface in nix::ifaddrs::getifaddrs().into_iter().flatten().filter(|found| found.interface_name != "lo") {
            let Some(address) = interface.address else { continue };
            let known = addresses.entry(interface.interface_name).or_default();
            if let Some(v4) = address.as_sockaddr_in() {
                known.0.push(v4.ip().to_string());
            } else if let Some(v6) = address.as_sockaddr_in6() {
                known.1.push(v6.ip().to_string());
            }
        }
        Machine {
            kernel_release: nix::sys::utsname::uname()
                .map_or_else(|_| String::new(), |name| name.release().to_string_lossy().into_owned()),
            boot_ns: boot.saturating_mul(1_000_000_000),
            cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
            addresses,
        }
    }
}

impl Usage {
    /// Looks, if the configuration says so.
    pub fn look(config: &MetricsConfig) -> Usage {
        if !config.resource_utilization_enabled {
            return Usage::default();
        }
        let kib = |n: u64| n.saturating_mul(1024);
        let status = read("/proc/self/status").unwrap_or_default();
        let memory = read("/proc/meminfo").unwrap_or_default();
        let stat = read("/proc/stat").unwrap_or_default();
        let group = std::env::var_os("FALCO_CGROUP_MEM_PATH").and_then(read).or_else(|| {
            let places = ["/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory.current"];
            places.iter().find_map(read)
        });
        Usage {
            cpu_perc: own_cpu(),
            rss: number(&status, "VmRSS:").map(kib),
            vsz: number(&status, "VmSize:").map(kib),
            pss: read("/proc/self/smaps_rollup").and_then(|text| number(&text, "Pss:")).map(kib),
            container_memory: group.and_then(|text| text.trim().parse().ok()),
            host_cpu_perc: host_cpu(&stat),
            host_memory: used(&memory).map(kib),
            host_running: number(&stat, "procs_running"),
            host_open_files: read("/proc/sys/fs/file-nr").and_then(|text| number(&text, "")),
        }
    }
}

/// Used memory in kibibytes: what is neither free nor buffers nor cache.
fn used(memory: &str) -> Option<u64> {
    let free = ["MemFree:", "Buffers:", "Cached:"].iter().filter_map(|word| number(memory, word)).sum();
    Some(number(memory, "MemTotal:")?.saturating_sub(free))
}

/// Part of the time in which the processors did something, in percent.
fn host_cpu(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let times: Vec<u64> = line.split_ascii_whitespace().map_while(|time| time.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; what guests take is in user already.
    let total: u64 = times.iter().take(8).sum();
    let idle: u64 = times.iter().skip(3).take(2).sum();
    (total > 0).then(|| (total - idle) as f64 * 100.0 / total as f64)
}

fn own_cpu() -> Option<f64> {
    let stat = read("/proc/self/stat")?;
    let uptime: f64 = read("/proc/uptime")?.split_ascii_whitespace().next()?.parse().ok()?;
    own_cpu_of(&stat, uptime)
}

/// Processor time in percent, of the fields of /proc/PID/stat behind the name: utime, stime and starttime.
fn own_cpu_of(stat: &str, uptime: f64) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok());
    let (used, began) = (field(11)? + field(12)?, field(19)?);
    let elapsed = uptime - began / TICKS;
    (elapsed > 0.0).then(|| used / TICKS * 100.0 / elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_says_is_read() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 1000 0 0";
        assert_eq!(own_cpu_of(stat, 20.0), Some(20.0));
        assert_eq!(own_cpu_of("7 (a", 20.0), None);
        let text = "cpu  10 0 10 70 10 0 0 0 5 0\ncpu0 1 1\nbtime 1700000000\nprocs_running 3\n";
        assert_eq!((host_cpu(text), number(text, "procs_running")), (Some(20.0), Some(3)));
        assert_eq!((host_cpu(""), host_cpu("cpu  0 0\n")), (None, None));
        let memory = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 500 kB\nBuffers: 50 kB\nCached: 250 kB\n";
        assert_eq!((used(memory), used("")), (Some(600), None));
    }

    #[test]
    fn this_machine_has_all_of_it_but_perhaps_a_control_group() {
        let usage = Usage::look(&MetricsConfig::default());
        let (rss, vsz) = (usage.rss.unwrap(), usage.vsz.unwrap());
        assert!(rss > 1 << 20 && vsz >= rss);
        assert!(usage.host_cpu_perc.unwrap() <= 100.0 && usage.host_memory.unwrap() > 0);
        let machine = Machine::look();
        assert!(machine.cpus > 0 && machine.boot_ns > 0 && !machine.kernel_release.is_empty());
        let off = MetricsConfig { resource_utilization_enabled: false, ..MetricsConfig::default() };
        assert_eq!(Usage::look(&off), Usage::default());
    }
}
