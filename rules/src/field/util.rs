//! `util.*`: helpers that say nothing about the event.

macro_rules! util_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Util {
            UtilCnt "util.cnt" Uint None [] "Number that grows by one each time it is asked for.";
        } }
    };
}
