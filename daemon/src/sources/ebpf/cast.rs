//! What the object leaves open, and only the kernel that runs tells: words of it become here what this kernel takes.
//!
//! | in the object | what it becomes |
//! |---|---|
//! | calls of [`CAST`] | calls of the function that has the verifier believe what lies at an address (`bpf_rdonly_cast`, since 6.2), whose number is not the same on two kernels; on older ones moves of the address to where the function would give it |
//! | the number of a [`Table`] | its address, by its descriptor |

use kestrel_core::capture::{CAST, Table};
use std::os::fd::RawFd;

/// A call (BPF_JMP | BPF_CALL, `linux/bpf.h`); and where registers are, that it is of a function of the kernel's
/// (BPF_PSEUDO_KFUNC_CALL).
const CALL: u8 = 0x85;
const OF_KERNEL: u8 = 2 << 4;

/// What puts the first argument to where results are (BPF_ALU64 | BPF_MOV | BPF_X, to register 0 from 1).
const MOVE: u64 = u64::from_ne_bytes([0xbf, 1 << 4, 0, 0, 0, 0, 0, 0]);

/// What puts a number of 64 bits into a register, in two words (BPF_LD | BPF_IMM | BPF_DW); and where registers are, that it is the address
/// of what a map holds (BPF_PSEUDO_MAP_VALUE).
const LOAD: u8 = 0x18;
const OF_MAP: u8 = 2 << 4;

/// An instruction (`struct bpf_insn`) that calls what has this number.
const fn call(registers: u8, number: u32) -> u64 {
    let [a, b, c, d] = number.to_ne_bytes();
    u64::from_ne_bytes([CALL, registers, 0, 0, a, b, c, d])
}

/// The two words that put a number into a register.
const fn load(registers: u8, low: u32, high: u32) -> [u64; 2] {
    let ([a, b, c, d], [e, f, g, h]) = (low.to_ne_bytes(), high.to_ne_bytes());
    [u64::from_ne_bytes([LOAD, registers, 0, 0, a, b, c, d]), u64::from_ne_bytes([0, 0, 0, 0, e, f, g, h])]
}

/// The register that a pair of words puts the number of a table into, and which table that is.
fn loaded(words: [u64; 2]) -> Option<(u8, Table)> {
    let [_, register, ..] = words.first()?.to_ne_bytes();
    let is = |table: &Table| words == load(register, table.number() as u32, (table.number() >> 32) as u32);
    Table::ALL.into_iter().find(is).filter(|_| register < OF_MAP).map(|table| (register, table))
}

/// The object as this kernel takes it, in words, as it is to be aligned: `function` is the number of the function among the kernel's types,
/// `descriptor` that of a table's map.
pub fn settled(object: &[u8], function: Option<u32>, descriptor: impl Fn(Table) -> RawFd) -> Vec<u64> {
    let takes = function.map_or(MOVE, |number| call(OF_KERNEL, number));
    // An object is made of whole words; programs in it begin with one.
    let words = object.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word));
    let mut words: Vec<u64> = words.map(|word| if word == call(0, CAST) { takes } else { word }).collect();
    let mut rest = words.as_mut_slice();
    while let [first, tail @ ..] = rest {
        if let [second, ..] = tail
            && let Some((register, table)) = loaded([*first, *second])
        {
            [*first, *second] = load(register | OF_MAP, descriptor(table) as u32, 0);
        }
        rest = tail;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::ebpf::programs::OBJECT;

    fn count(object: &[u64], instruction: u64) -> usize {
        object.iter().filter(|found| **found == instruction).count()
    }

    /// How many addresses there are of a map with this descriptor.
    fn addresses(object: &[u64], descriptor: RawFd) -> usize {
        let is = |pair: &&[u64]| (0..11).any(|register| **pair == load(register | OF_MAP, descriptor as u32, 0));
        object.windows(2).filter(is).count()
    }

    #[test]
    fn calls_become_what_the_kernel_takes() {
        let object: Vec<u64> = OBJECT.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect();
        let calls = count(&object, call(0, CAST));
        assert!(calls > 0 && OBJECT.len().is_multiple_of(size_of::<u64>()));
        let with = settled(OBJECT, Some(0x0102_0304), |_| 7);
        assert_eq!(with.len(), object.len());
        assert_eq!((count(&with, call(OF_KERNEL, 0x0102_0304)), count(&with, call(0, CAST))), (calls, 0));
        let without = settled(OBJECT, None, |_| 7);
        assert_eq!((count(&without, MOVE), count(&without, call(0, CAST))), (count(&object, MOVE) + calls, 0));
    }

    #[test]
    fn the_number_of_every_table_becomes_its_address() {
        let descriptors = |table| 0x0706_0504 + table as RawFd;
        let object: Vec<u64> = OBJECT.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect();
        let with = settled(OBJECT, None, descriptors);
        for table in Table::ALL {
            // Neither is a number left that stands for a table, however the compiler put it together.
            let number = |object: &[u64]| {
                let halves =
                    |pair: &&[u64]| pair.iter().map(|word| word >> 32).eq([table as u64, table.number() >> 32]);
                object.windows(2).filter(halves).count()
            };
            assert!(number(&object) > 0, "{table:?}");
            assert_eq!((addresses(&with, descriptors(table)), number(&with)), (number(&object), 0), "{table:?}");
        }
    }
}
