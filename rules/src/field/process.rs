//! `proc.*` and `thread.*`: who did it.

macro_rules! process_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Process {
            ProcExe "proc.exe" String None []
                "First argument of the command line; usually the program's name, but the program that starts another can choose it.";
            ProcPexe "proc.pexe" String None [] "`proc.exe` of the parent.";
            ProcAexe "proc.aexe" String OptionalIndex [NO_VALUE]
                "`proc.exe` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcExepath "proc.exepath" String None [] "Path of the executable, links followed.";
            ProcPexepath "proc.pexepath" String None [] "`proc.exepath` of the parent.";
            ProcAexepath "proc.aexepath" String OptionalIndex [NO_VALUE]
                "`proc.exepath` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcName "proc.name" String None [] "Name of the process as the kernel has it, at most 15 characters.";
            ProcPname "proc.pname" String None [] "`proc.name` of the parent.";
            ProcAname "proc.aname" String OptionalIndex [NO_VALUE]
                "`proc.name` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcArgs "proc.args" String OptionalIndex []
                "Arguments of the command line after the first, split by blanks; with an argument one of them, counted from 0.";
            ProcAargs "proc.aargs" String OptionalIndex []
                "`proc.args` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcCmdline "proc.cmdline" String None [] "`proc.name` and `proc.args`.";
            ProcPcmdline "proc.pcmdline" String None [] "`proc.cmdline` of the parent.";
            ProcAcmdline "proc.acmdline" String OptionalIndex [NO_VALUE]
                "`proc.cmdline` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcCmdnargs "proc.cmdnargs" Uint None [] "Number of arguments in `proc.args`.";
            ProcCmdlenargs "proc.cmdlenargs" Uint None []
                "Length of all arguments in `proc.args` together, in bytes, without what splits them.";
            ProcExeline "proc.exeline" String None [] "`proc.exe` and `proc.args`.";
            ProcEnv "proc.env" String OptionalName []
                "Environment that the program was started with, or one variable of it: `proc.env[PATH]`.";
            ProcAenv "proc.aenv" String OptionalNameOrIndex [NO_VALUE]
                "Environment of an ancestor by its number, or a variable of the environment of any ancestor.";
            ProcCwd "proc.cwd" String None [] "Working directory.";
            ProcLoginshellid "proc.loginshellid" Int None []
                "Process id of the oldest shell among the process and its ancestors.";
            ProcTty "proc.tty" Uint None [] "Device number of the controlling terminal; 0 without one.";
            ProcPid "proc.pid" Int None [] "Process id.";
            ProcPpid "proc.ppid" Int None [] "Process id of the parent.";
            ProcApid "proc.apid" Int OptionalIndex [NO_VALUE]
                "Process id of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.";
            ProcVpid "proc.vpid" Int None [] "Process id in the process's own pid namespace.";
            ProcPvpid "proc.pvpid" Int None [] "Process id of the parent in the parent's own pid namespace.";
            ProcSid "proc.sid" Int None [] "Session id.";
            ProcSname "proc.sname" String None [] "`proc.name` of the session's leader.";
            ProcSidExe "proc.sid.exe" String None [] "`proc.exe` of the session's leader.";
            ProcSidExepath "proc.sid.exepath" String None [] "`proc.exepath` of the session's leader.";
            ProcVpgid "proc.vpgid" Int None [] "Process group id in the process's own pid namespace.";
            ProcVpgidName "proc.vpgid.name" String None []
                "`proc.name` of the leader of the process group in `proc.vpgid`.";
            ProcVpgidExe "proc.vpgid.exe" String None []
                "`proc.exe` of the leader of the process group in `proc.vpgid`.";
            ProcVpgidExepath "proc.vpgid.exepath" String None []
                "`proc.exepath` of the leader of the process group in `proc.vpgid`.";
            ProcPgid "proc.pgid" Int None [] "Process group id.";
            ProcPgidName "proc.pgid.name" String None []
                "`proc.name` of the leader of the process group in `proc.pgid`.";
            ProcPgidExe "proc.pgid.exe" String None [] "`proc.exe` of the leader of the process group in `proc.pgid`.";
            ProcPgidExepath "proc.pgid.exepath" String None []
                "`proc.exepath` of the leader of the process group in `proc.pgid`.";
            ProcDuration "proc.duration" RelTime None [] "Time since the process started.";
            ProcPpidDuration "proc.ppid.duration" RelTime None [] "Time since the parent started.";
            ProcPidTs "proc.pid.ts" AbsTime None [] "Time at which the process started.";
            ProcPpidTs "proc.ppid.ts" AbsTime None [] "Time at which the parent started.";
            ProcIsExeWritable "proc.is_exe_writable" Bool None []
                "True if the user who runs the executable may write it.";
            ProcIsExeUpperLayer "proc.is_exe_upper_layer" Bool None []
                "True if the executable lies in the upper layer of an overlayfs.";
            ProcIsExeLowerLayer "proc.is_exe_lower_layer" Bool None []
                "True if the executable lies in a lower layer of an overlayfs.";
            ProcIsExeFromMemfd "proc.is_exe_from_memfd" Bool None []
                "True if the executable has no file: it was made by memfd_create(2).";
            ProcIsSidLeader "proc.is_sid_leader" Bool None [] "True if the process leads its session.";
            ProcIsVpgidLeader "proc.is_vpgid_leader" Bool None []
                "True if the process leads its process group, as seen from its own pid namespace.";
            ProcIsPgidLeader "proc.is_pgid_leader" Bool None [] "True if the process leads its process group.";
            ProcExeIno "proc.exe_ino" Int None [] "Inode number of the executable.";
            ProcExeInoCtime "proc.exe_ino.ctime" AbsTime None [] "Last status change of the executable.";
            ProcExeInoMtime "proc.exe_ino.mtime" AbsTime None [] "Last modification of the executable.";
            ProcExeInoCtimeDurationProcStart "proc.exe_ino.ctime_duration_proc_start" RelTime None []
                "Time from the executable's last status change to its start.";
            ProcExeInoCtimeDurationPidnsStart "proc.exe_ino.ctime_duration_pidns_start" RelTime None []
                "Time from the start of the pid namespace to the executable's last status change; missing if that was earlier.";
            ProcPidnsInitStartTs "proc.pidns_init_start_ts" AbsTime None []
                "Time at which the first process of the pid namespace started.";
            ThreadCapPermitted "thread.cap_permitted" String None [] "Permitted capabilities, split by blanks.";
            ThreadCapInheritable "thread.cap_inheritable" String None [] "Inheritable capabilities, split by blanks.";
            ThreadCapEffective "thread.cap_effective" String None [] "Effective capabilities, split by blanks.";
            ProcFdopencount "proc.fdopencount" Uint None [] "Number of open descriptors.";
            ProcFdlimit "proc.fdlimit" Int None [] "Number of descriptors that the process may have open.";
            ProcFdusage "proc.fdusage" Double None [] "Share of `proc.fdlimit` that is open.";
            ProcVmsize "proc.vmsize" Uint None [] "Virtual memory of the process in KiB.";
            ProcVmrss "proc.vmrss" Uint None [] "Resident memory of the process in KiB.";
            ProcVmswap "proc.vmswap" Uint None [] "Swapped memory of the process in KiB.";
            ThreadPfmajor "thread.pfmajor" Uint None [] "Page faults of the thread that needed a disk.";
            ThreadPfminor "thread.pfminor" Uint None [] "Page faults of the thread that needed no disk.";
            ThreadTid "thread.tid" Int None [] "Thread id.";
            ThreadIsmain "thread.ismain" Bool None [] "True for the first thread of a process.";
            ThreadVtid "thread.vtid" Int None [] "Thread id in the thread's own pid namespace.";
            ThreadNametid "thread.nametid" String None [TABLE]
                "Name of the process and thread id, one behind the other.";
            ThreadExectime "thread.exectime" RelTime None [] "CPU time that the thread that ran last had been given.";
            ThreadTotexectime "thread.totexectime" RelTime None []
                "CPU time that the thread used since the capture began.";
            ThreadCgroups "thread.cgroups" String None []
                "Control group of the thread: its path in the unified hierarchy.";
            ThreadCgroup "thread.cgroup" String Name []
                "Path of the thread's control group in the hierarchy that the argument names.";
            ProcNthreads "proc.nthreads" Uint None []
                "Number of living threads of the process, the first one included.";
            ProcNchilds "proc.nchilds" Uint None []
                "Number of living threads of the process, the first one not included.";
            ThreadCpu "thread.cpu" Double None [] "Share of a CPU that the thread used in the last second, in percent.";
            ThreadCpuUser "thread.cpu.user" Double None []
                "Share of a CPU that the thread used outside the kernel in the last second, in percent.";
            ThreadCpuSystem "thread.cpu.system" Double None []
                "Share of a CPU that the thread used inside the kernel in the last second, in percent.";
            ThreadVmsize "thread.vmsize" Uint None []
                "Virtual memory of the process in KiB, shown for its first thread; 0 for the others.";
            ThreadVmrss "thread.vmrss" Uint None []
                "Resident memory of the process in KiB, shown for its first thread; 0 for the others.";
            ThreadVmsizeB "thread.vmsize.b" Uint None [TABLE]
                "Virtual memory of the process in bytes, shown for its first thread; 0 for the others.";
            ThreadVmrssB "thread.vmrss.b" Uint None [TABLE]
                "Resident memory of the process in bytes, shown for its first thread; 0 for the others.";
            ProcStdinType "proc.stdin.type" String None [] "`fd.type` of standard input.";
            ProcStdoutType "proc.stdout.type" String None [] "`fd.type` of standard output.";
            ProcStderrType "proc.stderr.type" String None [] "`fd.type` of standard error.";
            ProcStdinName "proc.stdin.name" String None [] "`fd.name` of standard input.";
            ProcStdoutName "proc.stdout.name" String None [] "`fd.name` of standard output.";
            ProcStderrName "proc.stderr.name" String None [] "`fd.name` of standard error.";
        } }
    };
}
