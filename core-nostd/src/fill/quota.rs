//! quotactl(2): what its pointer leads to depends on the command (`linux/quota.h`).

use super::number::{word32, word64};
use super::{Call, Kernel, param};
use crate::event::{Overflow, RecordWriter};
use crate::schema::id;

/// A command is in the upper bits of the first argument, the kind of quota in the lower eight (QCMD).
const COMMAND_SHIFT: u32 = 8;
const KIND_MASK: u32 = 0xff;

const Q_QUOTAON: u32 = 0x80_0002;
const Q_GETFMT: u32 = 0x80_0004;
const Q_GETINFO: u32 = 0x80_0005;
const Q_SETINFO: u32 = 0x80_0006;
const Q_GETQUOTA: u32 = 0x80_0007;
const Q_SETQUOTA: u32 = 0x80_0008;
const Q_GETNEXTQUOTA: u32 = 0x80_0009;

/// Writes a parameter of quotactl or quotactl_fd.
pub(super) fn param<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let by_descriptor = call.event == id::QUOTACTL_FD;
    let what = call.uint(u8::from(by_descriptor));
    let (command, kind) = (what >> COMMAND_SHIFT, what & KIND_MASK);
    if by_descriptor {
        return out.number(index, if index == 2 { command.into() } else { kind.into() });
    }
    let address = call.word(3);
    let read = matches!(command, Q_GETQUOTA | Q_GETNEXTQUOTA | Q_GETINFO | Q_GETFMT);
    if read && call.ret < 0 && (3..=12).contains(&index) {
        return Ok(());
    }
    let value = match (index, command) {
        (2, Q_QUOTAON) => return param::string(k, out, index, address),
        // struct if_dqblk: limits, use and grace times, 64 bits each.
        (3..=9, Q_GETQUOTA | Q_SETQUOTA | Q_GETNEXTQUOTA) => {
            let place: u64 = match index {
                3..=7 => (index as u64).wrapping_sub(3),
                // Behind the inodes in use.
                _ => (index as u64).wrapping_sub(2),
            };
            word64(k, address.wrapping_add(place.wrapping_mul(8))).map(|n| if index >= 8 { seconds(n) } else { n })
        }
        // struct if_dqinfo: two grace times, flags.
        (10 | 11, Q_GETINFO | Q_SETINFO) => {
            word64(k, address.wrapping_add((index as u64).wrapping_sub(10).wrapping_mul(8))).map(seconds)
        }
        (12, Q_GETINFO | Q_SETINFO) => word32(k, address.wrapping_add(16)).map(u64::from),
        (13, Q_GETFMT) if call.ret >= 0 => word32(k, address).map(u64::from),
        (14, _) => Some(command.into()),
        (15, _) => Some(kind.into()),
        (17, Q_QUOTAON) => Some(call.uint(2).into()),
        _ => None,
    };
    match value {
        Some(value) => out.number(index, value),
        None => Ok(()),
    }
}

/// Seconds as nanoseconds.
fn seconds(n: u64) -> u64 {
    n.saturating_mul(1_000_000_000)
}
