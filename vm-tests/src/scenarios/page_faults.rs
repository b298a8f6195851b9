//! Page faults: recorded for who asks, and for nobody else.

use super::Scenario;
use crate::guest::consumer::Consumer;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::run;
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use kestrel_core::event::Record;
use kestrel_core::schema::{self, id};
use std::hint::black_box;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "page-faults",
        "a page that is touched for the first time is seen while page faults are asked for, and not before or after",
        asked_for,
    )
    .of_module()
    .not_on_arm64(NO_TRACEPOINT),
    Scenario::steps(
        "page-faults-rule",
        "a rule that names page faults gets them, with what the processor said",
        by_a_rule,
    )
    .of_module()
    .not_on_arm64(NO_TRACEPOINT),
];

const NO_TRACEPOINT: &str = "the kernel has no tracepoint of page faults on arm64";

/// So much that an allocator asks the kernel for it each time: memory that nobody touched yet.
const BYTES: usize = 64 << 20;
/// Where in it is written to.
const AT: usize = 1 << 20;

/// Writes to fresh memory; gives the address.
fn touch() -> u64 {
    let mut memory = vec![0_u8; BYTES];
    memory[AT] = 1;
    let memory = black_box(memory);
    memory.as_ptr() as u64 + AT as u64
}

fn asked_for(_: &mut Stage<'_>) -> Outcome {
    let index = |name| {
        let params = schema::get(id::PAGE_FAULT).map_or(&[][..], |event| event.params);
        params.iter().position(|param| param.name == name).ok_or(name)
    };
    let (address_at, error_at) = (index("addr")?, index("error")?);
    // Not present, written to, by user space.
    const FIRST_WRITE: u64 = 0x2 | 0x4 | 0x10;
    module::load("")?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::GETPPID])?;
    consumer.start()?;
    let faults = |consumer: &mut Consumer| -> Outcome<Vec<(u64, u64)>> {
        let address = touch();
        let mut found = Vec::new();
        consumer.drain(|_, record: &Record<'_>| {
            if record.header().event == id::PAGE_FAULT.0 && record.task().pid == std::process::id() {
                let number = |index| record.param(index).and_then(|value| value.uint()).unwrap_or_default();
                found.push((number(address_at), number(error_at)));
            }
        })?;
        found.retain(|(at, _)| *at == address);
        Ok(found)
    };
    let before = faults(&mut consumer)?;
    ensure(before.is_empty(), || format!("nobody asked for {before:x?}"))?;
    consumer.ask_for([id::GETPPID, id::PAGE_FAULT])?;
    let during = faults(&mut consumer)?;
    ensure(during.iter().any(|(_, error)| *error == FIRST_WRITE), || format!("of the first write came {during:x?}"))?;
    consumer.ask_for([id::GETPPID])?;
    let after = faults(&mut consumer)?;
    ensure(after.is_empty(), || format!("nobody asks any more for {after:x?}"))?;
    // A capture that begins with them asked for has them from the start, and one that ends while they are leaves nothing behind.
    consumer.stop()?;
    consumer.ask_for([id::PAGE_FAULT])?;
    consumer.start()?;
    let begun = faults(&mut consumer)?;
    ensure(!begun.is_empty(), || "the second capture has none".to_owned())?;
    drop(consumer);
    module::unload().doing("cannot unload the module")
}

const FILE: &str = "/run/page_faults.yaml";
const TEXT: &str = "- rule: Page fault
  desc: A program touched memory.
  condition: evt.type = page_fault and proc.name = true and evt.arg.error contains INSTRUCTION_FETCH
  output: '%proc.name %evt.type %evt.arg.error at %evt.arg.addr'
  priority: NOTICE
";

fn by_a_rule(_: &mut Stage<'_>) -> Outcome {
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    run(&["/bin/true"])?;
    let alerts = sentinel::settle(&mut daemon)?;
    let outputs: Vec<&str> = alerts.iter().map(|alert| alert.output()).collect();
    let expected = "true page_fault PAGE_NOT_PRESENT|READ_ACCESS|USER_FAULT|INSTRUCTION_FETCH at ";
    ensure(outputs.iter().any(|output| output.contains(expected)), || format!("no {expected:?} among {outputs:#?}"))?;
    daemon.stop()?.summary()?;
    Ok(())
}
