//! `evt.*` and `syscall.*` of events of the kernel.

macro_rules! evt_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Evt {
            EvtLatency "evt.latency" RelTime None [DEPRECATED]
                "Time between the beginning and the end of the call; missing, since there is one record a call.";
            EvtLatencyS "evt.latency.s" RelTime None [DEPRECATED] "Whole seconds of `evt.latency`.";
            EvtLatencyNs "evt.latency.ns" RelTime None [DEPRECATED]
                "Nanoseconds of `evt.latency` beyond the whole seconds.";
            EvtLatencyQuantized "evt.latency.quantized" Uint None [TABLE DEPRECATED]
                "Logarithm of `evt.latency` to base 10, scaled for a table.";
            EvtLatencyHuman "evt.latency.human" String None [DEPRECATED] "`evt.latency` with a unit, for people.";
            EvtDeltatime "evt.deltatime" RelTime None [] "Time since the event before.";
            EvtDeltatimeS "evt.deltatime.s" RelTime None [] "Whole seconds since the event before.";
            EvtDeltatimeNs "evt.deltatime.ns" RelTime None []
                "Nanoseconds since the event before beyond the whole seconds.";
            EvtOutputtime "evt.outputtime" String None [PRINT_ONLY]
                "Time of the event as outputs begin with it: the same as `evt.time`.";
            EvtDir "evt.dir" String None [DEPRECATED] "Direction of the event: always `<`, the end of a call.";
            EvtType "evt.type" String None [] "Name of the event: the system call, or the tracepoint.";
            EvtTypeIs "evt.type.is" Uint Name []
                "1 if the event has the type that the argument names, otherwise 0: `evt.type.is.openat`.";
            SyscallType "syscall.type" String None [] "Name of the system call; missing for events that are none.";
            EvtCategory "evt.category" String None [] "What the event is about: file, net, process and so on.";
            EvtCpu "evt.cpu" Int None [] "Number of the CPU that the event happened on.";
            EvtArgs "evt.args" String None [] "All parameters, as pairs of name and value.";
            EvtArg "evt.arg" String NameOrIndex []
                "A parameter by its name or its number, as text: `evt.arg.flags`, `evt.arg[0]`.";
            EvtRawarg "evt.rawarg" Dynamic Name [NO_VALUE]
                "A parameter by its name, without what makes it readable: a number stays a number.";
            EvtInfo "evt.info" String None [] "The same as `evt.args`.";
            EvtBuffer "evt.buffer" Bytes None [] "First bytes of what the call read or wrote.";
            EvtBuflen "evt.buflen" Uint None [] "Number of bytes that the call read or wrote.";
            EvtRes "evt.res" String None [] "`SUCCESS`, or the name of the error.";
            EvtRawres "evt.rawres" Int None [] "What the call returned, as a number; an error is negative.";
            EvtFailed "evt.failed" Bool None [] "True if the call returned an error.";
            EvtIsIo "evt.is_io" Bool None [] "True if the call reads or writes through a file descriptor.";
            EvtIsIoRead "evt.is_io_read" Bool None [] "True if the call reads through a file descriptor.";
            EvtIsIoWrite "evt.is_io_write" Bool None [] "True if the call writes through a file descriptor.";
            EvtIoDir "evt.io_dir" String None [] "`r` if the call reads through a file descriptor, `w` if it writes.";
            EvtIsWait "evt.is_wait" Bool None []
                "True if the call is made to wait: a sleep, or a wait for file descriptors.";
            EvtWaitLatency "evt.wait_latency" RelTime None [DEPRECATED]
                "Time that a call spent waiting; missing, since there is one record a call.";
            EvtIsSyslog "evt.is_syslog" Bool None [] "True if the call writes to `/dev/log`.";
            EvtCount "evt.count" Uint None [] "Always 1.";
            EvtCountError "evt.count.error" Uint None []
                "1 if the call returned an error, 0 if it did not; missing for events that return nothing.";
            EvtCountErrorFile "evt.count.error.file" Uint None []
                "1 if a call about a file returned an error, 0 if it did not; missing for other calls.";
            EvtCountErrorNet "evt.count.error.net" Uint None []
                "1 if a call about a socket returned an error, 0 if it did not; missing for other calls.";
            EvtCountErrorMemory "evt.count.error.memory" Uint None []
                "1 if a call about memory returned an error, 0 if it did not; missing for other calls.";
            EvtCountErrorOther "evt.count.error.other" Uint None []
                "1 if a call about none of these returned an error, 0 if it did not; missing for other calls.";
            EvtCountExit "evt.count.exit" Uint None []
                "1 for the end of a call: always, since there is one record a call.";
            EvtCountProcinfo "evt.count.procinfo" Uint None [TABLE]
                "1 for periodic figures of a process's first thread.";
            EvtCountThreadinfo "evt.count.threadinfo" Uint None [TABLE] "1 for periodic figures of a thread.";
            EvtAround "evt.around" Uint Name [FILTER_ONLY NO_VALUE]
                "True within a span around a point in time, both in the argument.";
            EvtAbspath "evt.abspath" String OptionalEnd []
                "Absolute path that the call is about; `evt.abspath.src` and `evt.abspath.dst` are those of a call with two.";
            EvtBuflenIn "evt.buflen.in" Uint None [TABLE] "Number of bytes that were read.";
            EvtBuflenOut "evt.buflen.out" Uint None [TABLE] "Number of bytes that were written.";
            EvtBuflenFile "evt.buflen.file" Uint None [TABLE]
                "Number of bytes that were read from or written to a file.";
            EvtBuflenFileIn "evt.buflen.file.in" Uint None [TABLE] "Number of bytes that were read from a file.";
            EvtBuflenFileOut "evt.buflen.file.out" Uint None [TABLE] "Number of bytes that were written to a file.";
            EvtBuflenNet "evt.buflen.net" Uint None [TABLE]
                "Number of bytes that were received from or sent to the network.";
            EvtBuflenNetIn "evt.buflen.net.in" Uint None [TABLE] "Number of bytes that were received from the network.";
            EvtBuflenNetOut "evt.buflen.net.out" Uint None [TABLE] "Number of bytes that were sent to the network.";
            EvtIsOpenRead "evt.is_open_read" Bool None [] "True if a file was opened for reading.";
            EvtIsOpenWrite "evt.is_open_write" Bool None [] "True if a file was opened for writing.";
            EvtInfraDockerName "evt.infra.docker.name" String None [TABLE] "Name of an event of the Docker daemon.";
            EvtInfraDockerContainerId "evt.infra.docker.container.id" String None [TABLE]
                "Id of the container that an event of the Docker daemon is about.";
            EvtInfraDockerContainerName "evt.infra.docker.container.name" String None [TABLE]
                "Name of the container that an event of the Docker daemon is about.";
            EvtInfraDockerContainerImage "evt.infra.docker.container.image" String None [TABLE]
                "Image of the container that an event of the Docker daemon is about.";
            EvtIsOpenExec "evt.is_open_exec" Bool None [] "True if an executable file was created by an open.";
            EvtIsOpenCreate "evt.is_open_create" Bool None [] "True if a file was created by an open.";
        } }
    };
}
