//! The per-CPU ring protocol: producer and consumer.
