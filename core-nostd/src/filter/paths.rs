//! Paths that are tested before there is a draft of the record: most events that are asked for are about files, and are rejected
//! by a path.

use super::place::Lead;
use super::{Evaluation, Load, Registers, Step, Verdict};
use crate::event::{FdHead, FdKind, RecordWriter};
use crate::fill::{Kernel, Passed, fd_of, returned_fd};
use zerocopy::FromBytes;

impl Evaluation<'_> {
    /// True if what comes next is a path that [`Evaluation::by_path`] can test, of a call by the native table, which is no request
    /// of io_uring.
    #[inline]
    pub fn is_at_path(&self, registers: &Registers) -> bool {
        self.next_node().is_some_and(|node| Lead::of(node, registers.ret()).is_some())
    }

    /// Goes on as far as registers and paths lead: [`Step::Later`] if that is not to the end. `out` is the record of that call,
    /// with nothing written; what was found out of the first parameter is left in it.
    #[inline]
    pub fn by_path<K: Kernel>(&mut self, k: &K, registers: &Registers, out: &mut RecordWriter<'_>) -> Step {
        // The string that was read last, and the argument that it was found by.
        let mut string: Option<(u8, Passed)> = None;
        loop {
            let Some(node) = self.next_node() else { return Step::Done(Verdict::Keep) };
            let step = match (registers.at(node.part), Lead::of(node, registers.ret())) {
                (Some(number), _) => self.on_register(node, number),
                (None, Some(lead)) if self.is_on_text(node) => {
                    let text = match lead {
                        Lead::Returned => {
                            string = None;
                            returned(k, registers, out).map(|(_, path)| path)
                        }
                        Lead::String { argument, absolute } => {
                            let passed = match string {
                                Some((of, passed)) if of == argument => Some(passed),
                                _ => read(k, registers, argument, out),
                            };
                            string = passed.map(|passed| (argument, passed));
                            passed
                                .filter(|passed| !absolute || passed.is_absolute(out))
                                .and_then(|passed| passed.text(out))
                        }
                    };
                    match text {
                        Some(text) if self.spend(1) => self.run(node, text),
                        Some(_) => return Step::Done(Verdict::Keep),
                        None => return Step::Later,
                    }
                }
                // Of the descriptor that was returned, if its path was looked at before.
                _ if node.load == Load::FdKind as u8 && node.param == 0 && out.written(0).is_some() => {
                    match returned(k, registers, out) {
                        Some((kind, _)) => self.on_register(node, kind.into()),
                        None => return Step::Later,
                    }
                }
                _ => return Step::Later,
            };
            if let Some(step) = step {
                return step;
            }
        }
    }
}

/// Kind and path of the descriptor that was returned, which is the first parameter; `None` if they are not to be had, or it is a
/// socket.
#[inline]
fn returned<'a, K: Kernel>(k: &K, registers: &Registers, out: &'a mut RecordWriter<'_>) -> Option<(u8, &'a [u8])> {
    if out.written(0).is_none() {
        returned_fd(k, out, fd_of(registers.ret())).ok()?;
    }
    let (head, path) = FdHead::ref_from_prefix(out.written(0)?.0).ok()?;
    let kind = FdKind::from_u8(head.kind);
    (!kind.is_socket() && kind != FdKind::Unknown && !path.is_empty()).then_some((head.kind, path))
}

/// Reads the string that an argument points to, behind what is written.
#[inline]
fn read<K: Kernel>(k: &K, registers: &Registers, argument: u8, out: &mut RecordWriter<'_>) -> Option<Passed> {
    match *registers.args().get(usize::from(argument))? {
        0 => None,
        address => Passed::read(k, out, 0, address).ok(),
    }
}
