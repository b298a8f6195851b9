//! Machine tests: stock kernels under QEMU, and the scenarios that run in them.
//!
//! ```text
//!  host (bin vm-tests)                             guest (bin vm-guest, the machine's init)
//!  kernel + initramfs ──▶ qemu ──boots──▶ mounts, module, daemon, scenario after scenario
//!         ▲                    ttyS1                  │
//!         ├──── results, JSON lines (protocol) ───────┤
//!         └──── the console: kernel and programs ─────┘
//!                              ttyS0
//! ```
//!
//! A scenario is a function that does real things with real programs in the guest and asserts exact alerts or records.
//! Which there are is one table, [`scenarios::all`], that both sides read. The host boots one machine per kernel and batch
//! of scenarios that can share one, and reports like any test runner. A warning, an oops or a panic of the kernel fails
//! whatever ran then.
//!
//! | module | is about |
//! |---|---|
//! | `protocol` | what the guest says to the host |
//! | `engine` | container engines that a machine can have |
//! | `host` | kernels, images, QEMU, the report |
//! | `guest` | the machine's init, and the tools that scenarios are made with |
//! | `scenarios` | what is tested |
//!
//! Nothing is ever loaded into the kernel of the host.
#![deny(unsafe_code)]

pub mod engine;
pub mod guest;
pub mod host;
pub mod protocol;
pub mod scenarios;
