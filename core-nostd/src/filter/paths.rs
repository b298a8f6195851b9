//! Paths that are tested before there is a draft of the record: most events that are asked for are about files, and are rejected
//! by a path.

use super::place::Lead;
use super::{Evaluation, Load, Registers, Step, Verdict};
use crate::event::{FdHead, FdKind, RecordWriter, align_up};
use crate::fill::{Kernel, describe, described, fd_of, is_absolute, read_string};
use zerocopy::FromBytes;

impl Evaluation<'_> {
    /// True if what comes next is a path that [`Evaluation::by_path`] can test, of a call by the native table, which is no request
    /// of io_uring.
    #[inline]
    pub fn is_at_path(&self, registers: &Registers) -> bool {
        self.next_node().is_some_and(|node| Lead::of(node, registers.ret()).is_some())
    }

    /// Goes on as far as registers and paths lead: [`Step::Later`] if that is not to the end. `out` is the record of that call,
    /// with nothing written; unless the event is rejected, what was found out of the first parameter is left in it.
    #[inline]
    pub fn by_path<K: Kernel>(&mut self, k: &K, registers: &Registers, out: &mut RecordWriter<'_>) -> Step {
        let mut opened = None;
        let step = self.paths(k, registers, out, &mut opened);
        if let Some(Opened { len, .. }) = opened
            && step != Step::Done(Verdict::Reject)
        {
            // Without room for it there is none for the record, which will be found out.
            let _ = described(out, 0, len);
        }
        step
    }

    #[inline(always)]
    fn paths<K: Kernel>(
        &mut self,
        k: &K,
        registers: &Registers,
        out: &mut RecordWriter<'_>,
        opened: &mut Option<Opened>,
    ) -> Step {
        loop {
            let Some(node) = self.next_node() else { return Step::Done(Verdict::Keep) };
            let step = if let Some(number) = registers.at(node.part) {
                self.on_number_at(node, number)
            } else if self.is_on_text(node) {
                let text = match Lead::of(node, registers.ret()) {
                    Some(Lead::Returned) => returned(k, registers, out, opened),
                    Some(Lead::String { argument, absolute }) => {
                        let behind = opened.as_ref().map_or(0, |opened| align_up(opened.len));
                        string(k, registers.word(argument), absolute, behind, out)
                    }
                    None => None,
                };
                match text {
                    Some(text) if self.spend(1) => self.run(node, text),
                    Some(_) => return Step::Done(Verdict::Keep),
                    None => return Step::Later,
                }
            } else {
                match opened {
                    // Of the descriptor that was returned, whose path was looked at before.
                    Some(opened) if opened.has_path && node.load == Load::FdKind as u8 && node.param == 0 => {
                        self.on_number_at(node, opened.kind.into())
                    }
                    _ => return Step::Later,
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }
}

/// What the descriptor stands for that the call returned: it lies behind what is written.
struct Opened {
    /// Bytes of its parameter.
    len: usize,
    /// An [`FdKind`].
    kind: u8,
    /// True if a path follows.
    has_path: bool,
}

/// The path of the descriptor that was returned; `None` if there is none, or it is a socket.
#[inline]
fn returned<'a, K: Kernel>(
    k: &K,
    registers: &Registers,
    out: &'a mut RecordWriter<'_>,
    opened: &mut Option<Opened>,
) -> Option<&'a [u8]> {
    let opened = match opened {
        Some(opened) => opened,
        None => {
            let len = describe(k, out, fd_of(registers.ret())).ok()?;
            let (head, _) = FdHead::ref_from_prefix(out.ahead()).ok()?;
            let kind = FdKind::from_u8(head.kind);
            let has_path = !kind.is_socket() && kind != FdKind::Unknown && len > size_of::<FdHead>();
            opened.insert(Opened { len, kind: head.kind, has_path })
        }
    };
    let path = out.ahead().get(size_of::<FdHead>()..opened.len)?;
    opened.has_path.then_some(path)
}

/// Reads the caller's string at `address`, `behind` bytes behind what is written; `None` if it cannot be read whole, or, where the
/// absolute form is asked for, if it is not its own, or the record had no room for both.
#[inline]
fn string<'a, K: Kernel>(
    k: &K,
    address: u64,
    absolute: bool,
    behind: usize,
    out: &'a mut RecordWriter<'_>,
) -> Option<&'a [u8]> {
    if address == 0 {
        return None;
    }
    let text = read_string(k, out, behind, address)?;
    (!absolute || is_absolute(text)).then_some(text)
}
