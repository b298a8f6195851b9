//! `json.*` and `jevt.*`: events whose content is JSON.

macro_rules! json_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Json {
            JsonValue "json.value" String Name [] "Value at a JSON pointer (RFC 6901): `json.value[/user/name]`.";
            JsonObj "json.obj" String None [] "The whole event as JSON text, indented.";
            JsonRawtime "json.rawtime" String None [] "Time of the event in nanoseconds since 1970, as text.";
            JevtValue "jevt.value" String Name [] "The same as `json.value`, under its old name.";
            JevtObj "jevt.obj" String None [] "The same as `json.obj`, under its old name.";
            JevtRawtime "jevt.rawtime" String None [] "The same as `json.rawtime`, under its old name.";
        } }
    };
}
