//! The table of fields: what a condition or an output can name.
//!
//! | file | fields |
//! |---|---|
//! | `generic.rs` | `evt.*` that events of every source have |
//! | `evt.rs` | `evt.*`, `syscall.*` of events of the kernel |
//! | `fd.rs`, `fd_list.rs` | `fd.*`, `fdlist.*` |
//! | `fs_path.rs` | `fs.path.*` |
//! | `process.rs` | `proc.*`, `thread.*` |
//! | `user.rs`, `group.rs` | `user.*`, `group.*` |
//! | `container.rs` | `container.*`, `k8s.*` |
//! | `k8smeta.rs`, `k8s_audit.rs` | `k8smeta.*`, `ka.*` |
//! | `json.rs` | `json.*`, `jevt.*` |
//! | `util.rs` | `util.*` |
//! | `value_type.rs`, `arg.rs`, `flags.rs`, `class.rs` | what a row says |
//!
//! Each file of fields holds its rows, one a line:
//!
//! ```text
//! FdName "fd.name" String None [] "Path of a file, or both ends of a socket.";
//! variant name     type   argument marks  description
//! ```
//!
//! Names, arguments and marks are Falco's (0.44 with the plugins container, k8smeta, k8saudit and json), and so are the
//! types, except that points in time and spans are told apart.

mod arg;
mod class;
mod flags;
#[cfg(test)]
mod tests;
mod value_type;

pub use arg::ArgRule;
pub use class::{FieldClass, FieldSource};
pub use flags::FieldFlags;
pub use value_type::FieldType;

use hashbrown::HashMap;
use std::sync::LazyLock;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// The field.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// The group that it belongs to.
    pub class: FieldClass,
    /// Type of its value; of each of them if it has several ([`FieldFlags::LIST`]).
    pub ty: FieldType,
    /// Whether it takes an argument.
    pub arg: ArgRule,
    /// What else holds for it.
    pub flags: FieldFlags,
    /// What it is, one sentence or more, in Markdown.
    pub description: &'static str,
}

impl FieldDef {
    /// The source whose events have it.
    pub const fn source(&self) -> FieldSource {
        self.class.source()
    }
}

/// Collects the rows of one file after the other, then makes the table of them: `[files that follow] rows so far`.
macro_rules! chain {
    ([$first:ident $($rest:ident)*] $($rows:tt)*) => { $first! { [$($rest)*] $($rows)* } };
    ([] $($rows:tt)*) => { fields! { $($rows)* } };
}

macro_rules! fields {
    ($($class:ident {
        $($variant:ident $name:literal $ty:ident $arg:ident [$($flag:ident)*] $description:literal;)*
    })*) => {
        /// Every field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Field {
            $($(#[doc = concat!("`", $name, "`: ", $description)] $variant,)*)*
        }

        impl Field {
            /// Number of fields.
            pub const COUNT: usize = [$($(Field::$variant,)*)*].len();
        }

        /// The table, in the order of [`Field`].
        pub static FIELDS: &[FieldDef] = &[
            $($(FieldDef {
                field: Field::$variant,
                name: $name,
                class: FieldClass::$class,
                ty: FieldType::$ty,
                arg: ArgRule::$arg,
                flags: FieldFlags::NONE$(.union(FieldFlags::$flag))*,
                description: $description,
            },)*)*
        ];
    };
}

#[macro_use]
mod container;
#[macro_use]
mod evt;
#[macro_use]
mod fd;
#[macro_use]
mod fd_list;
#[macro_use]
mod fs_path;
#[macro_use]
mod generic;
#[macro_use]
mod group;
#[macro_use]
mod json;
#[macro_use]
mod k8s_audit;
#[macro_use]
mod k8smeta;
#[macro_use]
mod process;
#[macro_use]
mod user;
#[macro_use]
mod util;

chain! {
    [
        generic_fields evt_fields fd_fields fd_list_fields fs_path_fields process_fields user_fields group_fields
        container_fields k8smeta_fields k8s_audit_fields json_fields util_fields
    ]
}

static BY_NAME: LazyLock<HashMap<&str, Field>> =
    LazyLock::new(|| FIELDS.iter().map(|def| (def.name, def.field)).collect());

impl Field {
    /// The field of this name.
    pub fn by_name(name: &str) -> Option<Field> {
        BY_NAME.get(name).copied()
    }

    /// Its row.
    pub fn def(self) -> &'static FieldDef {
        &FIELDS[self as usize]
    }
}
