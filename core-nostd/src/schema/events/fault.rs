//! Page faults.

use super::words::*;

events! {
    from super::time::END;

    PAGE_FAULT "page_fault" Memory { "addr": Hex, Special; "ip": Hex, Special; "error": Flags(&FAULT_FLAGS), Special; }
}
