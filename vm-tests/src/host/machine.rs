//! QEMU: how a machine is started, and what comes out of it.

use super::arch::Arch;
use super::kernel::Kernel;
use crate::protocol::{Task, Word};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How the guest's CPUs are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpus {
    /// Two, emulated in turns by one thread. Where tracepoints are switched on and off under load: emulating each CPU
    /// by its own thread does not always survive that, with or without Kestrel.
    InTurns,
    /// Two, each emulated by its own thread: for load that is really parallel.
    Parallel,
    /// Two, by the processor of the host.
    Kvm,
    /// One, emulated, that counts: a nanosecond of the guest's time is one instruction.
    Counting,
}

/// A machine to start.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What its processor is.
    pub arch: Arch,
    /// The kernel's image.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initrd: PathBuf,
    /// How its CPUs are run.
    pub cpus: Cpus,
    /// Its memory in MiB.
    pub memory_mib: u32,
    /// What it is started for.
    pub task: Task,
    /// Where its socket is put.
    pub folder: PathBuf,
}

/// What comes out of a machine.
#[derive(Debug)]
pub enum Line {
    /// A line of the console.
    Console(String),
    /// What the guest said.
    Word(Word),
    /// One of the two is closed.
    Closed,
}

/// A machine that runs. It is ended when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<Line>,
    socket: PathBuf,
    closed: u8,
}

/// The most bytes of a kernel's command line that the kernel takes: it would cut the rest off without a word (COMMAND_LINE_SIZE
/// of arch/x86/include/asm/setup.h and arch/arm64/include/uapi/asm/setup.h, less the byte that ends it).
const COMMAND_LINE: usize = 2047;

impl Machine {
    fn command(&self) -> Result<Command, String> {
        let mut qemu = Command::new(self.arch.emulator().0);
        match self.cpus {
            Cpus::InTurns => qemu.args(["-accel", "tcg,thread=single", "-smp", "2"]).args(self.arch.machine()),
            Cpus::Parallel => qemu.args(["-accel", "tcg,thread=multi", "-smp", "2"]).args(self.arch.machine()),
            Cpus::Kvm => qemu.args(["-accel", "kvm", "-cpu", "host", "-smp", "2"]),
            Cpus::Counting => {
                qemu.args(["-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "qemu64", "-smp", "1"])
            }
        };
        let counting = if self.cpus == Cpus::Counting { " tsc=reliable" } else { "" };
        // Warnings are shown on the console, since they fail whatever runs; the time before each tells them from the guest's
        // own lines.
        let append = format!(
            "console={}{} panic=-1 oops=panic loglevel=5 printk.time=1{counting} {}",
            self.arch.console(),
            self.arch.boot_options(),
            self.task.argument()
        );
        if append.len() > COMMAND_LINE {
            return Err(format!(
                "the kernel takes {COMMAND_LINE} bytes of command line, not {}: {append}",
                append.len()
            ));
        }
        qemu.args(["-m", &self.memory_mib.to_string(), "-nodefaults", "-no-reboot", "-append", &append]);
        qemu.arg("-kernel").arg(&self.kernel).arg("-initrd").arg(&self.initrd);
        Ok(qemu)
    }

    /// Starts it.
    ///
    /// # Errors
    /// A message.
    pub fn start(&self) -> Result<Running, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut command = self.command()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let socket = self.folder.join(format!("{}-{number}.sock", std::process::id()));
        let listener = UnixListener::bind(&socket).map_err(|error| format!("{}: {error}", socket.display()))?;
        command.args(["-display", "none", "-serial", "stdio"]);
        command.arg("-chardev").arg(format!("socket,id=words,path={}", socket.display()));
        command.args(["-device", self.arch.second_port()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.missing(&error))?;

        let (sender, lines) = channel();
        if let (Some(out), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
            let to = sender.clone();
            std::thread::spawn(move || {
                read(out, &to, Line::Console);
                // Of use only if QEMU itself fails.
                read(errors, &to, Line::Console);
                to.send(Line::Closed)
            });
        }
        std::thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                read(stream, &sender, |line| match serde_json::from_str(&line) {
                    Ok(word) => Line::Word(word),
                    Err(_) => Line::Console(line),
                });
            }
            sender.send(Line::Closed)
        });
        Ok(Running { child, lines, socket, closed: 0 })
    }

    /// Starts it with the console on this terminal, and waits until it is off.
    ///
    /// # Errors
    /// A message.
    pub fn hand_over(&self) -> Result<(), String> {
        let mut command = self.command()?;
        command.args(["-nographic", "-serial", "mon:stdio", "-serial", "null"]);
        command.status().map(drop).map_err(|error| self.missing(&error))
    }

    fn missing(&self, error: &std::io::Error) -> String {
        let (program, package) = self.arch.emulator();
        format!("{program}: {error}: `apt-get install {package}` brings it")
    }
}

/// Sends lines as they come. Bytes that are no UTF-8 are shown as such.
fn read(from: impl Read, to: &Sender<Line>, wrap: impl Fn(String) -> Line) {
    let mut reader = BufReader::new(from.take(256 << 20));
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        if to.send(wrap(line)).is_err() {
            break;
        }
    }
}

impl Running {
    /// The next line; `None` if none came until then.
    pub fn next(&mut self, until: Instant) -> Option<Line> {
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Line::Closed) => {
                self.closed += 1;
                Some(Line::Closed)
            }
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Line::Closed),
        }
    }

    /// True if nothing can come any more: the machine is off.
    pub fn is_off(&self) -> bool {
        self.closed >= 2
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It turns itself off when it is done; a moment is enough for that.
        for _ in 0..40 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Whoever waits for a machine that never connected waits no longer.
        let _ = std::os::unix::net::UnixStream::connect(&self.socket);
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// How long a trial under KVM may take: a machine that works is up in half of this.
const TRIAL: Duration = Duration::from_secs(6);

/// True if machines can be run by the host's processor, which a trial boot must show: on machines that are virtual
/// themselves, /dev/kvm can be there and lead nowhere.
pub fn kvm_works(kernel: &Kernel, initrd: &Path, folder: &Path) -> bool {
    if kernel.arch != Arch::HOST || std::fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_err() {
        return false;
    }
    let machine = Machine {
        arch: kernel.arch,
        kernel: kernel.image(),
        initrd: initrd.to_owned(),
        cpus: Cpus::Kvm,
        memory_mib: kernel.memory_mib(),
        task: Task::Trial,
        folder: folder.to_owned(),
    };
    let Ok(mut running) = machine.start() else { return false };
    let until = Instant::now() + TRIAL;
    while let Some(line) = running.next(until) {
        if matches!(line, Line::Word(Word::Done(true))) {
            return true;
        }
        if running.is_off() {
            break;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Source;
    use crate::scenarios;

    #[test]
    fn the_scenarios_of_one_boot_fit_and_a_line_that_the_kernel_would_cut_is_refused() {
        let names: Vec<String> = scenarios::all().iter().map(|scenario| scenario.name.to_owned()).collect();
        for arch in [Arch::X86_64, Arch::Aarch64] {
            let command = |names: &[String]| {
                let machine = Machine {
                    arch,
                    kernel: PathBuf::new(),
                    initrd: PathBuf::new(),
                    cpus: Cpus::Counting,
                    memory_mib: 512,
                    task: Task::Scenarios(Source::Ebpf, names.to_vec()),
                    folder: PathBuf::new(),
                };
                machine.command().map(drop)
            };
            let mut left = names.as_slice();
            while !left.is_empty() {
                let (now, later) = left.split_at(Task::scenarios_of_one_boot(left.iter().map(String::as_str)));
                assert_eq!(command(now), Ok(()));
                left = later;
            }
            assert!(command(&names).unwrap_err().contains("2047 bytes"));
        }
    }
}
