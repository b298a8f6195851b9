//! `evt.*` that events of every source have.

macro_rules! generic_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Generic {
            EvtNum "evt.num" Uint None [] "Number of the event, counted from the start of the capture.";
            EvtTime "evt.time" String None []
                "Local time of day of the event, with nanoseconds; a number of nanoseconds in JSON.";
            EvtTimeS "evt.time.s" String None [] "Local time of day of the event, without fractions.";
            EvtTimeIso8601 "evt.time.iso8601" String None []
                "Time of the event in UTC, ISO 8601, with nanoseconds; a number of nanoseconds in JSON.";
            EvtDatetime "evt.datetime" String None [] "Local date and time of the event, with nanoseconds.";
            EvtDatetimeS "evt.datetime.s" String None [] "Local date and time of the event, without fractions.";
            EvtRawtime "evt.rawtime" AbsTime None [] "Time of the event.";
            EvtRawtimeS "evt.rawtime.s" AbsTime None [] "Whole seconds of the event's time.";
            EvtRawtimeNs "evt.rawtime.ns" AbsTime None [] "Nanoseconds of the event's time beyond the whole seconds.";
            EvtReltime "evt.reltime" RelTime None [] "Time since the first event.";
            EvtReltimeS "evt.reltime.s" RelTime None [] "Whole seconds since the first event.";
            EvtReltimeNs "evt.reltime.ns" RelTime None [] "Nanoseconds since the first event beyond the whole seconds.";
            EvtPluginname "evt.pluginname" String None []
                "Name of the plugin that the event came from; missing for events of the kernel.";
            EvtPlugininfo "evt.plugininfo" String None []
                "Summary of the event by the plugin that it came from; missing for events of the kernel.";
            EvtSource "evt.source" String None [] "Name of the source that the event came from, such as `syscall`.";
            EvtIsAsync "evt.is_async" Bool None []
                "True if the event was made beside the stream of its source; events of the kernel never are.";
            EvtAsynctype "evt.asynctype" String None [] "Type of an event for which `evt.is_async` is true.";
            EvtHostname "evt.hostname" String None [] "Name of this machine, or what the configuration says instead.";
        } }
    };
}
