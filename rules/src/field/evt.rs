//! `evt.*` and `syscall.*` of system calls.

macro_rules! evt_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Evt {
            EvtDeltatime "evt.deltatime" RelTime None [] "Nanoseconds since the event before.";
            EvtDir "evt.dir" String None [] "Direction of the event: always `<`, there is one record a call.";
            EvtType "evt.type" String None [] "Name of the event: the system call, or the tracepoint.";
            EvtTypeIs "evt.type.is" Uint Name [] "1 if the event has the type of the argument.";
            SyscallType "syscall.type" String None [] "Name of the system call; missing for other events.";
            EvtCategory "evt.category" String None [] "What the event is about: file, net, process and so on.";
            EvtCpu "evt.cpu" Int None [] "CPU that the event happened on.";
            EvtArgs "evt.args" String None [] "All parameters, as name=value pairs.";
            EvtInfo "evt.info" String None [] "The same as evt.args.";
            EvtArg "evt.arg" String NameOrIndex [] "A parameter by its name or number, as text.";
            EvtRawarg "evt.rawarg" Dynamic Name [] "A parameter by its name, unadorned: numbers as numbers.";
            EvtBuffer "evt.buffer" Bytes None [] "First bytes of what was sent.";
            EvtBuflen "evt.buflen" Uint None [] "Bytes that were sent.";
            EvtRes "evt.res" String None [] "SUCCESS, or the name of the error.";
            EvtRawres "evt.rawres" Int None [] "What the call returned, as a number.";
            EvtFailed "evt.failed" Bool None [] "True if the call returned an error.";
            EvtIsIo "evt.is_io" Bool None [] "True for events that send or write.";
            EvtIsIoRead "evt.is_io_read" Bool None [] "True for events that receive or read.";
            EvtIsIoWrite "evt.is_io_write" Bool None [] "True for events that send or write.";
            EvtIoDir "evt.io_dir" String None [] "r or w for events that read or write.";
            EvtIsWait "evt.is_wait" Bool None [] "True for events that wait.";
            EvtCount "evt.count" Uint None [] "Always 1.";
            EvtCountError "evt.count.error" Uint None [] "1 if the call returned an error.";
            EvtAbspath "evt.abspath" String OptionalEnd [] "Absolute path that the event is about; with the argument src or dst that of a call with two.";
            EvtIsOpenRead "evt.is_open_read" Bool None [] "True if a file was opened for reading.";
            EvtIsOpenWrite "evt.is_open_write" Bool None [] "True if a file was opened for writing.";
            EvtIsOpenExec "evt.is_open_exec" Bool None [] "True if an executable file was created.";
            EvtIsOpenCreate "evt.is_open_create" Bool None [] "True if a file was created.";
        } }
    };
}
