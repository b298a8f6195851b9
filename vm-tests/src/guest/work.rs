//! Work: what machines do all day. Stand-ins for a compiler, a package manager and a web server's clients that make their system
//! calls for real; the web server, the shell and the archiver are busybox's.

use super::failure::{Doing, Outcome, ensure};
use super::programs::{start, succeed};
use nix::unistd::{fchown, fsync};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The program under the names that work is done by.
const MAKE: &str = "/usr/bin/make";
const COMPILER: &str = "/usr/bin/cc";
const LINKER: &str = "/usr/bin/ld";
const PACKAGES: &str = "/usr/bin/dpkg";

const SOURCES: &str = "/srv/work/src";
const HEADERS: &str = "/srv/work/include";
const OBJECTS: &str = "/srv/work/obj";
const SITE: &str = "/srv/work/www";
const INSTALLED: &str = "/usr/lib/work";

/// Headers that a source file includes, and folders that each is looked for in before it is found.
const INCLUDED: u32 = 40;
const LOOKED_IN: [&str; 4] =
    ["/usr/local/include", "/usr/lib/include-fixed", "/usr/include/x86_64-linux-gnu", "/usr/include"];

/// Files of a package.
const PACKED: u32 = 40;

/// Requests to the web server.
const REQUESTS: u32 = 60;

/// Where the web server listens.
const WEB: &str = "127.0.0.1:8080";

/// A part of the work, done by a program of its own: `build FILES`, `compile NUMBER`, `link FILES` or `install PACKAGE`.
///
/// # Errors
/// What the system said.
pub fn act(words: &[&str]) -> Outcome {
    let number = |text: &str| text.parse::<u32>().map_err(|_| format!("{text}: not a number"));
    match words {
        ["build", files] => build(number(files)?),
        ["compile", file] => compile(number(file)?),
        ["link", files] => link(number(files)?),
        ["install", package] => install(number(package)?),
        _ => Err("no such work".into()),
    }
}

/// Does a day's work, `rounds` times over.
///
/// # Errors
/// What failed.
pub fn day(rounds: u32) -> Outcome {
    prepare()?;
    for _ in 0..rounds {
        succeed(&[MAKE, "work", "build", "6"])?;
        serve()?;
        for package in ["1", "2"] {
            succeed(&[PACKAGES, "work", "install", package])?;
        }
        log_in()?;
        look_around()?;
    }
    tidy()
}

fn prepare() -> Outcome {
    for folder in [SOURCES, HEADERS, OBJECTS, SITE] {
        std::fs::create_dir_all(folder).doing(folder)?;
    }
    for header in 0..INCLUDED {
        std::fs::write(format!("{HEADERS}/{header}.h"), vec![b'/'; 3000])?;
    }
    for source in 0..6 {
        std::fs::write(format!("{SOURCES}/{source}.c"), vec![b';'; 9000])?;
    }
    Ok(std::fs::write(format!("{SITE}/index.html"), "<p>work\n")?)
}

fn tidy() -> Outcome {
    std::fs::remove_dir_all("/srv/work").doing("/srv/work")?;
    std::fs::remove_dir_all(INSTALLED).doing(INSTALLED)
}

fn build(files: u32) -> Outcome {
    for file in 0..files {
        succeed(&[COMPILER, "work", "compile", &file.to_string()])?;
    }
    succeed(&[LINKER, "work", "link", &files.to_string()]).map(drop)
}

/// Reads a file as compilers do; false if it is not there.
fn read(path: &str) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).is_ok()
}

fn compile(number: u32) -> Outcome {
    ensure(read(&format!("{SOURCES}/{number}.c")), || format!("there is no source file {number}"))?;
    for header in 0..INCLUDED {
        let missing = LOOKED_IN.iter().all(|folder| !read(&format!("{folder}/{header}.h")));
        ensure(missing && read(&format!("{HEADERS}/{header}.h")), || {
            format!("header {header} is not where it was put")
        })?;
    }
    let assembly = format!("/tmp/cc{number:06}.s");
    std::fs::write(&assembly, vec![b'n'; 20_000]).doing(&assembly)?;
    ensure(read(&assembly), || format!("{assembly} is not there"))?;
    std::fs::write(format!("{OBJECTS}/{number}.o"), vec![0; 10_000]).doing(OBJECTS)?;
    std::fs::remove_file(&assembly).doing(&assembly)
}

fn link(files: u32) -> Outcome {
    for number in 0..files {
        ensure(read(&format!("{OBJECTS}/{number}.o")), || format!("object {number} is not there"))?;
    }
    let (new, program) = (format!("{OBJECTS}/new"), format!("{OBJECTS}/program"));
    std::fs::write(&new, vec![0; 60_000]).doing(&new)?;
    std::fs::set_permissions(&new, Permissions::from_mode(0o755)).doing(&new)?;
    std::fs::rename(&new, &program).doing(&program)
}

/// Unpacks a package as package managers do: each file under another name first, with its owner and its permissions.
fn install(package: u32) -> Outcome {
    let folder = format!("{INSTALLED}/{package}");
    std::fs::create_dir_all(&folder).doing(&folder)?;
    for number in 0..PACKED {
        let (new, name) = (format!("{folder}/{number}.dpkg-new"), format!("{folder}/{number}"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new).doing(&new)?;
        file.write_all(&[b'p'; 2000]).doing(&new)?;
        fchown(&file, Some(0.into()), Some(0.into())).doing(&new)?;
        file.set_permissions(Permissions::from_mode(0o644)).doing(&new)?;
        fsync(&file).doing(&new)?;
        drop(file);
        if Path::new(&name).exists() {
            let before = format!("{folder}/{number}.dpkg-tmp");
            std::fs::hard_link(&name, &before).doing(&before)?;
            std::fs::remove_file(&before).doing(&before)?;
        }
        std::fs::rename(&new, &name).doing(&name)?;
        ensure(read(&name), || format!("{name} is not there"))?;
    }
    Ok(())
}

/// A web server that is asked for a page again and again.
fn serve() -> Outcome {
    let mut server = start(&["/bin/busybox", "httpd", "-f", "-p", WEB, "-h", SITE])?;
    let asked = (0..REQUESTS).try_for_each(|_| ask());
    server.kill()?;
    server.wait()?;
    asked
}

fn ask() -> Outcome {
    let end = Instant::now() + Duration::from_secs(10);
    let mut connection = loop {
        match TcpStream::connect(WEB) {
            Ok(connection) => break connection,
            // It does not listen yet.
            Err(error) if Instant::now() > end => return Err(error).doing(WEB),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    connection.write_all(b"GET /index.html HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    ensure(answer.contains("<p>work"), || format!("the web server answered {answer:?}"))
}

/// A login: a terminal, another user, a shell on it.
fn log_in() -> Outcome {
    succeed(&["/usr/sbin/sshd", "terminal", "/usr/bin/agent", "as-user", "/bin/sh"]).map(drop)
}

/// What people and their scripts do.
fn look_around() -> Outcome {
    let script = "find /usr /etc /srv -type f > /tmp/files; grep -r root /etc > /tmp/found; \
                  tar -cf /tmp/all.tar /srv/work; tar -tf /tmp/all.tar > /dev/null; sort /tmp/files > /tmp/sorted; \
                  for file in /srv/work/include/*; do read line < $file; done; \
                  rm -f /tmp/files /tmp/found /tmp/all.tar /tmp/sorted";
    succeed(&["/bin/sh", "-c", script]).map(drop)
}
