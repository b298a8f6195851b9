//! Which fields have a value in events of any source.

use crate::{fields, k8s_audit};
use kestrel_rules::Field;

/// Whether this field ever has a value. One that has none is missing in every event: no comparison with it is true.
pub fn provided(field: Field) -> bool {
    fields::provided(field) || k8s_audit::provided(field)
}
