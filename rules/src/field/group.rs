//! `group.*`: the group of the process.

macro_rules! group_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Group {
            GroupGid "group.gid" Uint None [] "Group of the process.";
            GroupName "group.name" String None [] "Name of that group.";
        } }
    };
}
