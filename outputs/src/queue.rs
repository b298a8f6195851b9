//! A sink's queue, and writing it to a stream of bytes.

use crate::spool::{Place, Spool};
use crate::{Line, SinkStats};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

/// After how many alerts that were delivered from disk it is written down how far that was: so many may be delivered a second
/// time after a crash.
const WRITE_DOWN: u32 = 64;

/// Alerts that wait, bounded by number and bytes. A full queue refuses the newest: the oldest alerts tell how it began.
///
/// With a spool, a full queue writes all it has to disk, in order, and goes on there; what is in memory is then the beginning
/// of what is on disk, until all of it was delivered.
#[derive(Debug)]
pub struct Queue {
    lines: VecDeque<Rc<Line>>,
    bytes: usize,
    max_lines: usize,
    max_bytes: usize,
    spool: Option<Spooled>,
    /// Alerts refused since the start.
    pub lost: u64,
}

/// What is on disk.
#[derive(Debug)]
struct Spooled {
    name: &'static str,
    spool: Spool,
    /// Where each line that is in memory ends on disk. Empty if the queue is in memory only.
    ends: VecDeque<Place>,
    /// Alerts on disk that were not delivered, those in memory among them; 0 if the queue is in memory only.
    count: u64,
    /// Where what was delivered ends, and how many alerts ago that was last written down.
    delivered: Option<Place>,
    unwritten: u32,
    /// Disk errors are said once until one works.
    complained: bool,
}

impl Queue {
    pub fn new(max_lines: usize, max_bytes: usize) -> Queue {
        Queue { lines: VecDeque::new(), bytes: 0, max_lines, max_bytes, spool: None, lost: 0 }
    }

    /// Goes on with what is on disk, and uses it from now on.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn with_spool(mut self, dir: &Path, name: &'static str, max_bytes: u64) -> io::Result<Queue> {
        let (spool, count) = Spool::open(dir, name, max_bytes)?;
        if count > 0 {
            log::info!("{name}: {count} alerts of before wait in {}", dir.display());
        }
        self.spool = Some(Spooled {
            name,
            spool,
            ends: VecDeque::new(),
            count,
            delivered: None,
            unwritten: 0,
            complained: false,
        });
        self.load();
        Ok(self)
    }

    pub fn push(&mut self, line: &Rc<Line>) {
        let on_disk = self.spool.as_ref().is_some_and(|spooled| spooled.count > 0);
        let fits = self.lines.len() < self.max_lines && self.bytes + line.text.len() <= self.max_bytes;
        if !on_disk && fits {
            self.bytes += line.text.len();
            self.lines.push_back(Rc::clone(line));
        } else if !((on_disk || self.spill())
            && self.spool.as_mut().is_some_and(|spooled| spooled.append(line).is_some()))
        {
            self.lost += 1;
        }
    }

    pub fn front(&self) -> Option<&Rc<Line>> {
        self.lines.front()
    }

    /// The line at the front was delivered, or given up.
    pub fn pop(&mut self) -> Option<Rc<Line>> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.text.len();
        if let Some(spooled) = &mut self.spool
            && let Some(end) = spooled.ends.pop_front()
        {
            spooled.count -= 1;
            spooled.delivered = Some(end);
            spooled.unwritten += 1;
            if self.lines.is_empty() || spooled.unwritten >= WRITE_DOWN {
                spooled.write_down();
            }
            if self.lines.is_empty() {
                self.load();
            }
        }
        Some(line)
    }

    /// Alerts that wait.
    pub fn len(&self) -> usize {
        let on_disk = self.spool.as_ref().map_or(0, |spooled| spooled.count as usize);
        on_disk.max(self.lines.len())
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Writes everything in memory to disk. False if that cannot be: then all of it is still in memory, and nothing on disk.
    fn spill(&mut self) -> bool {
        let Some(spooled) = &mut self.spool else { return false };
        for line in &self.lines {
            if let Some(end) = spooled.append(line) {
                spooled.ends.push_back(end);
                // It is in memory: what is read from disk later begins behind it.
                spooled.spool.go_on_from(end);
                continue;
            }
            spooled.ends.clear();
            spooled.count = 0;
            let _ = spooled.spool.clear();
            return false;
        }
        true
    }

    /// Brings the next alerts from disk into memory. Leaves the disk empty if there are none.
    fn load(&mut self) {
        let Some(spooled) = &mut self.spool else { return };
        while spooled.count > 0 && self.lines.is_empty() {
            let found = spooled.spool.read();
            let end = matches!(&found, Ok(found) if found.is_empty());
            for (line, end) in spooled.check(found).unwrap_or_default() {
                self.bytes += line.text.len();
                self.lines.push_back(Rc::new(line));
                spooled.ends.push_back(end);
            }
            if end {
                // What could not be read.
                self.lost += spooled.count;
                spooled.count = 0;
            }
        }
        if spooled.count == 0 {
            let cleared = spooled.spool.clear();
            spooled.check(cleared);
        }
    }
}

impl Drop for Queue {
    /// What was not delivered waits on disk, if there is one, for the next process.
    fn drop(&mut self) {
        match &mut self.spool {
            Some(spooled) if spooled.count > 0 => spooled.write_down(),
            Some(_) if !self.lines.is_empty() => {
                self.spill();
            }
            _ => {}
        }
    }
}

impl Spooled {
    /// Appends an alert. Nothing if there is no room, or the disk does not take it.
    fn append(&mut self, line: &Line) -> Option<Place> {
        let appended = self.spool.append(line);
        let end = self.check(appended).flatten()?;
        self.count += 1;
        Some(end)
    }

    /// Writes down how far was delivered.
    fn write_down(&mut self) {
        self.unwritten = 0;
        if let Some(place) = self.delivered.take() {
            let written = self.spool.delivered(place);
            self.check(written);
        }
    }

    /// Says that the disk does not work, once.
    fn check<T>(&mut self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.complained = false;
                Some(value)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.complained, true) {
                    log::error!("{}: outputs_queue.spool_dir: {error}", self.name);
                }
                None
            }
        }
    }
}

/// How far a line at the front of a queue was written.
#[derive(Debug, Default)]
pub struct LineCursor {
    written: usize,
}

impl LineCursor {
    /// Writes lines, each ended by a newline, until the queue is empty or the stream says no, and counts what it does in
    /// `stats`. At most `chunk` bytes go into one write.
    ///
    /// # Errors
    /// What the stream said, `WouldBlock` among it; what was written until then stays written, the rest stays queued.
    pub fn drain(
        &mut self,
        queue: &mut Queue,
        to: &mut impl Write,
        chunk: usize,
        stats: &mut SinkStats,
    ) -> io::Result<()> {
        while let Some(line) = queue.front() {
            // The newline goes with the last piece, so that a line is one write wherever it fits one.
            let piece: Vec<u8> =
                line.text.bytes().chain(std::iter::once(b'\n')).skip(self.written).take(chunk).collect();
            stats.system_calls += 1;
            match to.write(&piece) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if self.written > line.text.len() {
                self.written = 0;
                queue.pop();
                stats.delivered += 1;
            }
        }
        Ok(())
    }

    /// The same with as many lines in one write as fit into `chunk` bytes.
    ///
    /// # Errors
    /// As [`LineCursor::drain`].
    pub fn drain_together(
        &mut self,
        queue: &mut Queue,
        to: &mut impl Write,
        chunk: usize,
        stats: &mut SinkStats,
    ) -> io::Result<()> {
        while queue.front().is_some() {
            let mut piece = Vec::new();
            for line in &queue.lines {
                if !piece.is_empty() && piece.len() + line.text.len() >= chunk {
                    break;
                }
                piece.extend_from_slice(line.text.as_bytes());
                piece.push(b'\n');
            }
            stats.system_calls += 1;
            let mut written = match to.write(&piece[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.written + n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            while let Some(length) = queue.front().map(|line| line.text.len() + 1).filter(|length| *length <= written) {
                written -= length;
                queue.pop();
                stats.delivered += 1;
            }
            self.written = written;
        }
        Ok(())
    }

    /// The line at the front must be written from its beginning: the stream is another one.
    pub fn restart(&mut self) {
        self.written = 0;
    }
}

/// True for "not now".
pub fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Priority;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn line(n: usize, length: usize) -> Rc<Line> {
        Rc::new(Line {
            text: format!("{n} {}", "x".repeat(length)),
            priority: Priority::Notice,
            time_ns: n as u64,
            rule: "r".into(),
            source: "syscall".into(),
            tags: vec!["t".to_owned()].into(),
            hostname: "h".into(),
        })
    }

    fn queue(dir: &Path, max_bytes: u64) -> Queue {
        // A program that another test starts has its copy of the lock until it is executed.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            match Queue::new(4, 1 << 20).with_spool(dir, "test_output", max_bytes) {
                Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy && std::time::Instant::now() < end => {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                queue => return queue.unwrap(),
            }
        }
    }

    /// Ends it as a kill does: nothing more is written.
    fn kill(mut queue: Queue) {
        queue.spool = None;
    }

    /// Files of the spool that hold alerts.
    fn segments(dir: &Path) -> usize {
        let is_segment = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.ends_with(".spool"));
        std::fs::read_dir(dir).unwrap().filter(|entry| is_segment(&entry.as_ref().unwrap().file_name())).count()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Pop(usize),
        Restart,
        Kill,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0usize..30_000).prop_map(Step::Push),
            2 => (0usize..20).prop_map(Step::Pop),
            1 => Just(Step::Restart),
            1 => Just(Step::Kill),
        ]
    }

    /// Takes so many bytes at each write.
    struct Narrow(Vec<u8>, usize, u64);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.1);
            self.0.extend_from_slice(&bytes[..n]);
            self.2 += 1;
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn many_lines_in_one_write_are_the_same_lines() {
        for (narrow, writes) in [(1 << 20, Some(3)), (7, None), (1, None)] {
            let mut queue = Queue::new(1000, 1 << 20);
            let mut expected = String::new();
            for n in 0..30 {
                let line = line(n, n * 3);
                expected += &format!("{}\n", line.text);
                queue.push(&line);
            }
            let (mut to, mut stats) = (Narrow(Vec::new(), narrow, 0), SinkStats::default());
            LineCursor::default().drain_together(&mut queue, &mut to, 600, &mut stats).unwrap();
            assert_eq!(String::from_utf8(to.0).unwrap(), expected);
            assert_eq!((stats.delivered, queue.len()), (30, 0));
            assert!(writes.is_none_or(|writes| to.2 == writes), "{}", to.2);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_was_taken_comes_out_in_order_across_restarts_and_kills(steps in prop::collection::vec(step(), 0..120)) {
            let dir = tempfile::tempdir().unwrap();
            let mut queue = Some(queue(dir.path(), 1 << 20));
            // The slow and obvious queue: everything in memory, nothing ever lost but by a kill while nothing was on disk.
            let mut model: VecDeque<Rc<Line>> = VecDeque::new();
            let mut delivered: Vec<Rc<Line>> = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                let q = queue.as_mut().unwrap();
                match step {
                    Step::Push(length) => {
                        let (new, lost) = (line(n, length), q.lost);
                        q.push(&new);
                        if q.lost == lost {
                            model.push_back(new);
                        }
                        // Refused only if the disk is full of what is still to come or in a segment with that.
                        prop_assert!(q.lost == lost || model.iter().map(|line| line.text.len()).sum::<usize>() > 700_000);
                    }
                    Step::Pop(count) => {
                        for _ in 0..count {
                            let popped = q.pop();
                            prop_assert_eq!(&popped, &model.pop_front());
                            delivered.extend(popped);
                        }
                    }
                    Step::Restart => {
                        drop(queue.take());
                        queue = Some(self::queue(dir.path(), 1 << 20));
                    }
                    Step::Kill => {
                        let on_disk = segments(dir.path()) > 0;
                        kill(queue.take().unwrap());
                        if !on_disk {
                            model.clear();
                        }
                        let mut again = self::queue(dir.path(), 1 << 20);
                        // Some that were delivered come a second time, before the rest; not more than a few.
                        let doubled = again.len().checked_sub(model.len()).expect("something is missing");
                        prop_assert!(doubled <= WRITE_DOWN as usize && doubled <= delivered.len(), "{}", doubled);
                        for expected in &delivered[delivered.len() - doubled..] {
                            prop_assert_eq!(again.pop(), Some(Rc::clone(expected)));
                        }
                        queue = Some(again);
                    }
                }
                let q = queue.as_ref().unwrap();
                prop_assert_eq!((q.len(), q.is_empty()), (model.len(), model.is_empty()));
            }
            let q = queue.as_mut().unwrap();
            while let Some(line) = q.pop() {
                prop_assert_eq!(Some(line), model.pop_front());
            }
            prop_assert!(model.is_empty() && segments(dir.path()) == 0);
        }

        #[test]
        fn a_damaged_file_gives_whole_alerts_in_order_or_none(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut first = queue(dir.path(), 1 << 20);
            (0..20).for_each(|n| first.push(&line(n, 50)));
            kill(first);
            let path = dir.path().join("test_output.00000000000000000000.spool");
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            std::fs::write(&path, bytes).unwrap();
            let mut again = queue(dir.path(), 1 << 20);
            again.push(&line(20, 50));
            let mut last = None;
            while let Some(got) = again.pop() {
                let n = got.time_ns as usize;
                prop_assert_eq!(&got, &line(n, 50));
                prop_assert!(last < Some(n));
                last = Some(n);
            }
            prop_assert_eq!(last, Some(20), "what comes after the damage is delivered");
        }
    }

    #[test]
    fn the_disk_is_bounded_and_what_is_beyond_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = queue(dir.path(), 100_000);
        (0..1000).for_each(|n| queue.push(&line(n, 1000)));
        let sizes = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
        assert!(sizes.sum::<u64>() <= 100_020);
        assert_eq!(queue.len() as u64 + queue.lost, 1000);
        assert!(queue.len() > 80);
    }

    #[test]
    fn a_queue_that_never_fills_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = queue(dir.path(), 1 << 20);
        for n in 0..100 {
            queue.push(&line(n, 10));
            assert!(queue.pop().is_some());
        }
        assert_eq!(segments(dir.path()), 0);
    }

    #[test]
    fn one_spool_is_for_one_process() {
        let dir = tempfile::tempdir().unwrap();
        let _first = queue(dir.path(), 1 << 20);
        assert!(Queue::new(4, 1 << 20).with_spool(dir.path(), "test_output", 1 << 20).is_err());
        assert!(Queue::new(4, 1 << 20).with_spool(dir.path(), "other_output", 1 << 20).is_ok());
    }
}
