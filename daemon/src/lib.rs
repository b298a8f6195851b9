//! Runtime security for Linux machines that look after themselves.
