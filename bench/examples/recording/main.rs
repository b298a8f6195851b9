//! Writes a large recording, to measure how fast it is replayed:
//!
//! `cargo run --release -p kestrel-bench --example recording -- dull|mixed|busy|day|scap-dull|scap-mixed RECORDS FILE`
#![allow(dead_code, reason = "the benches use the rest of the records")]

mod captures;
#[path = "../../benches/records/mod.rs"]
mod records;
mod workday;

use records::recorded::{Work, write};
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [work, count, file] = &args[..] else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    let made = |out| match work.as_str() {
        "dull" => write(Work::Dull, count, out).map(Some),
        "mixed" => write(Work::Mixed, count, out).map(Some),
        "busy" => write(Work::Busy, count, out).map(Some),
        "day" => workday::write(count, out).map(Some),
        "scap-dull" => captures::write(false, count, out).map(Some),
        "scap-mixed" => captures::write(true, count, out).map(Some),
        _ => Ok(None),
    };
    let written = File::create(file).and_then(|out| made(BufWriter::new(out)));
    match written {
        Ok(None) => usage(),
        Ok(Some(records)) => {
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
    eprintln!("usage: recording dull|mixed|busy|day|scap-dull|scap-mixed RECORDS FILE");
    ExitCode::from(2)
}
