//! `user.*`: for whom it was done.

macro_rules! user_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* User {
            UserUid "user.uid" Uint None [] "Effective user id.";
            UserName "user.name" String None [] "Name of the effective user.";
            UserHomedir "user.homedir" String None [] "Home directory of the effective user.";
            UserShell "user.shell" String None [] "Login shell of the effective user.";
            UserLoginuid "user.loginuid" Int None []
                "Id of the user who logged in, whoever the process acts for now; -1 if nobody did.";
            UserLoginname "user.loginname" String None [] "Name of the user who logged in.";
        } }
    };
}
