//! Paths that are tested before there is a draft of the record: most events that are asked for are about files, and are rejected
//! by a path.

use super::place::Lead;
use super::{Evaluation, Load, Registers, Step, Verdict};
use crate::event::{FdHead, FdKind, RecordWriter};
use crate::fill::{Kernel, fd_of, is_absolute, read_string, returned_fd};
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
        loop {
            let Some(node) = self.next_node() else { return Step::Done(Verdict::Keep) };
            let step = if let Some(number) = registers.at(node.part) {
                self.on_number_at(node, number)
            } else if self.is_on_text(node) {
                let text = match Lead::of(node, registers.ret()) {
                    Some(Lead::Returned) => returned(k, registers, out).map(|(_, path)| path),
                    Some(Lead::String { argument, absolute }) => string(k, registers.word(argument), absolute, out),
                    None => None,
                };
                match text {
                    Some(text) if self.spend(1) => self.run(node, text),
                    Some(_) => return Step::Done(Verdict::Keep),
                    None => return Step::Later,
                }
            } else if node.load == Load::FdKind as u8 && node.param == 0 && out.written(0).is_some() {
                // Of the descriptor that was returned, whose path was looked at before.
                match returned(k, registers, out) {
                    Some((kind, _)) => self.on_number_at(node, kind.into()),
                    None => return Step::Later,
                }
            } else {
                return Step::Later;
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

/// Reads the caller's string at `address`, behind what is written; `None` if it cannot be read whole, or, where the absolute form
/// is asked for, if it is not its own, or the record had no room for both.
#[inline]
fn string<'a, K: Kernel>(k: &K, address: u64, absolute: bool, out: &'a mut RecordWriter<'_>) -> Option<&'a [u8]> {
    if address == 0 {
        return None;
    }
    let text = read_string(k, out, address)?;
    (!absolute || is_absolute(text)).then_some(text)
}
