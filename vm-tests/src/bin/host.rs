//! Runs the machine tests: see `vm-tests --help`.

use kestrel_vm_tests::host;
use std::process::ExitCode;

fn main() -> ExitCode {
    host::main()
}
