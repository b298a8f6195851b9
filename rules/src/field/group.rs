//! `group.*`: the group that it was done for.

macro_rules! group_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Group {
            GroupGid "group.gid" Uint None [] "Effective group id.";
            GroupName "group.name" String None [] "Name of the effective group.";
        } }
    };
}
