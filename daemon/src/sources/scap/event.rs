//! One event of a capture: its header and its parameters.

/// Parameters that are looked at; no event has more.
const PARAMS: usize = 40;

/// An event that was read: where its parameters lie in its bytes.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its time, ns since the epoch.
    pub time_ns: u64,
    /// Thread.
    pub tid: u32,
    /// Number of the event.
    pub number: u16,
    bytes: Vec<u8>,
    params: [(u32, u32); PARAMS],
    count: usize,
}

impl Default for Event {
    fn default() -> Self {
        Event { time_ns: 0, tid: 0, number: 0, bytes: Vec::new(), params: [(0, 0); PARAMS], count: 0 }
    }
}

/// Bytes of the header before the number of parameters.
const HEAD: usize = 22;

impl Event {
    /// Room for the bytes of an event, to be read into.
    pub fn room(&mut self, len: usize) -> &mut [u8] {
        self.count = 0;
        self.bytes.clear();
        self.bytes.resize(len, 0);
        &mut self.bytes
    }

    /// Its number, if the bytes are long enough to have one.
    pub fn peek(&self) -> Option<u16> {
        Some(u16::from_ne_bytes(self.bytes.get(20..HEAD)?.try_into().ok()?))
    }

    /// Reads the header and finds the parameters. `counted` headers say how many there are; of the others there are as many
    /// of the `most` that the event can have as make up its length. `false` if the bytes make no sense.
    pub fn parse(&mut self, counted: bool, large: bool, most: usize) -> bool {
        let bytes = &self.bytes;
        let word = |at: usize| Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let (Some(time_ns), Some(tid), Some(number)) = (word(0), word(8), self.peek()) else { return false };
        let Some(len) = bytes.get(16..20).and_then(|len| len.try_into().ok()).map(u32::from_ne_bytes) else {
            return false;
        };
        let len = (len as usize).min(bytes.len());
        (self.time_ns, self.tid, self.number) = (time_ns, tid as u32, number);
        if counted {
            let Some(count) = bytes.get(HEAD..HEAD + 4).and_then(|count| count.try_into().ok()) else { return false };
            let count = u32::from_ne_bytes(count) as usize;
            return self.place(HEAD + 4, count, large, len).is_some();
        }
        // Two old events say that they are 3 bytes longer than they are.
        (0..=most.min(PARAMS))
            .rev()
            .any(|count| self.place(HEAD, count, large, len).is_some_and(|end| end == len || end + 3 == len))
    }

    /// Finds `count` parameters; gives where the last one ends.
    fn place(&mut self, lens: usize, count: usize, large: bool, len: usize) -> Option<usize> {
        let width = if large { 4 } else { 2 };
        let mut at = lens.checked_add(count.checked_mul(width)?)?;
        if at > len {
            return None;
        }
        for index in 0..count {
            let bytes = self.bytes.get(lens + index * width..lens + (index + 1) * width)?;
            let size = match *bytes {
                [a, b] => usize::from(u16::from_ne_bytes([a, b])),
                [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]) as usize,
                _ => return None,
            };
            let end = at.checked_add(size).filter(|end| *end <= len)?;
            if let Some(param) = self.params.get_mut(index) {
                *param = (u32::try_from(at).ok()?, u32::try_from(end).ok()?);
            }
            at = end;
        }
        self.count = count.min(PARAMS);
        Some(at)
    }

    /// A parameter; `None` if the event has no such one, or it is empty.
    pub fn param(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.params.get(..self.count)?.get(index)?;
        self.bytes.get(start as usize..end as usize).filter(|bytes| !bytes.is_empty())
    }

    /// Takes over another one.
    pub fn copy(&mut self, other: &Event) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&other.bytes);
        (self.time_ns, self.tid, self.number) = (other.time_ns, other.tid, other.number);
        (self.params, self.count) = (other.params, other.count);
    }
}
