//! What rows are written with: short names for types and sources.

pub(super) use crate::schema::FdField::{self, Dev, Ino};
pub(super) use crate::schema::From::{
    self, ClosedFd, Context, DirFd, Fd as ArgFd, Image, Int as ArgInt, Long, Return, ReturnFd, ReturnTuple, SignedLong,
    Special, String as ArgString, Uint as ArgUint, Zero,
};
pub(super) use crate::schema::Type::{
    Address, Bytes, Enum, Errno, Fd, FdList, Flags, Gid, Hex, Int, Octal, Path, Pid, Signal, Span, String, Strings,
    Time, Tuple, Uid, Uint,
};
pub(super) use crate::schema::names::*;
pub(super) use crate::schema::{Category, ContextField, Event, ImageField, Param, ProcessField, Recipe, Width};

pub(super) const fn path(arg: u8) -> From {
    From::Path(arg)
}

pub(super) const fn path_at(dir: u8, path: u8) -> From {
    From::PathAt { dir, path }
}

pub(super) const fn opened(path: u8) -> From {
    From::Opened { dir: None, path }
}

pub(super) const fn opened_at(dir: u8, path: u8) -> From {
    From::Opened { dir: Some(dir), path }
}

/// 64 bits, `offset` bytes behind where the argument points to.
pub(super) const fn pointed(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset, width: Width::Eight, written: false }
}

/// 32 bits, `offset` bytes behind where the argument points to.
pub(super) const fn pointed32(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset, width: Width::Four, written: false }
}

/// A signed number of 32 bits, `offset` bytes behind where the argument points to.
pub(super) const fn pointed_int(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset, width: Width::Int, written: false }
}

/// The word of this number behind where the argument points to.
pub(super) const fn word(arg: u8, number: u8) -> From {
    From::Pointed { arg, offset: number, width: Width::Word, written: false }
}

/// Like [`pointed`], written by the call.
pub(super) const fn out(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset, width: Width::Eight, written: true }
}

/// Like [`pointed32`], written by the call.
pub(super) const fn out32(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset, width: Width::Four, written: true }
}

/// Like [`word`], written by the call.
pub(super) const fn out_word(arg: u8, number: u8) -> From {
    From::Pointed { arg, offset: number, width: Width::Word, written: true }
}

pub(super) const fn fd_at(arg: u8, index: u8) -> From {
    From::PointedFd { arg, index }
}

pub(super) const fn offset(arg: u8, compat: u8) -> From {
    From::Offset { arg, compat }
}

pub(super) const fn timespec(arg: u8, index: u8) -> From {
    From::Timespec { arg, index }
}

pub(super) const fn of_fd(param: u8, field: FdField) -> From {
    From::OfFd { param, field }
}

pub(super) const fn bytes(address: u8, len: u8) -> From {
    From::Bytes { address, len }
}

pub(super) const fn sent(address: u8, len: u8) -> From {
    From::Sent { address, len }
}

pub(super) const fn received(address: u8, len: u8) -> From {
    From::Received { address, len }
}

pub(super) const fn pieces(vector: u8, count: u8) -> From {
    From::Pieces { vector, count, received: false }
}

pub(super) const fn pieces_received(vector: u8, count: u8) -> From {
    From::Pieces { vector, count, received: true }
}

pub(super) const fn pieces_size(vector: u8, count: u8) -> From {
    From::PiecesSize { vector, count }
}

pub(super) const fn fd_list(list: u8, count: u8) -> From {
    From::FdList { list, count }
}

pub(super) const fn address(address: u8, len: u8) -> From {
    From::Address { address, len }
}
