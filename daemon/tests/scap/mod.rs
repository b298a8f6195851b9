//! Writes captures as Falco and sysdig do, for tests.

/// A thread in a list.
#[derive(Clone, Copy)]
pub struct Listed<'a> {
    pub tid: u64,
    pub pid: u64,
    pub ptid: u64,
    pub comm: &'a str,
    pub exe: &'a str,
    pub args: &'a [&'a str],
    pub cwd: &'a str,
    pub cgroup: &'a str,
}

/// A capture that is being written.
pub struct Capture {
    bytes: Vec<u8>,
    time_ns: u64,
    /// Headers of events say how many parameters they have.
    counted: bool,
}

/// A signed number of 8 bytes.
pub fn int(n: i64) -> Vec<u8> {
    n.to_ne_bytes().to_vec()
}

/// A descriptor, or any number of 8 bytes.
pub fn fd(n: i64) -> Vec<u8> {
    int(n)
}

/// A string, ended by NUL.
pub fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

fn short(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_ne_bytes()[..], text.as_bytes()].concat()
}

impl Capture {
    /// As they are written today.
    pub fn new() -> Capture {
        let mut capture = Capture { bytes: Vec::new(), time_ns: 1_700_000_100_000_000_000, counted: true };
        let mut section = 0x1A2B_3C4D_u32.to_ne_bytes().to_vec();
        section.extend(1_u16.to_ne_bytes());
        section.extend(2_u16.to_ne_bytes());
        section.extend(u64::MAX.to_ne_bytes());
        capture.block(0x0A0D_0D0A, &section);
        capture
    }

    /// As they were written in 2016.
    pub fn old() -> Capture {
        Capture { counted: false, ..Capture::new() }
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written since this was called last.
    #[allow(dead_code, reason = "for captures that are too long to be kept")]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let len = u32::try_from(padded + 12).unwrap();
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(len.to_ne_bytes());
        self.bytes.extend(body);
        self.bytes.extend(std::iter::repeat_n(0, padded - body.len()));
        self.bytes.extend(len.to_ne_bytes());
    }

    pub fn machine(&mut self, name: &str, boot_ns: u64) {
        let mut body = 4_u32.to_ne_bytes().to_vec();
        body.extend([0; 16]);
        let mut hostname = [0; 128];
        hostname[..name.len()].copy_from_slice(name.as_bytes());
        body.extend(hostname);
        body.extend(boot_ns.to_ne_bytes());
        body.extend([0; 24]);
        self.block(0x201, &body);
    }

    pub fn processes(&mut self, version: u8, listed: &[Listed<'_>]) {
        let kind = match version {
            1 => 0x202,
            2 => 0x207,
            3 => 0x209,
            later => 0x210 + u32::from(later) - 4,
        };
        let mut body = Vec::new();
        for process in listed {
            let mut entry = Vec::new();
            for id in [process.tid, process.pid, process.ptid] {
                entry.extend(id.to_ne_bytes());
            }
            if version >= 6 {
                entry.extend(process.pid.to_ne_bytes());
            }
            if version >= 8 {
                entry.extend(process.pid.to_ne_bytes());
            }
            entry.extend(short(process.comm));
            entry.extend(short(process.exe));
            if version >= 7 {
                entry.extend(short(&format!("/real/{}", process.comm)));
            }
            entry.extend(short(&process.args.iter().map(|arg| format!("{arg}\0")).collect::<String>()));
            entry.extend(short(process.cwd));
            entry.extend(1024_u64.to_ne_bytes());
            for n in [0_u32, 1000, 1000] {
                entry.extend(n.to_ne_bytes());
            }
            if version >= 2 {
                entry.extend([0; 12 + 16]);
            }
            if version >= 3 {
                entry.extend(short("A=b\0"));
            }
            if version >= 4 {
                entry.extend(process.tid.to_ne_bytes());
                entry.extend(process.pid.to_ne_bytes());
                entry.extend(short(process.cgroup));
            }
            if version >= 5 {
                entry.extend(short("/"));
            }
            if version >= 9 {
                // Start of the namespace, terminal, login, writable, capabilities, upper layer, inode.
                entry.extend([0; 8 + 4]);
                entry.extend(1000_u32.to_ne_bytes());
                entry.extend([0; 1 + 24 + 1 + 24]);
                body.extend(u32::try_from(entry.len() + 4).unwrap().to_ne_bytes());
            }
            body.extend(entry);
        }
        self.block(kind, &body);
    }

    pub fn users(&mut self, lengths: bool, users: &[(u32, &str)]) {
        let mut body = Vec::new();
        for (uid, name) in users {
            let mut entry = vec![0];
            entry.extend(uid.to_ne_bytes());
            entry.extend(uid.to_ne_bytes());
            entry.extend(short(name));
            entry.extend(short(&format!("/home/{name}")));
            entry.extend(short("/bin/sh"));
            if lengths {
                body.extend(u32::try_from(entry.len() + 4).unwrap().to_ne_bytes());
            }
            body.extend(entry);
        }
        self.block(if lengths { 0x220 } else { 0x206 }, &body);
    }

    pub fn fds(&mut self, lengths: bool, tid: u64, files: &[(u64, &str)]) {
        let mut body = tid.to_ne_bytes().to_vec();
        for (fd, path) in files {
            let mut entry = fd.to_ne_bytes().to_vec();
            entry.extend(7_u64.to_ne_bytes());
            entry.push(1);
            entry.extend(short(path));
            if lengths {
                body.extend(u32::try_from(entry.len() + 4).unwrap().to_ne_bytes());
            }
            body.extend(entry);
        }
        self.block(if lengths { 0x218 } else { 0x203 }, &body);
    }

    /// An event of this number by this thread, a microsecond after the one before.
    pub fn event(&mut self, number: u16, tid: u64, params: &[Vec<u8>]) {
        self.time_ns += 1_000;
        let lens: Vec<u8> = params.iter().flat_map(|param| (param.len() as u16).to_ne_bytes()).collect();
        let values = params.concat();
        let head = if self.counted { 26 } else { 22 };
        let mut body = 2_u16.to_ne_bytes().to_vec();
        body.extend(self.time_ns.to_ne_bytes());
        body.extend(tid.to_ne_bytes());
        body.extend(u32::try_from(head + lens.len() + values.len()).unwrap().to_ne_bytes());
        body.extend(number.to_ne_bytes());
        if self.counted {
            body.extend(u32::try_from(params.len()).unwrap().to_ne_bytes());
        }
        body.extend(lens);
        body.extend(values);
        self.block(if self.counted { 0x216 } else { 0x204 }, &body);
    }
}
