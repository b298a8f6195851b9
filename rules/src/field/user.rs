//! `user.*`: for whom it was done.

macro_rules! user_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* User {
            UserUid "user.uid" Uint None [] "Effective user id.";
            UserName "user.name" String None [] "Name of that user.";
            UserHomedir "user.homedir" String None [] "Home directory of that user.";
            UserShell "user.shell" String None [] "Login shell of that user.";
            UserLoginuid "user.loginuid" Int None [] "User id that the session was begun with; -1 without one.";
            UserLoginname "user.loginname" String None [] "Name of that user.";
        } }
    };
}
