//! Writes a large recording, to measure how fast it is replayed:
//!
//! `cargo run --release -p kestrel-bench --example recording -- dull|mixed|busy RECORDS FILE`
#![allow(dead_code, reason = "the benches use the rest of the records")]

#[path = "../benches/records/mod.rs"]
mod records;

use records::recorded::{Work, write};
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let work = match args.first().map(String::as_str) {
        Some("dull") => Work::Dull,
        Some("mixed") => Work::Mixed,
        Some("busy") => Work::Busy,
        _ => return usage(),
    };
    let [_, count, file] = &args[..] else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    let written = File::create(file).and_then(|out| write(work, count, BufWriter::new(out)));
    match written {
        Ok(records) => {
            println!("{records} records");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: recording dull|mixed|busy RECORDS FILE");
    ExitCode::from(2)
}
