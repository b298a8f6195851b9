//! `fdlist.*`: the file descriptors of calls that wait for several.

macro_rules! fd_list_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* FdList {
            FdlistNums "fdlist.nums" String None [] "Numbers of the descriptors, split by commas.";
            FdlistNames "fdlist.names" String None [] "Names of the descriptors, split by commas.";
            FdlistCips "fdlist.cips" String None [] "Addresses of the clients' ends, split by commas.";
            FdlistSips "fdlist.sips" String None [] "Addresses of the servers' ends, split by commas.";
            FdlistCports "fdlist.cports" String None [] "Ports of the clients' ends, split by commas.";
            FdlistSports "fdlist.sports" String None [] "Ports of the servers' ends, split by commas.";
        } }
    };
}
