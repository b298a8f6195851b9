//! Records that random ones hardly ever are: each is matched by a rule, and must be kept.

use crate::{Machine, load};
use kestrel::record_builder::{RecordBuilder, encode};
use kestrel_core::event::{FdHead, FdKind, PathFlags, PathHead, Record, TaskContext, family};
use kestrel_core::filter::{OfProcess, Program, Verdict, judge};
use kestrel_core::schema::{EventSet, by_name};
use kestrel_rules::prefilter::ProcessNames;
use zerocopy::IntoBytes;

/// A record of this event that a rule with this condition matches.
fn is_kept(condition: &str, event: &str, params: &[(&str, Vec<u8>)]) {
    let text = format!("- rule: r\n  desc: d\n  condition: {condition}\n  output: o\n  priority: INFO\n");
    let mut rules = load(&text).unwrap();
    let mut builder = RecordBuilder::new(by_name(event).unwrap(), TaskContext::default(), 1).unwrap();
    for (name, bytes) in params {
        builder = builder.with(name, &bytes[..]);
    }
    let bytes = builder.build().unwrap();
    let record = Record::parse(bytes.as_bytes()).unwrap();
    let mut machine = Machine::new();
    let key = machine.apply(&record);
    assert_eq!(machine.matches(&record, key, &mut rules), ["r"], "{condition}");
    let prefilter = rules.prefilter(&EventSet::all(), &EventSet::EMPTY, ProcessNames::Known);
    let program = Program::verify(prefilter.program()).unwrap();
    assert_eq!(judge(&program, &record, OfProcess::UNKNOWN), Verdict::Keep, "{condition}");
}

fn head(fd: i32, kind: FdKind, family: u16) -> FdHead {
    FdHead { fd, kind: kind as u8, family, ..FdHead::default() }
}

#[test]
fn doubled_slashes_hide_no_folder() {
    let raw = encode::path(b"/etc//shadow", b"/etc/shadow", PathFlags::JOINED);
    is_kept("evt.type = unlink and fs.path.nameraw pmatch (/etc/shadow)", "unlink", &[("path", raw)]);
    let named = encode::fd(head(3, FdKind::Memfd, 0), b"/memfd:a//b (deleted)");
    is_kept("evt.type = read and fd.name pmatch ('/memfd:a/b (deleted)')", "read", &[("fd", named)]);
}

#[test]
fn a_descriptor_that_is_exchanged_while_it_is_looked_at_hides_no_socket() {
    let ends = encode::tuple("10.0.0.1:1".parse().unwrap(), "10.0.0.2:2".parse().unwrap(), 6);
    let fd = encode::inet_fd(head(3, FdKind::Inet4, family::INET), &ends);
    let tuple = encode::unix_tuple(b"/run/a", b"");
    is_kept("evt.type = connect and fd.name = /run/a", "connect", &[("fd", fd), ("tuple", tuple)]);
}

#[test]
fn a_text_that_is_read_as_a_path_is_not_decided() {
    let text = [PathHead { raw_len: 0, abs_len: 4, flags: 0 }.as_bytes(), b"/etc"].concat();
    let none = encode::fd(head(-1, FdKind::Unknown, 0), b"");
    is_kept("evt.type = fsetxattr and fd.name = /etc", "fsetxattr", &[("fd", none), ("name", text)]);
}

#[test]
fn an_address_that_holds_none_of_ipv4_is_an_address() {
    let ends = encode::tuple("[::ffff:0.0.0.0]:1".parse().unwrap(), "[::1]:2".parse().unwrap(), 6);
    let fd = encode::inet_fd(head(3, FdKind::Inet6, family::INET6), &ends);
    is_kept("evt.type = read and fd.lip exists", "read", &[("fd", fd)]);
}
