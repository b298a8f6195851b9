//! `proc.*` and `thread.*`: who did it.

macro_rules! process_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Process {
            ProcExe "proc.exe" String None [] "First argument of the command line.";
            ProcPexe "proc.pexe" String None [] "The parent's first argument.";
            ProcAexe "proc.aexe" String OptionalIndex [] "An ancestor's first argument: by generation, or any of them.";
            ProcExepath "proc.exepath" String None [] "Path of the executable, links followed.";
            ProcPexepath "proc.pexepath" String None [] "Path of the parent's executable.";
            ProcAexepath "proc.aexepath" String OptionalIndex [] "Path of an ancestor's executable.";
            ProcName "proc.name" String None [] "Name of the process, at most 15 characters.";
            ProcPname "proc.pname" String None [] "Name of the parent.";
            ProcAname "proc.aname" String OptionalIndex [] "Name of an ancestor: by generation (1 is the parent), or any of them.";
            ProcArgs "proc.args" String OptionalIndex [] "The command line's arguments after the first, or one of them.";
            ProcCmdline "proc.cmdline" String None [] "Name and arguments.";
            ProcPcmdline "proc.pcmdline" String None [] "The parent's name and arguments.";
            ProcAcmdline "proc.acmdline" String OptionalIndex [] "An ancestor's name and arguments.";
            ProcCmdnargs "proc.cmdnargs" Uint None [] "Number of arguments.";
            ProcCmdlenargs "proc.cmdlenargs" Uint None [] "Length of all arguments together.";
            ProcExeline "proc.exeline" String None [] "First argument and the others.";
            ProcEnv "proc.env" String OptionalName [] "The environment, or one variable of it.";
            ProcAenv "proc.aenv" String OptionalName [] "A variable of the environment of any ancestor.";
            ProcCwd "proc.cwd" String None [] "Working directory.";
            ProcLoginshellid "proc.loginshellid" Int None [] "Process id of the oldest shell among the ancestors.";
            ProcTty "proc.tty" Uint None [] "Number of the controlling terminal; 0 without one.";
            ProcPid "proc.pid" Int None [] "Process id.";
            ProcPpid "proc.ppid" Int None [] "Process id of the parent.";
            ProcApid "proc.apid" Int OptionalIndex [] "Process id of an ancestor.";
            ProcVpid "proc.vpid" Int None [] "Process id in its own pid namespace.";
            ProcPvpid "proc.pvpid" Int None [] "Process id of the parent in its own pid namespace.";
            ProcSid "proc.sid" Int None [] "Session id.";
            ProcSname "proc.sname" String None [] "Name of the session's leader.";
            ProcSidExe "proc.sid.exe" String None [] "First argument of the session's leader.";
            ProcSidExepath "proc.sid.exepath" String None [] "Executable of the session's leader.";
            ProcVpgid "proc.vpgid" Int None [] "Process group in its own pid namespace.";
            ProcPgid "proc.pgid" Int None [] "Process group.";
            ProcPgidName "proc.pgid.name" String None [] "Name of the process group's leader.";
            ProcPgidExe "proc.pgid.exe" String None [] "First argument of the process group's leader.";
            ProcPgidExepath "proc.pgid.exepath" String None [] "Executable of the process group's leader.";
            ProcDuration "proc.duration" RelTime None [] "Nanoseconds since the process started.";
            ProcPpidDuration "proc.ppid.duration" RelTime None [] "Nanoseconds since the parent started.";
            ProcPidTs "proc.pid.ts" AbsTime None [] "Start of the process, nanoseconds since the epoch.";
            ProcPpidTs "proc.ppid.ts" AbsTime None [] "Start of the parent, nanoseconds since the epoch.";
            ProcIsExeWritable "proc.is_exe_writable" Bool None [] "True if the user who runs the executable may write it.";
            ProcIsExeUpperLayer "proc.is_exe_upper_layer" Bool None [] "True if the executable lies in the upper layer of an overlay.";
            ProcIsExeLowerLayer "proc.is_exe_lower_layer" Bool None [] "True if the executable lies in a lower layer of an overlay.";
            ProcIsExeFromMemfd "proc.is_exe_from_memfd" Bool None [] "True if the executable has no file: it was made by memfd_create.";
            ProcIsSidLeader "proc.is_sid_leader" Bool None [] "True for the leader of a session.";
            ProcIsVpgidLeader "proc.is_vpgid_leader" Bool None [] "True for the leader of a process group in its own pid namespace.";
            ProcIsPgidLeader "proc.is_pgid_leader" Bool None [] "True for the leader of a process group.";
            ProcExeIno "proc.exe_ino" Int None [] "Inode of the executable.";
            ProcExeInoCtime "proc.exe_ino.ctime" AbsTime None [] "Last status change of the executable.";
            ProcExeInoMtime "proc.exe_ino.mtime" AbsTime None [] "Last modification of the executable.";
            ProcExeInoCtimeDurationProcStart "proc.exe_ino.ctime_duration_proc_start" RelTime None [] "Nanoseconds from the executable's last status change to its start.";
            ThreadCapPermitted "thread.cap_permitted" String None [] "Permitted capabilities.";
            ThreadCapInheritable "thread.cap_inheritable" String None [] "Inheritable capabilities.";
            ThreadCapEffective "thread.cap_effective" String None [] "Effective capabilities.";
            ThreadTid "thread.tid" Int None [] "Thread id.";
            ThreadIsmain "thread.ismain" Bool None [] "True for the first thread of a process.";
            ThreadVtid "thread.vtid" Int None [] "Thread id in its own pid namespace.";
            ThreadCgroups "thread.cgroups" String None [] "Path of the cgroup.";
        } }
    };
}
