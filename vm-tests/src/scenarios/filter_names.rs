//! Names of processes, as programs in the kernel ask for them: what a process is called by its last exec, whatever it calls itself.

use super::Scenario;
use super::filter::{loaded, program};
use crate::guest::consumer::Consumer;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::module;
use crate::guest::names::{DOUBTED, FOLDER, GO, OTHER, READY};
use crate::guest::programs::{start, succeed, until_there};
use crate::guest::stage::Stage;
use kestrel_core::event::Record;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::schema::{EventId, id};
use nix::errno::Errno;
use std::collections::BTreeSet;
use zerocopy::IntoBytes;

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "filter-names",
    "a program in the kernel knows what a process and its parent are called, whatever their threads call themselves",
    names,
)
.of_module()
.limit(240)];

/// Parameter of openat.
const OPENED: u8 = 0;

const OWN: Operand = Operand::event(Load::ProcessName);
const PARENTS: Operand = Operand::param(Load::AncestorName, 1);
const ANY_ANCESTORS: Operand = Operand::event(Load::AncestorName);

fn prepare() -> Outcome {
    for path in [READY, GO] {
        let _ = std::fs::remove_file(path);
    }
    std::fs::copy("/usr/bin/agent", OTHER).doing(OTHER).map(drop)
}

/// The marks that there are.
fn left() -> Outcome<BTreeSet<String>> {
    let entries = std::fs::read_dir(FOLDER).doing(FOLDER)?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// The marks whose records came.
fn seen(consumer: &mut Consumer) -> Outcome<BTreeSet<String>> {
    let records = consumer.records_of(id::OPENAT)?;
    let mut marks = BTreeSet::new();
    for words in &records {
        let record = Record::parse(words.as_bytes()).map_err(|error| error.to_string())?;
        let path = record.param(usize::from(OPENED)).and_then(|fd| fd.fd()).map(|fd| fd.path).unwrap_or_default();
        let path = String::from_utf8_lossy(path);
        marks.extend(path.strip_prefix(FOLDER).map(|mark| mark.trim_start_matches('/').to_owned()));
    }
    Ok(marks)
}

/// Lets processes leave their marks; those that there are, and those whose records came.
fn play(consumer: &mut Consumer) -> Outcome<(BTreeSet<String>, BTreeSet<String>)> {
    let _ = std::fs::remove_dir_all(FOLDER);
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    succeed(&["/usr/bin/agent", "names", "all"])?;
    Ok((left()?, seen(consumer)?))
}

/// What a process is called, or its parent, by its mark.
fn called(mark: &str, whose: Operand) -> &str {
    let mut parts = mark.split('.');
    let own = parts.next().unwrap_or_default();
    if whose == OWN { own } else { parts.next().unwrap_or_default() }
}

/// The program that keeps the marks of those that are called so, or of all others.
fn asked(consumer: &Consumer, whose: Operand, name: &str, is: bool) -> Outcome {
    let named = Condition::test(whose, Is::Text(name.as_bytes().to_vec()));
    let here = Condition::test(Operand::param(Load::FdPath, OPENED), Is::Prefix(format!("{FOLDER}/").into_bytes()));
    let wanted = Condition::all([here, if is { named } else { Condition::not(named) }]);
    loaded(consumer, &program(&[(EventId(id::OPENAT.0), &wanted)])?)
}

/// The marks that such a program keeps: of whom nobody can be sure, all.
fn expected(marks: &BTreeSet<String>, whose: Operand, name: &str, is: bool) -> BTreeSet<String> {
    let keeps = |mark: &&String| {
        let called = called(mark, whose);
        called == DOUBTED || (called == name) == is
    };
    marks.iter().filter(keeps).cloned().collect()
}

fn names(_: &mut Stage<'_>) -> Outcome {
    prepare()?;
    module::load("ring_kib=4096")?;
    let mut early = start(&["/usr/bin/agent", "names", "early"])?;
    until_there(READY)?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::OPENAT])?;
    ensure(consumer.know_processes() == Err(Errno::ENODATA), || "names are told without a capture".to_owned())?;
    consumer.start()?;
    asked(&consumer, OWN, "nobody", true)?;
    let (all, kept) = play(&mut consumer)?;
    ensure(all.len() > 20 && kept == all, || {
        format!("names were told before processes were known: {kept:?} of {all:?}")
    })?;

    consumer.know_processes().doing("KNOWN")?;
    let names = [("agent", true), ("agent", false), ("other", true), ("other", false), ("fake", true)];
    // Of those with that name among their ancestors, it is the parent's; and all descend from init.
    let of_any = [("other", true), ("other", false), ("fake", true), ("fake", false)];
    for (whose, names) in [(OWN, &names[..]), (PARENTS, &names[..]), (ANY_ANCESTORS, &of_any[..])] {
        for &(name, is) in names {
            asked(&consumer, whose, name, is)?;
            let (all, kept) = play(&mut consumer)?;
            let expected = expected(&all, whose, name, is);
            ensure(kept == expected, || {
                let (more, less): (Vec<_>, Vec<_>) =
                    (kept.difference(&expected).collect(), expected.difference(&kept).collect());
                format!("{whose:?} {name:?} {is}: kept {more:?}, and did not keep {less:?}, of {all:?}")
            })?;
        }
    }

    // Who was there before is called as it was called when the capture began.
    asked(&consumer, OWN, "early", true)?;
    let _ = std::fs::remove_dir_all(FOLDER);
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    std::fs::write(GO, "")?;
    ensure(early.wait()?.success(), || "who was there before failed".to_owned())?;
    let (all, kept) = (left()?, seen(&mut consumer)?);
    let expected = expected(&all, OWN, "early", true);
    ensure(all.len() == 3 && kept == expected, || format!("of {all:?} these were kept: {kept:?}"))?;

    // Names are told to whom they were promised: not to the next one.
    drop(consumer);
    let mut next = Consumer::open()?;
    next.ask_for([id::OPENAT])?;
    asked(&next, OWN, "nobody", true)?;
    let (all, kept) = play(&mut next)?;
    ensure(kept == all, || format!("names were told to the next consumer: {kept:?} of {all:?}"))?;
    next.stop()
}
