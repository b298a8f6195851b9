//! `fs.path.*`: the paths that a call on the file system names.

macro_rules! fs_path_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* FsPath {
            FsPathName "fs.path.name" String None [] "Absolute path that the call is about.";
            FsPathNameraw "fs.path.nameraw" String None [] "Path that the call is about, as the caller passed it.";
            FsPathSource "fs.path.source" String None [] "Absolute path of the source of a call with two paths.";
            FsPathSourceraw "fs.path.sourceraw" String None [] "Path of the source as the caller passed it.";
            FsPathTarget "fs.path.target" String None [] "Absolute path of the target of a call with two paths.";
            FsPathTargetraw "fs.path.targetraw" String None [] "Path of the target as the caller passed it.";
        } }
    };
}
