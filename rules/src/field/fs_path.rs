//! `fs.path.*`: the paths that a call is about.

macro_rules! fs_path_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* FsPath {
            FsPathName "fs.path.name" String None [] "Absolute path that the call is about.";
            FsPathNameraw "fs.path.nameraw" String None [] "The same as the caller passed it.";
            FsPathSource "fs.path.source" String None [] "Absolute source of a call with two paths.";
            FsPathSourceraw "fs.path.sourceraw" String None [] "The same as the caller passed it.";
            FsPathTarget "fs.path.target" String None [] "Absolute target of a call with two paths.";
            FsPathTargetraw "fs.path.targetraw" String None [] "The same as the caller passed it.";
        } }
    };
}
