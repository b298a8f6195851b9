//! What a node can look at: the loads, and what each gives.

use crate::schema::{self, EventId, From, id};

/// A value that a program asks for.
///
/// [`Known::Absent`] and [`Known::Unknown`] differ: what is absent is surely not there, and rules will find it missing too;
/// what is unknown may be anything, and an event that hangs on it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// The value.
    Is(T),
    /// There is none.
    Absent,
    /// It cannot be told: user memory that is not resident, a path that was cut, a table that is full.
    Unknown,
    /// It can be told once there is room for the record: the evaluation is to be taken up again then.
    Later,
}

impl<T> Known<T> {
    /// Applies a function to the value.
    #[inline]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Is(value) => Known::Is(f(value)),
            Known::Absent => Known::Absent,
            Known::Unknown => Known::Unknown,
            Known::Later => Known::Later,
        }
    }

    /// Applies a function that gives another such value.
    #[inline]
    pub fn then<U>(self, f: impl FnOnce(T) -> Known<U>) -> Known<U> {
        match self {
            Known::Is(value) => f(value),
            Known::Absent => Known::Absent,
            Known::Unknown => Known::Unknown,
            Known::Later => Known::Later,
        }
    }
}

/// The furthest ancestor that [`Load::AncestorName`] tells of.
pub const MAX_GENERATION: u8 = 32;

/// What kind of value a load gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A number of 64 bits, as the record holds it: signed ones are sign-extended.
    Number,
    /// Bytes, without a NUL at their end.
    Text,
    /// An IP address.
    Address,
}

/// An IP address as programs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// IPv4, as a number: the first byte is the highest.
    V4(u32),
    /// IPv6, in network order.
    V6([u8; 16]),
}

/// Makes the enumeration and the way back from numbers.
macro_rules! loads {
    ($( $(#[doc = $doc:literal])+ $name:ident = $number:literal, $class:ident, $scope:ident; )*) => {
        /// A load. Those of [`Scope::Param`] are of one parameter of the event, by its index in the schema; all others are of
        /// the event or its task. Values are those of the record that is written if the event is kept, no others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Load {
            $( $(#[doc = $doc])+ $name = $number, )*
        }

        impl Load {
            /// Every load.
            pub const ALL: &'static [Load] = &[$( Load::$name ),*];

            /// The load of this number; `None` if there is none.
            #[inline]
            pub const fn from_u8(number: u8) -> Option<Load> {
                const LOADS: [Option<Load>; 99] = {
                    let mut loads = [None; 99];
                    $( loads[$number] = Some(Load::$name); )*
                    loads
                };
                if (number as usize) < LOADS.len() { LOADS[number as usize] } else { None }
            }

            /// What kind of value it gives.
            #[inline]
            pub const fn class(self) -> Class {
                const CLASSES: [Class; 99] = {
                    let mut classes = [Class::Number; 99];
                    $( classes[$number] = Class::$class; )*
                    classes
                };
                if (self as usize) < CLASSES.len() { CLASSES[self as usize] } else { Class::Number }
            }

            /// Whose value it gives.
            #[inline]
            pub const fn scope(self) -> Scope {
                const SCOPES: [Scope; 99] = {
                    let mut scopes = [Scope::Event; 99];
                    $( scopes[$number] = Scope::$scope; )*
                    scopes
                };
                if (self as usize) < SCOPES.len() { SCOPES[self as usize] } else { Scope::Event }
            }

            /// Its name, as programs are printed.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Load::$name => stringify!($name), )*
                }
            }
        }
    };
}

/// Whose value a load gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The event's or its task's.
    Event,
    /// A parameter's.
    Param,
}

loads! {
    /// The record's flags [`crate::event::Flags::FAILED`], `COMPAT32` and `IO_URING`; all other bits are zero. Never absent,
    /// never unknown.
    Flags = 0, Number, Event;
    /// A parameter that is a number: the result, and arguments as numbers (sources `Return`, `Zero`, `Int`, `Uint`, `Long`,
    /// `SignedLong`, `Offset`, `Pointed`, `Timespec`, `Timeval`, `PiecesSize`, `Image`, and `Special` where it is one). From
    /// registers it is always known, unless the call's arguments lay in memory that could not be read. One in user memory is
    /// unknown where the record has none, and absent if it is the call that writes it and the call failed. The parameters of
    /// sources `Context`, `OfFd` and `Process` are in no record: load the task's or the descriptor's field.
    Number = 1, Number, Param;

    /// Start of the process, ns of CLOCK_BOOTTIME. As all of the task's: never absent, never unknown. See
    /// [`crate::event::TaskContext`].
    StartTime = 16, Number, Event;
    /// Id of the cgroup in the default hierarchy.
    Cgroup = 17, Number, Event;
    /// Thread id.
    Tid = 18, Number, Event;
    /// Process id.
    Pid = 19, Number, Event;
    /// Process id of the parent.
    Ppid = 20, Number, Event;
    /// Real user id.
    Uid = 21, Number, Event;
    /// Effective user id.
    Euid = 22, Number, Event;
    /// Real group id.
    Gid = 23, Number, Event;
    /// Effective group id.
    Egid = 24, Number, Event;
    /// Audit login uid; `u32::MAX` if unset.
    LoginUid = 25, Number, Event;
    /// Session id.
    Sid = 26, Number, Event;
    /// Process group id.
    Pgid = 27, Number, Event;
    /// Device number of the controlling terminal; 0 if none.
    Tty = 28, Number, Event;
    /// Inode number of the mount namespace.
    MntNs = 29, Number, Event;
    /// Inode number of the pid namespace.
    PidNs = 30, Number, Event;
    /// Thread id in the task's pid namespace.
    Vtid = 31, Number, Event;
    /// Process id in the task's pid namespace.
    Vpid = 32, Number, Event;
    /// Process group id in the task's pid namespace.
    Vpgid = 33, Number, Event;
    /// The marks of the process, a bit each: 0 if it has none. Unknown where nobody keeps marks, or the table of them was
    /// full.
    Marks = 34, Number, Event;
    /// Command name, without its padding.
    Comm = 35, Text, Event;
    /// Name of the process: the comm that its last exec gave it, whatever its threads call themselves since; of a process that
    /// was there before the capture, the comm that its first thread had then. It is in no record. Never absent; unknown where
    /// nobody keeps names, until the consumer knows the processes that there were before, and of some processes of which nobody could be sure.
    ProcessName = 36, Text, Event;
    /// The same of an ancestor, by its generation: 1 is the parent, [`MAX_GENERATION`] the furthest; absent if there is none. For 0 any
    /// of them may be meant: a test holds if it holds for one. Unknown also while an ancestor ends, for then another is about
    /// to take its place.
    AncestorName = 37, Text, Event;

    /// Number of a descriptor parameter (sources `ReturnFd`, `Fd`, `ClosedFd`, `DirFd`, `PointedFd`, and `Special` where it is
    /// one), sign-extended: the error of a call that returns descriptors and failed, or -100 for the working directory. Absent
    /// and unknown as [`Load::Number`].
    FdNumber = 64, Number, Param;
    /// What the descriptor stands for: [`crate::event::FdKind`], never `Unknown`. As all below that are a descriptor's: absent
    /// for a negative number other than -100 and for one that the call closed; unknown if the number is not open any more.
    FdKind = 65, Number, Param;
    /// Socket type; 0 if it is no socket.
    FdSocketType = 66, Number, Param;
    /// Address family; 0 if it is no socket.
    FdFamily = 67, Number, Param;
    /// IP protocol; 0 if it is no socket.
    FdProtocol = 68, Number, Param;
    /// [`crate::event::FdFlags`].
    FdFlags = 69, Number, Param;
    /// Flags of the open file description.
    FdOpenFlags = 70, Number, Param;
    /// Device of the inode; unknown for -100.
    FdDev = 71, Number, Param;
    /// `st_mode`; unknown for -100.
    FdMode = 72, Number, Param;
    /// Inode number; unknown for -100.
    FdIno = 73, Number, Param;
    /// Path of what the descriptor stands for, as the kernel names it; for what has no place in the file system the kernel's
    /// name of it. Absent for sockets. Unknown if the kernel could not name it.
    FdPath = 74, Text, Param;

    /// Local port, host order, of a descriptor's socket or of a tuple parameter (sources as [`Load::FdNumber`], and `Tuple`,
    /// `ReturnTuple` and `Special`). As all below that are a socket's: absent for a descriptor that is no AF_INET or AF_INET6
    /// socket and as [`Load::FdKind`]; a tuple parameter that is not in the record is unknown. 0 if there is none.
    LocalPort = 80, Number, Param;
    /// Remote port, host order; 0 if there is none.
    RemotePort = 81, Number, Param;
    /// Local address; all zero if there is none.
    LocalAddress = 82, Address, Param;
    /// Remote address; all zero if there is none.
    RemoteAddress = 83, Address, Param;
    /// AF_UNIX: path of this end; empty if it is not bound. Absent for sockets of other families.
    LocalPath = 84, Text, Param;
    /// AF_UNIX: path of the other end; empty if there is none. Absent for sockets of other families.
    RemotePath = 85, Text, Param;

    /// Address family that the caller passed (source `Address`). A parameter that is not in the record is unknown.
    PassedFamily = 88, Number, Param;
    /// Port that the caller passed; absent if the family has none.
    PassedPort = 89, Number, Param;
    /// Address that the caller passed; absent if the family has none.
    PassedAddress = 90, Address, Param;
    /// AF_UNIX path that the caller passed; absent for other families.
    PassedPath = 91, Text, Param;

    /// The absolute path of a path parameter (sources `Path`, `PathAt`, `Opened`, `OptionalPath`, and `Special` where it is
    /// one). Unknown if it is not known; or if it was made from the caller's string and either was cut.
    Path = 96, Text, Param;
    /// A path parameter as the caller passed it. Unknown if it could not be read or was cut.
    RawPath = 97, Text, Param;
    /// A string parameter (sources `String`, `FilledString`, `Received`, and `Special` where it is one, but for an exec).
    /// Unknown if it is not in the record or may have been cut; absent if it is the call that writes it and the call failed.
    String = 98, Text, Param;
}

impl Load {
    /// True if events of this kind have a parameter at `param` that this can be loaded from. Which of the several things a
    /// `Special` source writes is not checked; one that is something else is unknown, or nonsense.
    pub fn fits(self, event: EventId, param: u8) -> bool {
        let Some(recipe) = schema::recipe(event) else { return false };
        if matches!(self, Load::ProcessName | Load::AncestorName) && matches!(event, id::SIGNALDELIVER | id::PAGE_FAULT)
        {
            // They may happen in the midst of an exec, which changes the name.
            return false;
        }
        if matches!(self, Load::AncestorName) {
            return param <= MAX_GENERATION;
        }
        if matches!(self.scope(), Scope::Event) {
            return param == 0;
        }
        let Some(source) = recipe.sources.get(usize::from(param)) else { return false };
        match self {
            Load::Number => matches!(
                source,
                From::Return
                    | From::Zero
                    | From::Int(_)
                    | From::Uint(_)
                    | From::Long(_)
                    | From::SignedLong(_)
                    | From::Offset { .. }
                    | From::Pointed { .. }
                    | From::Timespec { .. }
                    | From::Timeval(_)
                    | From::PiecesSize { .. }
                    | From::Image(_)
                    | From::Special
            ),
            Load::FdNumber
            | Load::FdKind
            | Load::FdSocketType
            | Load::FdFamily
            | Load::FdProtocol
            | Load::FdFlags
            | Load::FdOpenFlags
            | Load::FdDev
            | Load::FdMode
            | Load::FdIno
            | Load::FdPath => is_fd(source) || matches!(source, From::Special),
            Load::LocalPort
            | Load::RemotePort
            | Load::LocalAddress
            | Load::RemoteAddress
            | Load::LocalPath
            | Load::RemotePath => is_fd(source) || matches!(source, From::Tuple(_) | From::ReturnTuple | From::Special),
            Load::PassedFamily | Load::PassedPort | Load::PassedAddress | Load::PassedPath => {
                matches!(source, From::Address { .. })
            }
            Load::Path | Load::RawPath => matches!(
                source,
                From::Path(_) | From::PathAt { .. } | From::Opened { .. } | From::OptionalPath(_) | From::Special
            ),
            Load::String => match source {
                From::String(_) | From::FilledString(_) | From::Received { .. } => true,
                From::Special => event != id::EXECVE && event != id::EXECVEAT,
                _ => false,
            },
            _ => false,
        }
    }
}

/// True for the sources of descriptor parameters.
pub(super) const fn is_fd(source: &From) -> bool {
    matches!(source, From::ReturnFd | From::Fd(_) | From::ClosedFd(_) | From::DirFd(_) | From::PointedFd { .. })
}

/// Which part of a text is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Part {
    /// All of it.
    #[default]
    Whole = 0,
    /// What lies before the last slash; `/` if that is the first byte, or there is none.
    Directory = 1,
    /// What follows the last slash; all of it if there is none.
    Name = 2,
}

impl Part {
    /// The part of this number; `None` if there is none.
    #[inline]
    pub const fn from_u8(number: u8) -> Option<Part> {
        match number {
            0 => Some(Part::Whole),
            1 => Some(Part::Directory),
            2 => Some(Part::Name),
            _ => None,
        }
    }

    /// This part of a text.
    pub fn of(self, text: &[u8]) -> &[u8] {
        match self {
            Part::Whole => text,
            Part::Directory | Part::Name => self.cut(text, text.iter().rposition(|&b| b == b'/')),
        }
    }

    /// This part of a text whose last slash lies at `slash`.
    #[inline]
    pub(super) fn cut(self, text: &[u8], slash: Option<usize>) -> &[u8] {
        match (self, slash) {
            (Part::Whole, _) => text,
            (Part::Directory, None | Some(0)) => b"/",
            (Part::Directory, Some(at)) => text.get(..at).unwrap_or(&[]),
            (_, Some(at)) => text.get(at.saturating_add(1)..).unwrap_or(&[]),
            (_, None) => text,
        }
    }
}
