//! Messages of sockets: `struct msghdr` (`linux/socket.h`) of user memory, taken apart.

use super::compat::Layout;
use super::number::word32;
use super::param::{self, SocketAddress};
use super::vector::Vector;
use super::{Call, Kernel};
use crate::event::{Flags, Overflow, RecordWriter};
use crate::schema::id;

/// What a parameter tells of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Its first bytes.
    Data,
    /// How many bytes were moved; for a call that failed, how many the caller asked for.
    Size,
    /// Both ends of the socket.
    Tuple,
    /// The first bytes of the control data that came with it.
    Control,
}

/// Which part the parameter at an index of the call's event is.
fn part(call: &Call, index: usize) -> Option<Part> {
    let parts: &[Option<Part>] = if call.event == id::SENDMSG {
        &[None, Some(Part::Data), None, Some(Part::Size), Some(Part::Tuple)]
    } else if call.event == id::RECVMSG {
        &[None, Some(Part::Size), Some(Part::Data), Some(Part::Tuple), Some(Part::Control)]
    } else {
        &[None, None, Some(Part::Size), Some(Part::Data), Some(Part::Tuple), Some(Part::Control)]
    };
    parts.get(index).copied().flatten()
}

/// Writes a parameter of sendmsg, recvmsg, sendmmsg or recvmmsg. Of several messages it is the first that is told.
pub(super) fn param<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let Some(part) = part(call, index) else { return Ok(()) };
    let layout = Layout::of(call);
    let header = call.word(1);
    let received = call.event == id::RECVMSG || call.event == id::RECVMMSG;
    let several = call.event == id::SENDMMSG || call.event == id::RECVMMSG;
    // What was moved: of several messages, the kernel writes it behind each header.
    let moved = match (call.ret < 0, several) {
        (true, _) => None,
        (false, false) => Some(call.ret.cast_unsigned()),
        (false, true) => word32(k, header.wrapping_add(layout.msg_size)).map(u64::from),
    };
    let vector = || {
        let at = header.wrapping_add(layout.msg_iov);
        let address = layout.read_word(k, at)?;
        Some(Vector { address, count: layout.read_word(k, at.wrapping_add(layout.word))? })
    };
    match part {
        Part::Data | Part::Control if received && call.ret < 0 => Ok(()),
        Part::Data => {
            let Some(vector) = vector() else {
                out.flag(Flags::FAULT);
                return Ok(());
            };
            let mut data = out.param(index);
            vector.append(k, &layout, &mut data, moved.unwrap_or(u64::MAX))?;
            data.commit()
        }
        Part::Size => {
            let size = match moved {
                Some(moved) => Some(moved),
                None => vector().and_then(|vector| vector.size(k, &layout)),
            };
            match size {
                Some(size) => out.number(index, size),
                None => Ok(()),
            }
        }
        Part::Control => {
            // The kernel leaves there how much it wrote.
            let at = header.wrapping_add(layout.msg_control);
            let control = layout.read_word(k, at);
            match (control, layout.read_word(k, at.wrapping_add(layout.word))) {
                (Some(address @ 1..), Some(len)) => param::bytes(k, out, index, address, len),
                _ => Ok(()),
            }
        }
        Part::Tuple => {
            // Before it failed, nobody was written there.
            let name = if received && call.ret < 0 { None } else { layout.read_word(k, header) };
            let address = match (name, word32(k, header.wrapping_add(layout.word))) {
                (Some(name), Some(len)) => SocketAddress::read(k, name, len.into()),
                _ => None,
            };
            param::tuple(k, out, index, call.int(0), address.as_ref())
        }
    }
}
