//! The guest's init, and the small programs that scenarios run: which one is said by the first argument or the name.

use std::process::ExitCode;

fn main() -> ExitCode {
    kestrel_vm_tests::guest::main()
}
