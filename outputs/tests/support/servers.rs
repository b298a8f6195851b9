//! rsyslog and syslog-ng, as Debian has them: started on ports of the loopback interface, with everything they write in a
//! folder of their own.

use super::{Certificates, free_port};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rsyslog,
    SyslogNg,
}

/// A server that writes what it gets to a file, a line each: host, program, facility and severity, structured data, text.
pub struct Server {
    kind: Kind,
    dir: tempfile::TempDir,
    pub port: u16,
    child: Option<Child>,
}

/// Where a program is: unpacked by ci/setup.sh, or installed.
fn root(kind: Kind) -> PathBuf {
    let (name, program) = match kind {
        Kind::Rsyslog => ("rsyslog", "usr/sbin/rsyslogd"),
        Kind::SyslogNg => ("syslog-ng", "usr/sbin/syslog-ng"),
    };
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/syslog").join(name).join("root");
    let found = [unpacked, PathBuf::from("/")].into_iter().find(|root| root.join(program).exists());
    found.unwrap_or_else(|| panic!("there is no {name} here to test against: run ci/setup.sh outputs"))
}

impl Server {
    pub fn start(kind: Kind, transport: &str, certificates: &Certificates) -> Server {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let out = dir.path().join("out");
        let certificates = certificates.folder().display();
        let out = out.display();
        let text = match kind {
            Kind::Rsyslog => {
                let work = dir.path().display();
                let (input, address) = match transport {
                    "unix" => ("imuxsock", format!("socket=\"{work}/local\" rateLimit.interval=\"0\"")),
                    "udp" => ("imudp", format!("address=\"127.0.0.1\" port=\"{port}\"")),
                    _ => ("imtcp", format!("address=\"127.0.0.1\" port=\"{port}\"")),
                };
                let (global, module) = if transport == "tls" {
                    (
                        format!(
                            "global(defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"{certificates}/ca.pem\" defaultNetstreamDriverCertFile=\"{certificates}/server.pem\" defaultNetstreamDriverKeyFile=\"{certificates}/server.key\")"
                        ),
                        " streamDriver.name=\"ossl\" streamDriver.mode=\"1\" streamDriver.authMode=\"x509/certvalid\"",
                    )
                } else {
                    (String::new(), if transport == "unix" { " sysSock.use=\"off\"" } else { "" })
                };
                format!(
                    "global(workDirectory=\"{work}\" maxMessageSize=\"16k\")\n{global}\nmodule(load=\"{input}\"{module})\n\
                     input(type=\"{input}\" {address})\n\
                     template(name=\"t\" type=\"string\" string=\"%hostname%|%programname%|%syslogfacility-text%.%syslogseverity-text%|%structured-data%|%msg%\\n\")\n\
                     action(type=\"omfile\" file=\"{out}\" template=\"t\")\n"
                )
            }
            Kind::SyslogNg => {
                let tls = if transport == "tls" {
                    format!(
                        " tls(key-file(\"{certificates}/server.key\") cert-file(\"{certificates}/server.pem\") ca-file(\"{certificates}/ca.pem\") peer-verify(required-trusted))"
                    )
                } else {
                    String::new()
                };
                let source = if transport == "unix" {
                    format!("unix-dgram(\"{}\")", dir.path().join("local").display())
                } else {
                    format!("syslog(ip(\"127.0.0.1\") port({port}) transport(\"{transport}\"){tls})")
                };
                format!(
                    "@version: 3.38\noptions {{ keep-hostname(yes); }};\n\
                     source s {{ {source}; }};\n\
                     destination d {{ file(\"{out}\" template(\"${{HOST}}|${{PROGRAM}}|${{FACILITY}}.${{LEVEL}}|${{SDATA}}|${{MESSAGE}}\\n\")); }};\n\
                     log {{ source(s); destination(d); }};\n"
                )
            }
        };
        std::fs::write(dir.path().join("conf"), text).unwrap();
        let mut server = Server { kind, dir, port, child: None };
        server.restart();
        if transport == "udp" {
            // It says nowhere that it listens.
            std::thread::sleep(Duration::from_secs(2));
        } else {
            let end = Instant::now() + Duration::from_secs(20);
            let listens = || match transport {
                "unix" => server.socket().exists(),
                _ => TcpStream::connect(("127.0.0.1", port)).is_ok(),
            };
            while !listens() {
                assert!(Instant::now() < end, "{kind:?} does not listen: {}", server.log());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        server
    }

    /// Starts it (again). It may take a while to listen.
    pub fn restart(&mut self) {
        let root = root(self.kind);
        let dir = self.dir.path();
        let folders =
            ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib/syslog-ng", "lib/x86_64-linux-gnu"];
        let libraries: Vec<String> = folders.iter().map(|folder| root.join(folder).display().to_string()).collect();
        let file = |name: &str| dir.join(name).into_os_string();
        let mut command = match self.kind {
            Kind::Rsyslog => {
                let mut command = Command::new(root.join("usr/sbin/rsyslogd"));
                let modules = Path::new(&libraries[0]).join("rsyslog");
                command.args(["-n", "-iNONE", "-f"]).arg(file("conf")).arg("-M").arg(modules);
                command
            }
            Kind::SyslogNg => {
                let mut command = Command::new(root.join("usr/sbin/syslog-ng"));
                command.args(["-F", "--no-caps", "--stderr", "-f"]).arg(file("conf"));
                command.arg("--persist-file").arg(file("persist")).arg("--pidfile").arg(file("pid"));
                command.arg("--control").arg(file("control"));
                command.arg("--module-path").arg(root.join("usr/lib/syslog-ng/3.38"));
                command
            }
        };
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap();
        command.env("LD_LIBRARY_PATH", libraries.join(":")).current_dir(dir).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Ends it, as a service manager would or at once, and waits until it is gone.
    pub fn stop(&mut self, kill: bool) {
        let Some(mut child) = self.child.take() else { return };
        if kill {
            child.kill().unwrap();
        } else {
            let pid = nix::unistd::Pid::from_raw(child.id() as i32);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        }
        child.wait().unwrap();
    }

    /// Where it listens if it was started for `unix`.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("local")
    }

    /// What it wrote so far.
    pub fn written(&self) -> String {
        String::from_utf8(std::fs::read(self.dir.path().join("out")).unwrap_or_default()).expect("UTF-8")
    }

    /// What it says about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(true);
    }
}
