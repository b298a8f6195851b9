//! The protocol under every interleaving and every reordering that the memory model allows.
//!
//! `RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p kestrel-ringbuf --release --test loom`
//!
//! The code under test is [`kestrel_ringbuf::protocol`], which the producer and the consumer proper are made of; the
//! data area is played by a few cells of which loom knows who may touch them when. To see the models bite, weaken one
//! ordering in `protocol/` or take out a fence: each of them makes one of these tests fail.
#![cfg(loom)]

use kestrel_ringbuf::protocol::{ConsumerWords, PublishedHead, ReadPosition, Wake, WritePosition};
use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicU64;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// Bytes of a word, the unit of the played data area.
const WORD: u64 = 8;

/// What producer and consumer share: the two control pages and the data area.
struct Shared {
    head: PublishedHead,
    words: ConsumerWords,
    data: Vec<UnsafeCell<u64>>,
}

// SAFETY: who touches which cell when is what these tests are about; loom fails them when two do at once.
unsafe impl Sync for Shared {}
// SAFETY: see above.
unsafe impl Send for Shared {}

impl Shared {
    fn new(size: u64) -> Arc<Shared> {
        assert!(size.is_power_of_two());
        Arc::new(Shared {
            head: PublishedHead(AtomicU64::new(0)),
            words: ConsumerWords::new(),
            data: (0..size / WORD).map(|_| UnsafeCell::new(0)).collect(),
        })
    }

    fn size(&self) -> u64 {
        self.data.len() as u64 * WORD
    }

    fn cell(&self, position: u64) -> &UnsafeCell<u64> {
        &self.data[((position & (self.size() - 1)) / WORD) as usize]
    }

    /// Writes a record of `len` bytes, each word its number; `None` if the ring is full.
    fn produce(&self, position: &WritePosition, number: u64, len: u64) -> Option<Wake> {
        if position.room(&self.words, self.size(), len, len) == 0 {
            return None;
        }
        for offset in (0..len).step_by(WORD as usize) {
            // SAFETY: loom checks it.
            self.cell(position.head() + offset).with_mut(|word| unsafe { *word = number });
        }
        Some(position.commit(&self.head, &self.words, len))
    }

    /// Reads a record of `len` bytes and returns its number; `None` if there is none.
    fn consume(&self, position: &mut ReadPosition, len: u64) -> Option<u64> {
        match position.available(&self.head).expect("an honest producer never overruns") {
            0 => return None,
            available => assert!(available >= len, "a record becomes visible whole"),
        }
        // SAFETY: loom checks it.
        let word = |offset| self.cell(position.tail() + offset).with(|word| unsafe { *word });
        let number = word(0);
        for offset in (0..len).step_by(WORD as usize) {
            assert_eq!(word(offset), number, "the words of one record belong together");
        }
        position.advance(len);
        Some(number)
    }
}

/// Runs a model under every interleaving with at most three preemptions (switches away from a thread that could have run
/// on): every weakening of the protocol that was tried shows within that; without a bound the sleepers' models take far
/// too long.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Runs a producer of `count` records against a consumer that looks `looks` times and then, with the producer gone, to
/// the end. Every record must be read once, in order, or have been refused for want of room.
fn every_record_is_read_or_refused(size: u64, len: u64, count: u64, looks: usize, publish_each: bool) {
    explore(move || {
        let shared = Shared::new(size);
        let producer = {
            let shared = shared.clone();
            thread::spawn(move || {
                let position = WritePosition::at(0, size);
                (1..=count).filter(|&number| shared.produce(&position, number, len).is_none()).collect::<Vec<_>>()
            })
        };
        let mut position = ReadPosition::attach(&shared.words, size);
        let mut read = Vec::new();
        for _ in 0..looks {
            while let Some(number) = shared.consume(&mut position, len) {
                read.push(number);
                if publish_each {
                    position.publish(&shared.words);
                }
            }
            position.publish(&shared.words);
            thread::yield_now();
        }
        let refused = producer.join().unwrap();
        while let Some(number) = shared.consume(&mut position, len) {
            read.push(number);
        }
        assert!(read.is_sorted_by(|a, b| a < b), "in order, none twice: {read:?}");
        let mut all = [read, refused].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=count).collect::<Vec<_>>(), "read or refused");
    });
}

#[test]
fn records_are_seen_whole_and_in_order_when_the_ring_wraps() {
    every_record_is_read_or_refused(2 * WORD, WORD, 5, 2, true);
}

#[test]
fn a_record_that_runs_over_the_end_of_the_ring_is_seen_whole() {
    every_record_is_read_or_refused(4 * WORD, 3 * WORD, 3, 2, true);
}

#[test]
fn room_is_given_back_in_batches_without_being_written_over_early() {
    every_record_is_read_or_refused(2 * WORD, WORD, 4, 2, false);
}

/// A sleeper's bell: rung by the producer when the protocol says that the consumer is to be woken.
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.changed.notify_one();
    }

    fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.changed.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// A consumer that sleeps whenever it may reads `count` records. Were a wake-up lost, it would sleep for good, which loom
/// reports as a deadlock.
fn a_sleeper_reads_everything(count: u64, wake_bytes: u32, delay_us: u32) {
    explore(move || {
        const SIZE: u64 = 8 * WORD;
        let shared = Shared::new(SIZE);
        shared.words.set_wake(wake_bytes, delay_us);
        let bell = Arc::new(Bell { rung: Mutex::new(false), changed: Condvar::new() });
        let producer = {
            let (shared, bell) = (shared.clone(), bell.clone());
            thread::spawn(move || {
                let position = WritePosition::at(0, SIZE);
                for number in 1..=count {
                    match shared.produce(&position, number, WORD).expect("there is room for all") {
                        Wake::No => {}
                        // A delay passes at some time: here, at once.
                        Wake::Now | Wake::After(_) => bell.ring(),
                    }
                }
            })
        };
        let mut position = ReadPosition::attach(&shared.words, SIZE);
        let mut next = 1;
        while next <= count {
            match shared.consume(&mut position, WORD) {
                Some(number) => {
                    assert_eq!(number, next);
                    next += 1;
                }
                None => {
                    if position.arm(&shared.head, &shared.words) {
                        bell.sleep();
                        shared.words.disarm();
                    }
                }
            }
        }
        producer.join().unwrap();
    });
}

#[test]
fn a_wake_up_at_once_is_never_lost() {
    a_sleeper_reads_everything(2, 0, 0);
}

#[test]
fn a_wake_up_by_delay_is_never_lost() {
    a_sleeper_reads_everything(2, u32::MAX, 1000);
}

#[test]
fn whoever_sleeps_on_enough_records_was_woken_and_on_fewer_has_a_timer_running() {
    explore(|| {
        const SIZE: u64 = 8 * WORD;
        const ENOUGH: u64 = 2 * WORD;
        let shared = Shared::new(SIZE);
        shared.words.set_wake(ENOUGH as u32, 1000);
        let producer = {
            let shared = shared.clone();
            thread::spawn(move || {
                let position = WritePosition::at(0, SIZE);
                let wakes = (1..=3).map(|number| shared.produce(&position, number, WORD).unwrap());
                wakes.collect::<Vec<_>>()
            })
        };
        let mut position = ReadPosition::attach(&shared.words, SIZE);
        while shared.consume(&mut position, WORD).is_some() {}
        let asleep = position.arm(&shared.head, &shared.words);
        let wakes = producer.join().unwrap();
        let unread = position.available(&shared.head).unwrap();
        assert!(wakes.iter().filter(|&&wake| wake == Wake::Now).count() <= 1, "once a sleep: {wakes:?}");
        for (published, wake) in (1..).map(|number| number * WORD).zip(&wakes) {
            let enough = published >= position.tail() + ENOUGH;
            assert!(enough || *wake != Wake::Now, "{wakes:?} with {} read: at once, but not enough", position.tail());
        }
        if asleep && unread >= ENOUGH {
            assert!(wakes.contains(&Wake::Now), "{wakes:?}");
        } else if asleep && unread > 0 {
            assert!(wakes.iter().any(|&wake| wake != Wake::No), "{wakes:?}");
        }
    });
}

#[test]
fn the_next_consumer_goes_on_where_the_last_one_stopped() {
    explore(|| {
        const SIZE: u64 = 2 * WORD;
        const COUNT: u64 = 3;
        let shared = Shared::new(SIZE);
        let producer = {
            let shared = shared.clone();
            thread::spawn(move || {
                let position = WritePosition::at(0, SIZE);
                (1..=COUNT).filter(|&number| shared.produce(&position, number, WORD).is_none()).collect::<Vec<_>>()
            })
        };
        let first = {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut position = ReadPosition::attach(&shared.words, SIZE);
                let number = shared.consume(&mut position, WORD);
                position.publish(&shared.words);
                // Read but not given back: that is for the next one to read again.
                let _again = shared.consume(&mut position, WORD);
                number
            })
        };
        // The device lets the second in when the first is gone.
        let mut read: Vec<u64> = first.join().unwrap().into_iter().collect();
        let mut position = ReadPosition::attach(&shared.words, SIZE);
        read.extend(shared.consume(&mut position, WORD));
        position.publish(&shared.words);
        let refused = producer.join().unwrap();
        while let Some(number) = shared.consume(&mut position, WORD) {
            read.push(number);
        }
        assert!(read.is_sorted_by(|a, b| a < b), "in order, none twice: {read:?}");
        let mut all = [read, refused].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=COUNT).collect::<Vec<_>>(), "read or refused");
    });
}
