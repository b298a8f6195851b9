//! Machine tests: stock kernels under QEMU and the scenarios that run in them.
