//! The table of fields: what a condition or an output can name.

/// Type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text; need not be UTF-8.
    String,
    /// Signed number.
    Int,
    /// Unsigned number.
    Uint,
    /// True or false.
    Bool,
    /// Nanoseconds, a span.
    RelTime,
    /// Nanoseconds since the epoch.
    AbsTime,
    /// IP address.
    Ip,
    /// IP address that is compared with networks.
    Net,
    /// Bytes that need not be text.
    Bytes,
}

impl FieldType {
    /// Its name in lists of fields.
    pub const fn name(self) -> &'static str {
        match self {
            FieldType::String => "string",
            FieldType::Int => "int",
            FieldType::Uint => "uint",
            FieldType::Bool => "bool",
            FieldType::RelTime => "reltime",
            FieldType::AbsTime => "abstime",
            FieldType::Ip => "ipaddr",
            FieldType::Net => "ipnet",
            FieldType::Bytes => "bytes",
        }
    }

    /// True if values are compared as numbers.
    pub const fn is_number(self) -> bool {
        matches!(self, FieldType::Int | FieldType::Uint | FieldType::RelTime | FieldType::AbsTime)
    }
}

/// Whether a field takes an argument, as in `proc.aname[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgRule {
    /// None.
    None,
    /// An index or none.
    OptionalIndex,
    /// A name or an index.
    Required,
    /// A name or none.
    OptionalName,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// The field.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// Type of its value.
    pub ty: FieldType,
    /// Whether it takes an argument.
    pub arg: ArgRule,
    /// What it is.
    pub description: &'static str,
}

macro_rules! fields {
    ($($variant:ident $name:literal $ty:ident $arg:ident $description:literal;)*) => {
        /// Every field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`: ", $description)] $variant,)*
        }

        /// The table, in the order of [`Field`].
        pub const FIELDS: &[FieldDef] = &[
            $(FieldDef {
                field: Field::$variant,
                name: $name,
                ty: FieldType::$ty,
                arg: ArgRule::$arg,
                description: $description,
            }),*
        ];
    };
}

impl Field {
    /// The field of this name.
    pub fn by_name(name: &str) -> Option<Field> {
        FIELDS.iter().find(|def| def.name == name).map(|def| def.field)
    }

    /// Its row.
    pub fn def(self) -> &'static FieldDef {
        &FIELDS[self as usize]
    }
}

fields! {
    EvtNum "evt.num" Uint None "Number of the event, counted from the start of the capture.";
    EvtTime "evt.time" String None "Local time of day of the event, with nanoseconds; a number of nanoseconds in JSON.";
    EvtTimeS "evt.time.s" String None "Local time of day of the event, without fractions.";
    EvtTimeIso8601 "evt.time.iso8601" String None "Time of the event in UTC, ISO 8601, with nanoseconds; a number of nanoseconds in JSON.";
    EvtDatetime "evt.datetime" String None "Local date and time of the event with nanoseconds.";
    EvtDatetimeS "evt.datetime.s" String None "Local date and time of the event, without fractions.";
    EvtRawtime "evt.rawtime" AbsTime None "Time of the event in nanoseconds since the epoch.";
    EvtRawtimeS "evt.rawtime.s" AbsTime None "Whole seconds of the event's time.";
    EvtRawtimeNs "evt.rawtime.ns" AbsTime None "Nanoseconds of the event's time beyond the whole seconds.";
    EvtReltime "evt.reltime" RelTime None "Nanoseconds since the first event.";
    EvtReltimeS "evt.reltime.s" RelTime None "Whole seconds since the first event.";
    EvtReltimeNs "evt.reltime.ns" RelTime None "Nanoseconds since the first event beyond the whole seconds.";
    EvtDeltatime "evt.deltatime" RelTime None "Nanoseconds since the event before.";
    EvtDir "evt.dir" String None "Direction of the event: always `<`, there is one record a call.";
    EvtType "evt.type" String None "Name of the event: the system call, or the tracepoint.";
    EvtTypeIs "evt.type.is" Uint Required "1 if the event has the type of the argument.";
    SyscallType "syscall.type" String None "Name of the system call; missing for other events.";
    EvtCategory "evt.category" String None "What the event is about: file, net, process and so on.";
    EvtCpu "evt.cpu" Int None "CPU that the event happened on.";
    EvtArgs "evt.args" String None "All parameters, as name=value pairs.";
    EvtInfo "evt.info" String None "The same as evt.args.";
    EvtArg "evt.arg" String Required "A parameter by its name or number, as text.";
    EvtRawarg "evt.rawarg" String Required "A parameter by its name, unadorned: numbers as numbers.";
    EvtBuffer "evt.buffer" Bytes None "First bytes of what was sent.";
    EvtBuflen "evt.buflen" Uint None "Bytes that were sent.";
    EvtRes "evt.res" String None "SUCCESS, or the name of the error.";
    EvtRawres "evt.rawres" Int None "What the call returned, as a number.";
    EvtFailed "evt.failed" Bool None "True if the call returned an error.";
    EvtIsIo "evt.is_io" Bool None "True for events that send or write.";
    EvtIsIoRead "evt.is_io_read" Bool None "True for events that receive or read.";
    EvtIsIoWrite "evt.is_io_write" Bool None "True for events that send or write.";
    EvtIoDir "evt.io_dir" String None "r or w for events that read or write.";
    EvtIsWait "evt.is_wait" Bool None "True for events that wait.";
    EvtCount "evt.count" Uint None "Always 1.";
    EvtCountError "evt.count.error" Uint None "1 if the call returned an error.";
    EvtAbspath "evt.abspath" String OptionalName "Absolute path that the event is about; with the argument src or dst that of a call with two.";
    EvtIsOpenRead "evt.is_open_read" Bool None "True if a file was opened for reading.";
    EvtIsOpenWrite "evt.is_open_write" Bool None "True if a file was opened for writing.";
    EvtIsOpenExec "evt.is_open_exec" Bool None "True if an executable file was created.";
    EvtIsOpenCreate "evt.is_open_create" Bool None "True if a file was created.";
    EvtSource "evt.source" String None "Where the event came from: syscall.";
    EvtIsAsync "evt.is_async" Bool None "Always false for events of the kernel.";
    EvtHostname "evt.hostname" String None "Name of this machine.";

    FdNum "fd.num" Int None "Number of the descriptor.";
    FdType "fd.type" String None "What the descriptor stands for: file, directory, ipv4, ipv6, unix, pipe and so on.";
    FdTypechar "fd.typechar" String None "The same as one character.";
    FdName "fd.name" String None "Path of a file, or both ends of a socket.";
    FdNameraw "fd.nameraw" String None "Path as the caller passed it.";
    FdDirectory "fd.directory" String None "Folder of the file.";
    FdFilename "fd.filename" String None "Name of the file without its folder.";
    FdIp "fd.ip" Ip None "Address of either end.";
    FdCip "fd.cip" Ip None "Address of the client's end.";
    FdSip "fd.sip" Ip None "Address of the server's end.";
    FdLip "fd.lip" Ip None "Address of this machine's end.";
    FdRip "fd.rip" Ip None "Address of the other end.";
    FdPort "fd.port" Uint None "Port of either end.";
    FdCport "fd.cport" Uint None "Port of the client's end.";
    FdSport "fd.sport" Uint None "Port of the server's end.";
    FdLport "fd.lport" Uint None "Port of this machine's end.";
    FdRport "fd.rport" Uint None "Port of the other end.";
    FdL4proto "fd.l4proto" String None "tcp, udp, icmp or raw.";
    FdSockfamily "fd.sockfamily" String None "ip or unix.";
    FdIsServer "fd.is_server" Bool None "True if this process is the server's end.";
    FdUid "fd.uid" String None "Descriptor and thread together, unique at one moment.";
    FdNet "fd.net" Net None "Either end's address, to be compared with networks.";
    FdCnet "fd.cnet" Net None "The client's address, to be compared with networks.";
    FdSnet "fd.snet" Net None "The server's address, to be compared with networks.";
    FdLnet "fd.lnet" Net None "The local address, to be compared with networks.";
    FdRnet "fd.rnet" Net None "The remote address, to be compared with networks.";
    FdConnected "fd.connected" Bool None "True if the socket is connected.";
    FdNameChanged "fd.name_changed" Bool None "True if the event gave the descriptor another name.";
    FdDev "fd.dev" Uint None "Number of the file's device.";
    FdDevMajor "fd.dev.major" Uint None "Major number of the file's device.";
    FdDevMinor "fd.dev.minor" Uint None "Minor number of the file's device.";
    FdIno "fd.ino" Int None "Inode of the file.";
    FdIsUpperLayer "fd.is_upper_layer" Bool None "True if the file lies in the upper layer of an overlay.";
    FdIsLowerLayer "fd.is_lower_layer" Bool None "True if the file lies in a lower layer of an overlay.";

    FsPathName "fs.path.name" String None "Absolute path that the call is about.";
    FsPathNameraw "fs.path.nameraw" String None "The same as the caller passed it.";
    FsPathSource "fs.path.source" String None "Absolute source of a call with two paths.";
    FsPathSourceraw "fs.path.sourceraw" String None "The same as the caller passed it.";
    FsPathTarget "fs.path.target" String None "Absolute target of a call with two paths.";
    FsPathTargetraw "fs.path.targetraw" String None "The same as the caller passed it.";

    GroupGid "group.gid" Uint None "Group of the process.";
    GroupName "group.name" String None "Name of that group.";

    ProcExe "proc.exe" String None "First argument of the command line.";
    ProcPexe "proc.pexe" String None "The parent's first argument.";
    ProcAexe "proc.aexe" String OptionalIndex "An ancestor's first argument: by generation, or any of them.";
    ProcExepath "proc.exepath" String None "Path of the executable, links followed.";
    ProcPexepath "proc.pexepath" String None "Path of the parent's executable.";
    ProcAexepath "proc.aexepath" String OptionalIndex "Path of an ancestor's executable.";
    ProcName "proc.name" String None "Name of the process, at most 15 characters.";
    ProcPname "proc.pname" String None "Name of the parent.";
    ProcAname "proc.aname" String OptionalIndex "Name of an ancestor: by generation (1 is the parent), or any of them.";
    ProcArgs "proc.args" String OptionalIndex "The command line's arguments after the first, or one of them.";
    ProcCmdline "proc.cmdline" String None "Name and arguments.";
    ProcPcmdline "proc.pcmdline" String None "The parent's name and arguments.";
    ProcAcmdline "proc.acmdline" String OptionalIndex "An ancestor's name and arguments.";
    ProcCmdnargs "proc.cmdnargs" Uint None "Number of arguments.";
    ProcCmdlenargs "proc.cmdlenargs" Uint None "Length of all arguments together.";
    ProcExeline "proc.exeline" String None "First argument and the others.";
    ProcEnv "proc.env" String OptionalName "The environment, or one variable of it.";
    ProcAenv "proc.aenv" String OptionalName "A variable of the environment of any ancestor.";
    ProcCwd "proc.cwd" String None "Working directory.";
    ProcLoginshellid "proc.loginshellid" Int None "Process id of the oldest shell among the ancestors.";
    ProcTty "proc.tty" Uint None "Number of the controlling terminal; 0 without one.";
    ProcPid "proc.pid" Int None "Process id.";
    ProcPpid "proc.ppid" Int None "Process id of the parent.";
    ProcApid "proc.apid" Int OptionalIndex "Process id of an ancestor.";
    ProcVpid "proc.vpid" Int None "Process id in its own pid namespace.";
    ProcPvpid "proc.pvpid" Int None "Process id of the parent in its own pid namespace.";
    ProcSid "proc.sid" Int None "Session id.";
    ProcSname "proc.sname" String None "Name of the session's leader.";
    ProcSidExe "proc.sid.exe" String None "First argument of the session's leader.";
    ProcSidExepath "proc.sid.exepath" String None "Executable of the session's leader.";
    ProcVpgid "proc.vpgid" Int None "Process group in its own pid namespace.";
    ProcPgid "proc.pgid" Int None "Process group.";
    ProcPgidName "proc.pgid.name" String None "Name of the process group's leader.";
    ProcPgidExe "proc.pgid.exe" String None "First argument of the process group's leader.";
    ProcPgidExepath "proc.pgid.exepath" String None "Executable of the process group's leader.";
    ProcDuration "proc.duration" RelTime None "Nanoseconds since the process started.";
    ProcPpidDuration "proc.ppid.duration" RelTime None "Nanoseconds since the parent started.";
    ProcPidTs "proc.pid.ts" AbsTime None "Start of the process, nanoseconds since the epoch.";
    ProcPpidTs "proc.ppid.ts" AbsTime None "Start of the parent, nanoseconds since the epoch.";
    ProcIsExeWritable "proc.is_exe_writable" Bool None "True if the user who runs the executable may write it.";
    ProcIsExeUpperLayer "proc.is_exe_upper_layer" Bool None "True if the executable lies in the upper layer of an overlay.";
    ProcIsExeLowerLayer "proc.is_exe_lower_layer" Bool None "True if the executable lies in a lower layer of an overlay.";
    ProcIsExeFromMemfd "proc.is_exe_from_memfd" Bool None "True if the executable has no file: it was made by memfd_create.";
    ProcIsSidLeader "proc.is_sid_leader" Bool None "True for the leader of a session.";
    ProcIsVpgidLeader "proc.is_vpgid_leader" Bool None "True for the leader of a process group in its own pid namespace.";
    ProcIsPgidLeader "proc.is_pgid_leader" Bool None "True for the leader of a process group.";
    ProcExeIno "proc.exe_ino" Int None "Inode of the executable.";
    ProcExeInoCtime "proc.exe_ino.ctime" AbsTime None "Last status change of the executable.";
    ProcExeInoMtime "proc.exe_ino.mtime" AbsTime None "Last modification of the executable.";
    ProcExeInoCtimeDurationProcStart "proc.exe_ino.ctime_duration_proc_start" RelTime None "Nanoseconds from the executable's last status change to its start.";
    ThreadCapPermitted "thread.cap_permitted" String None "Permitted capabilities.";
    ThreadCapInheritable "thread.cap_inheritable" String None "Inheritable capabilities.";
    ThreadCapEffective "thread.cap_effective" String None "Effective capabilities.";
    ThreadTid "thread.tid" Int None "Thread id.";
    ThreadIsmain "thread.ismain" Bool None "True for the first thread of a process.";
    ThreadVtid "thread.vtid" Int None "Thread id in its own pid namespace.";
    ThreadCgroups "thread.cgroups" String None "Path of the cgroup.";

    UserUid "user.uid" Uint None "Effective user id.";
    UserName "user.name" String None "Name of that user.";
    UserHomedir "user.homedir" String None "Home directory of that user.";
    UserShell "user.shell" String None "Login shell of that user.";
    UserLoginuid "user.loginuid" Int None "User id that the session was begun with; -1 without one.";
    UserLoginname "user.loginname" String None "Name of that user.";
}
