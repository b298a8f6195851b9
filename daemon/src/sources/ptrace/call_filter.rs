//! The filter that a command is started with: which system calls stop for the tracer, or wait for its answer, as a program of classic BPF
//! (seccomp(2)); all others run at full speed.
//!
//! Numbers are looked up by a binary search over the places where the answer changes. The libraries that make such programs
//! kill the process at a call of another table than the one they were made for; here 32-bit programs are to be watched, too.

use nix::libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW,
    SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF, sock_filter,
};

/// Tables of system calls, as filters and tracers see them (`linux/audit.h`).
pub mod arch {
    /// 64-bit calls on x86.
    pub const X86_64: u32 = 0xc000_003e;
    /// 32-bit calls on x86.
    pub const I386: u32 = 0x4000_0003;
    /// 64-bit calls on Arm.
    pub const AARCH64: u32 = 0xc000_00b7;
    /// Of this machine's 64-bit programs.
    pub const NATIVE: u32 = if cfg!(target_arch = "aarch64") { AARCH64 } else { X86_64 };
}

/// The bit of x32's numbers (`asm/unistd.h`): they are the native ones with it.
pub const X32_BIT: u32 = 0x4000_0000;

/// Places in `struct seccomp_data` (`linux/seccomp.h`).
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

/// A call that stops only if one of its arguments has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The call's number.
    pub nr: u32,
    /// The argument, from 0.
    pub argument: u32,
    /// The value of its lower half.
    pub value: u32,
}

/// The calls of one table that stop, or wait.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// `AUDIT_ARCH_…`.
    pub arch: u32,
    /// Their numbers, sorted, once each.
    pub numbers: Vec<u32>,
    /// Those that wait for an answer instead; their numbers are in no other list.
    pub waiting: Vec<u32>,
    /// Those that stop only sometimes; their numbers are in no other list.
    pub conditions: Vec<Condition>,
}

const fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

const fn branch(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | BPF_K | code) as u16, jt, jf, k }
}

const TRACE: sock_filter = statement(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
const NOTIFY: sock_filter = statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
const ALLOW: sock_filter = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

/// What a call's number decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Allow,
    Trace,
    Notify,
    /// If an argument has a value.
    TraceIf(u32, u32),
}

impl Answer {
    fn program(self) -> Vec<sock_filter> {
        match self {
            Answer::Allow => vec![ALLOW],
            Answer::Trace => vec![TRACE],
            Answer::Notify => vec![NOTIFY],
            Answer::TraceIf(argument, value) => vec![
                // The lower half comes first: both machines are little endian.
                statement(BPF_LD | BPF_W | BPF_ABS, ARGUMENTS + 8 * argument),
                branch(BPF_JEQ, value, 0, 1),
                TRACE,
                ALLOW,
            ],
        }
    }
}

/// The program: which table, then which call.
pub fn program(tables: &[Table]) -> Vec<sock_filter> {
    let mut program = vec![statement(BPF_LD | BPF_W | BPF_ABS, ARCH)];
    for table in tables {
        let mut calls = vec![statement(BPF_LD | BPF_W | BPF_ABS, NUMBER)];
        if table.arch == arch::X86_64 {
            calls.push(statement(BPF_ALU | BPF_AND | BPF_K, !X32_BIT));
        }
        calls.extend(search(&changes(table)));
        program.push(branch(BPF_JEQ, table.arch, 1, 0));
        program.push(statement(BPF_JMP | BPF_JA, calls.len() as u32));
        program.extend(calls);
    }
    program.push(ALLOW);
    program
}

/// Where the answer changes: from each number on, up to the next.
fn changes(table: &Table) -> Vec<(u32, Answer)> {
    let mut answers: Vec<(u32, Answer)> = table.numbers.iter().map(|&nr| (nr, Answer::Trace)).collect();
    answers.extend(table.waiting.iter().map(|&nr| (nr, Answer::Notify)));
    answers.extend(table.conditions.iter().map(|c| (c.nr, Answer::TraceIf(c.argument, c.value))));
    answers.sort_by_key(|(nr, _)| *nr);
    let mut changes = vec![(0, Answer::Allow)];
    for (nr, answer) in answers {
        if changes.last().is_some_and(|(last, _)| *last == nr) {
            changes.pop();
        }
        if changes.last().is_none_or(|(_, last)| *last != answer) {
            changes.push((nr, answer));
        }
        changes.push((nr + 1, Answer::Allow));
    }
    changes
}

/// The answer for the number that was loaded.
fn search(changes: &[(u32, Answer)]) -> Vec<sock_filter> {
    match changes {
        [] => vec![ALLOW],
        [(_, answer)] => answer.program(),
        _ => {
            let (below, above) = changes.split_at(changes.len() / 2);
            let (from, (below, above)) = (above[0].0, (search(below), search(above)));
            let mut program = match u8::try_from(below.len()) {
                Ok(far) => vec![branch(BPF_JGE, from, far, 0)],
                // Only jumps that ask nothing reach further.
                Err(_) => vec![branch(BPF_JGE, from, 0, 1), statement(BPF_JMP | BPF_JA, below.len() as u32)],
            };
            program.extend(below);
            program.extend(above);
            program
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// What the kernel makes of a program: classic BPF, as far as it is used here.
    fn run(program: &[sock_filter], arch: u32, nr: u32, args: [u64; 6]) -> bool {
        answer(program, arch, nr, args) == SECCOMP_RET_TRACE
    }

    fn answer(program: &[sock_filter], arch: u32, nr: u32, args: [u64; 6]) -> u32 {
        let (mut at, mut a) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let code = u32::from(code);
            if code == BPF_LD | BPF_W | BPF_ABS {
                a = match k {
                    NUMBER => nr,
                    ARCH => arch,
                    k => args[(k - ARGUMENTS) as usize / 8] as u32,
                };
            } else if code == BPF_ALU | BPF_AND | BPF_K {
                a &= k;
            } else if code == BPF_JMP | BPF_JA {
                at += k as usize;
            } else if code == BPF_JMP | BPF_K | BPF_JEQ {
                at += usize::from(if a == k { jt } else { jf });
            } else if code == BPF_JMP | BPF_K | BPF_JGE {
                at += usize::from(if a >= k { jt } else { jf });
            } else {
                assert_eq!(code, BPF_RET | BPF_K);
                return k;
            }
        }
    }

    fn table(arch: u32, numbers: &BTreeSet<u32>) -> Table {
        Table { arch, numbers: numbers.iter().copied().collect(), ..Table::default() }
    }

    proptest! {
        #[test]
        fn a_call_stops_exactly_if_its_number_is_in_the_list_of_its_table(
            native in proptest::collection::btree_set(0_u32..512, 0..400),
            compat in proptest::collection::btree_set(0_u32..512, 0..400),
        ) {
            let program = program(&[table(arch::X86_64, &native), table(arch::I386, &compat)]);
            prop_assert!(program.len() < 4096);
            for nr in (0..520).chain([u32::MAX, !X32_BIT]) {
                prop_assert_eq!(run(&program, arch::X86_64, nr, [0; 6]), native.contains(&nr));
                prop_assert_eq!(run(&program, arch::X86_64, nr | X32_BIT, [0; 6]), native.contains(&nr));
                prop_assert_eq!(run(&program, arch::I386, nr, [0; 6]), compat.contains(&nr));
                prop_assert!(!run(&program, arch::AARCH64, nr, [0; 6]));
            }
        }
    }

    #[test]
    fn a_call_with_a_condition_stops_only_if_the_argument_has_the_value() {
        let condition = Condition { nr: 157, argument: 1, value: 15 };
        let table =
            Table { arch: arch::NATIVE, numbers: vec![156, 158], waiting: vec![2], conditions: vec![condition] };
        let program = program(&[table]);
        let stops = |nr, value| run(&program, arch::NATIVE, nr, [0, value, 0, 0, 0, 0]);
        assert!(stops(157, 15) && stops(157, 15 | 1 << 40) && stops(156, 0) && stops(158, 0));
        assert!(!stops(157, 16) && !stops(155, 15) && !stops(159, 15));
        assert_eq!(answer(&program, arch::NATIVE, 2, [0; 6]), SECCOMP_RET_USER_NOTIF);
    }
}
