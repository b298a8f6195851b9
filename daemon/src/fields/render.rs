//! Parameters as text: what `evt.arg` and `evt.args` show. Where Falco has a name for a number, the name is shown.

use super::descriptor::{kind_char, name_of};
use super::{EventFacts, ParamValue};
use kestrel_core::event::{AddressView, FdKind, FdView, PathView, family};
use kestrel_core::schema::{FlagNames, Type};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use std::io::Write;

/// Name of an error number, such as `ENOENT`.
pub fn errno_name(errno: i32) -> String {
    match Errno::from_raw(errno) {
        Errno::UnknownErrno => errno.to_string(),
        errno => format!("{errno:?}"),
    }
}

type Out<'a> = bumpalo::collections::Vec<'a, u8>;

impl<'a> EventFacts<'a> {
    /// A parameter as `evt.arg` shows it.
    pub(super) fn rendered(&self, ty: &Type, value: ParamValue<'a>) -> &'a [u8] {
        let mut out = Out::new_in(self.arena);
        self.render(&mut out, ty, value);
        out.into_bump_slice()
    }

    /// All parameters, as `name=value` pairs.
    pub(super) fn all_params(&self) -> &'a [u8] {
        let mut out = Out::new_in(self.arena);
        for index in 0..self.event.params.len() {
            let Some((row, value)) = self.param_at(index) else { continue };
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(row.name.as_bytes());
            out.push(b'=');
            let number = match row.ty {
                Type::Flags(_) | Type::Enum(_) | Type::Fd | Type::Signal | Type::Uid | Type::Gid => value.int(&row.ty),
                Type::Errno => value.int(&row.ty).filter(|n| *n < 0),
                _ => None,
            };
            match number {
                // A number with its meaning in parentheses, as Falco shows it.
                Some(n) => {
                    let _ = write!(out, "{n}");
                    let before = out.len();
                    out.push(b'(');
                    self.render(&mut out, &row.ty, value);
                    if out.len() == before + 1 || out[before + 1..] == *n.to_string().as_bytes() {
                        out.truncate(before);
                    } else {
                        out.push(b')');
                    }
                }
                None => self.render(&mut out, &row.ty, value),
            }
        }
        out.into_bump_slice()
    }

    fn render(&self, out: &mut Out<'a>, ty: &Type, value: ParamValue<'a>) {
        let param = match value {
            ParamValue::Bytes(bytes) if matches!(ty, Type::Strings) => return strings(out, bytes),
            ParamValue::Bytes(bytes) => return out.extend_from_slice(bytes),
            ParamValue::Number(n) => return self.number_text(out, ty, n),
            ParamValue::Written(param) => param,
        };
        match ty {
            Type::String | Type::Bytes => out.extend_from_slice(param.0),
            Type::Strings => strings(out, param.0),
            Type::Path => {
                if let Some(path) = param.path() {
                    out.extend_from_slice(shown_path(&path));
                }
            }
            Type::Fd => {
                if let Some(fd) = param.fd() {
                    descriptor(out, &fd);
                }
            }
            Type::FdList => fd_list(out, param),
            Type::Address => {
                if let Some(address) = param.address() {
                    socket_address(out, &address);
                }
            }
            Type::Tuple => {
                if let Some(tuple) = param.tuple() {
                    name_of(out, &tuple, false);
                }
            }
            _ => self.number_text(out, ty, param.uint().unwrap_or(0)),
        }
    }

    fn number_text(&self, out: &mut Out<'a>, ty: &Type, n: u64) {
        let signed = n as i64;
        let _ = match ty {
            Type::Errno if signed < 0 => write!(out, "{}", errno_name(i32::try_from(-signed).unwrap_or(0))),
            Type::Errno | Type::Int | Type::Pid => write!(out, "{signed}"),
            Type::Hex => write!(out, "{n:x}"),
            Type::Octal => write!(out, "{n:04o}"),
            Type::Signal => match i32::try_from(signed).ok().and_then(|n| Signal::try_from(n).ok()) {
                Some(signal) => write!(out, "{}", signal.as_str()),
                None => write!(out, "{signed}"),
            },
            Type::Uid => match self.state.users.user(n as u32) {
                Some(user) => write!(out, "{}", user.name),
                None if n as u32 == u32::MAX => write!(out, "-1"),
                None => write!(out, "{}", n as u32),
            },
            Type::Gid => match self.state.users.group(n as u32) {
                Some(group) => write!(out, "{}", group.name),
                None if n as u32 == u32::MAX => write!(out, "-1"),
                None => write!(out, "{}", n as u32),
            },
            Type::Flags(names) => {
                flags(out, names, n);
                Ok(())
            }
            Type::Enum(names) => match names.of(n).next() {
                Some(name) => write!(out, "{name}"),
                None => write!(out, "{signed}"),
            },
            _ => write!(out, "{n}"),
        };
    }
}

/// The path that a caller meant: what it passed if that was absolute, else joined.
fn shown_path<'a>(path: &PathView<'a>) -> &'a [u8] {
    if path.raw.first() == Some(&b'/') || path.absolute.is_empty() { path.raw } else { path.absolute }
}

fn flags(out: &mut Out<'_>, names: &FlagNames, n: u64) {
    let mut first = true;
    for name in names.of(n) {
        if !first {
            out.push(b'|');
        }
        first = false;
        out.extend_from_slice(name.as_bytes());
    }
    if first {
        let _ = write!(out, "{n}");
    }
}

fn strings(out: &mut Out<'_>, bytes: &[u8]) {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    out.extend(bytes.iter().map(|&b| if b == 0 { b' ' } else { b }));
}

fn descriptor(out: &mut Out<'_>, fd: &FdView<'_>) {
    let kind = fd.kind();
    if fd.head.fd < 0 && kind == FdKind::Unknown {
        let _ = write!(out, "{}", errno_name(-fd.head.fd));
        return;
    }
    let _ = write!(out, "<{}>", kind_char(fd));
    match &fd.tuple {
        Some(tuple) => name_of(out, tuple, fd.flags().contains(kestrel_core::event::FdFlags::SERVER)),
        None => out.extend_from_slice(fd.path),
    }
}

/// As Falco shows a list: each descriptor with its kind and what is waited for, such as `3:41 5:f4`.
fn fd_list(out: &mut Out<'_>, param: kestrel_core::event::Param<'_>) {
    for (n, (head, fd)) in param.fd_list().enumerate() {
        let space = if n == 0 { "" } else { " " };
        let _ = write!(out, "{space}{}:{}{:x}", fd.head.fd, kind_char(&fd), head.events);
    }
}

fn socket_address(out: &mut Out<'_>, address: &AddressView<'_>) {
    let _ = match (address.head.family, address.ip()) {
        (_, Some(ip)) => write!(out, "{}", std::net::SocketAddr::new(ip, address.head.port)),
        (family::UNIX, None) => out.write_all(address.path),
        (other, None) => write!(out, "family {other}"),
    };
}
