//! The probe's calls of the kernel's function that has its verifier believe what lies at an address (`bpf_rdonly_cast`, since 6.2).
//!
//! Which number the function has is known from the kernel that runs alone, and older ones have none. So calls of it have a number of
//! their own in the object, and become here what this kernel takes: calls of the function, or moves of the address to where the
//! function would give it.

use kestrel_core::capture::CAST;

/// A call (BPF_JMP | BPF_CALL, `linux/bpf.h`); and where registers are, that it is of a function of the kernel's
/// (BPF_PSEUDO_KFUNC_CALL).
const CALL: u8 = 0x85;
const OF_KERNEL: u8 = 2 << 4;

/// What puts the first argument to where results are (BPF_ALU64 | BPF_MOV | BPF_X, to register 0 from 1).
const MOVE: u64 = u64::from_ne_bytes([0xbf, 1 << 4, 0, 0, 0, 0, 0, 0]);

/// An instruction (`struct bpf_insn`) that calls what has this number.
const fn call(registers: u8, number: u32) -> u64 {
    let [a, b, c, d] = number.to_ne_bytes();
    u64::from_ne_bytes([CALL, registers, 0, 0, a, b, c, d])
}

/// The object with its calls as this kernel takes them, in words, as it is to be aligned: `function` is the number of the function
/// among the kernel's types.
pub fn settled(object: &[u8], function: Option<u32>) -> Vec<u64> {
    let takes = function.map_or(MOVE, |number| call(OF_KERNEL, number));
    // An object is made of whole words; programs in it begin with one.
    let words = object.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word));
    words.map(|word| if word == call(0, CAST) { takes } else { word }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::ebpf::programs::OBJECT;

    fn count(object: &[u64], instruction: u64) -> usize {
        object.iter().filter(|found| **found == instruction).count()
    }

    #[test]
    fn calls_become_what_the_kernel_takes() {
        let object: Vec<u64> = OBJECT.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect();
        let calls = count(&object, call(0, CAST));
        assert!(calls > 0 && OBJECT.len().is_multiple_of(size_of::<u64>()));
        let with = settled(OBJECT, Some(0x0102_0304));
        assert_eq!(with.len(), object.len());
        assert_eq!((count(&with, call(OF_KERNEL, 0x0102_0304)), count(&with, call(0, CAST))), (calls, 0));
        let without = settled(OBJECT, None);
        assert_eq!((count(&without, MOVE), count(&without, call(0, CAST))), (count(&object, MOVE) + calls, 0));
    }
}
