//! One client: its requests, one after the other, each within its time.

use super::answer::{Answer, Outcome};
use super::request::{BodyLength, Head, Progress, RequestReader};
use super::route::{Route, Service, find};
use super::stream::Stream;
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

/// How long a client may take for a head, and for taking an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for a body, from the moment that there is room for it.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// How long it may be waited for, for a body, where others wait for what it takes: that long for all of it, and of a part of it
/// as large a part.
const CROWDED_PATIENCE: Duration = Duration::from_secs(5);

/// How long a client may be silent between requests.
const SILENCE: Duration = Duration::from_secs(60);

/// Requests of one connection: whoever wants more comes again.
const MAX_REQUESTS: u32 = 1000;

/// Requests that are answered in a row before others have their turn.
const TURN: u32 = 16;

/// Reads in a row before others have their turn.
const READS: u32 = 64;

/// Bytes that are still read of a client that was refused, so that it gets to see why (RFC 9112, 9.6), and for how long.
const LINGER_BYTES: usize = 16 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Bytes that all bodies together may still take.
#[derive(Debug)]
pub struct Budget(pub usize);

/// What is to be done with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is waited for.
    Waiting,
    /// It has more to say, but others have their turn.
    Again,
    /// It is done with.
    Closed,
}

/// What a client is waited for, or waits for itself.
#[derive(Debug)]
enum Phase {
    /// A head, or the beginning of one.
    Head,
    /// Room for its body of so many bytes.
    Room { route: usize, head: Head, needed: usize, since: Instant },
    /// The rest of its body, or a service that had no room for it.
    Body { route: usize, head: Head, held: usize },
    /// It must take what is left of an answer.
    Answer { bytes: Vec<u8>, written: usize, after: After },
    /// It was refused, and still sends: so many bytes are read and thrown away.
    Linger { left: usize },
}

/// What comes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The next request.
    Next,
    /// The end.
    Close,
    /// The end, once the client had time to see the answer.
    Linger,
}

/// One client.
#[derive(Debug)]
pub struct Connection {
    /// Its bytes.
    pub stream: Stream,
    /// How many came before it, itself included: of two that came at the same moment, who came first.
    pub number: u64,
    reader: RequestReader,
    phase: Phase,
    requests: u32,
    /// When it is given up.
    until: Instant,
    /// Since when a head is waited for.
    since: Instant,
    /// Since when there is nothing to be read of a body that is not whole, and how long that was so before.
    dry: Option<Instant>,
    waited: Duration,
    /// It is to be asked again without an event: the service had no room for its request, or others had their turn.
    pub put_off: bool,
}

impl Connection {
    /// A client that came.
    pub fn new(stream: Stream, number: u64, now: Instant) -> Connection {
        Connection {
            stream,
            number,
            reader: RequestReader::default(),
            phase: Phase::Head,
            requests: 0,
            until: now + PATIENCE,
            since: now,
            dry: None,
            waited: Duration::ZERO,
            put_off: false,
        }
    }

    /// When it is given up.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Since when a head is waited for, if that is so: nothing is lost but its own time when it is sent away.
    pub fn idle_since(&self) -> Option<Instant> {
        matches!(self.phase, Phase::Head | Phase::Linger { .. }).then_some(self.since)
    }

    /// True if it waits for room for its body.
    pub fn waits_for_room(&self) -> bool {
        self.needs().is_some()
    }

    /// Bytes that it waits for room for, and since when.
    pub fn needs(&self) -> Option<(usize, Instant)> {
        match self.phase {
            Phase::Room { needed, since, .. } => Some((needed, since)),
            _ => None,
        }
    }

    /// How much longer it was waited for its body than is fair to others, if it is; what was not read for other reasons is none of
    /// its fault.
    pub fn lag(&self, now: Instant) -> Option<Duration> {
        let Phase::Body { held, .. } = &self.phase else { return None };
        let since = self.dry.filter(|_| !self.reader.is_whole())?;
        let waited = self.waited + now.saturating_duration_since(since);
        let received = self.reader.body().len() as f64 / (*held).max(1) as f64;
        Some(waited.saturating_sub(CROWDED_PATIENCE.mul_f64(received.min(1.0))))
    }

    /// Gives back what its body took.
    pub fn release(&mut self, budget: &mut Budget) {
        if let Phase::Body { held, .. } = &mut self.phase {
            budget.0 += std::mem::take(held);
        }
    }

    /// Its time is over: it is told, if it can be.
    pub fn expired(&mut self, budget: &mut Budget) {
        self.release(budget);
        if self.reader.has_begun() && !matches!(self.phase, Phase::Answer { .. } | Phase::Linger { .. }) {
            let bytes = Answer::text(408, "this took too long").bytes(false, false);
            let _ = self.stream.write(&bytes);
        }
    }

    /// Does what can be done now.
    pub fn serve(&mut self, routes: &[Route], service: &mut dyn Service, budget: &mut Budget, now: Instant) -> Verdict {
        self.put_off = false;
        let (before, mut reads) = (self.requests, 0);
        loop {
            if let Phase::Linger { left } = &mut self.phase {
                return linger(&mut self.stream, left);
            }
            if let Phase::Answer { .. } = self.phase {
                if let Some(verdict) = self.write(now) {
                    return verdict;
                }
                if self.requests - before >= TURN {
                    return Verdict::Again;
                }
                continue;
            }
            match self.step(routes, service, budget, now) {
                Step::On => {}
                Step::Stop(verdict) => return verdict,
                Step::Read if reads >= READS => return Verdict::Again,
                Step::Read => match self.read(now) {
                    Ok(true) => reads += 1,
                    Ok(false) => return Verdict::Waiting,
                    Err(()) => return Verdict::Closed,
                },
            }
        }
    }

    /// Goes on with what was read.
    fn step(&mut self, routes: &[Route], service: &mut dyn Service, budget: &mut Budget, now: Instant) -> Step {
        if let Phase::Room { route, head, needed, .. } = &mut self.phase {
            if *needed > budget.0 {
                return Step::Stop(Verdict::Waiting);
            }
            budget.0 -= *needed;
            let (route, head, held) = (*route, std::mem::take(head), *needed);
            self.until = now + if head.length == BodyLength::None { PATIENCE } else { BODY_PATIENCE };
            let (expects, max_body) = (head.expects_continue, routes.get(route).map_or(0, |route| route.max_body));
            self.phase = Phase::Body { route, head, held };
            (self.dry, self.waited) = (None, Duration::ZERO);
            if let Err(bad) = self.reader.allow(max_body) {
                return self.refuse(Answer::text(bad.status(), &bad.to_string()), budget, now);
            }
            if expects && held > 0 && self.stream.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
                return Step::Stop(Verdict::Closed);
            }
        }
        match self.reader.advance() {
            Ok(Progress::More) => Step::Read,
            Ok(Progress::Head(head)) => match find(routes, &head) {
                Ok(route) => {
                    let max_body = routes.get(route).map_or(0, |route| route.max_body);
                    let needed = match head.length {
                        BodyLength::None => 0,
                        BodyLength::Bytes(n) => usize::try_from(n).unwrap_or(usize::MAX).min(max_body),
                        BodyLength::Chunked => max_body,
                    };
                    self.phase = Phase::Room { route, head, needed, since: now };
                    Step::On
                }
                // A request without a body has an end that is known: its connection can go on.
                Err(answer) if head.length == BodyLength::None && self.reader.allow(0).is_ok() => {
                    self.answer(&answer, &head, now)
                }
                Err(answer) => self.refuse(answer, budget, now),
            },
            Ok(Progress::Whole) => {
                let Phase::Body { route, head, .. } = &self.phase else { return Step::Stop(Verdict::Closed) };
                match service.answer(*route, head, self.reader.body()) {
                    Outcome::NotNow => {
                        self.put_off = true;
                        Step::Stop(Verdict::Waiting)
                    }
                    Outcome::Answer(answer) => {
                        let head = head.clone();
                        self.release(budget);
                        self.answer(&answer, &head, now)
                    }
                }
            }
            Err(bad) => self.refuse(Answer::text(bad.status(), &bad.to_string()), budget, now),
        }
    }

    fn answer(&mut self, answer: &Answer, head: &Head, now: Instant) -> Step {
        self.requests += 1;
        let keep = head.keep_alive && self.requests < MAX_REQUESTS;
        self.reader.next_request();
        self.until = now + PATIENCE;
        let after = if keep { After::Next } else { After::Close };
        self.phase = Phase::Answer { bytes: answer.bytes(head.method == "HEAD", keep), written: 0, after };
        Step::On
    }

    /// Answers what is no request, or one whose end is not known: the connection ends with that.
    fn refuse(&mut self, answer: Answer, budget: &mut Budget, now: Instant) -> Step {
        self.release(budget);
        self.until = now + PATIENCE;
        self.phase = Phase::Answer { bytes: answer.bytes(false, false), written: 0, after: After::Linger };
        Step::On
    }

    /// Writes what is left of an answer. Nothing is given if all of it was written and it goes on.
    fn write(&mut self, now: Instant) -> Option<Verdict> {
        let Phase::Answer { bytes, written, after } = &mut self.phase else { return None };
        while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Some(Verdict::Closed),
                Ok(n) => *written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(Verdict::Waiting),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Some(Verdict::Closed),
            }
        }
        match (self.stream.flush(), *after) {
            (Ok(false), _) => return Some(Verdict::Waiting),
            (Err(_), _) | (Ok(true), After::Close) => return Some(Verdict::Closed),
            (Ok(true), After::Next) => {
                self.phase = Phase::Head;
                self.until = now + SILENCE;
            }
            (Ok(true), After::Linger) => {
                self.stream.close();
                self.phase = Phase::Linger { left: LINGER_BYTES };
                self.until = now + LINGER;
            }
        }
        self.since = now;
        None
    }

    /// Reads what is wanted. False if there is nothing now.
    fn read(&mut self, now: Instant) -> Result<bool, ()> {
        let mut buf = [0; 8 << 10];
        let wanted = self.reader.wants().min(buf.len());
        if wanted == 0 {
            return Ok(false);
        }
        let fresh = !self.reader.has_begun();
        loop {
            match self.stream.read(&mut buf[..wanted]) {
                // Half a request is none.
                Ok(0) => return Err(()),
                Ok(n) => {
                    self.reader.push(&buf[..n]);
                    self.waited += self.dry.take().map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
                    if fresh {
                        self.until = now + PATIENCE;
                    }
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.dry.get_or_insert(now);
                    return Ok(false);
                }
                Err(_) => return Err(()),
            }
        }
    }
}

/// Reads what a client still sends, for nothing.
fn linger(stream: &mut Stream, left: &mut usize) -> Verdict {
    let mut buf = [0; 8 << 10];
    for _ in 0..READS {
        match stream.socket.read(&mut buf) {
            Ok(n) if n > 0 && n < *left => *left -= n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Verdict::Waiting,
            _ => return Verdict::Closed,
        }
    }
    Verdict::Again
}

/// What comes next.
enum Step {
    On,
    Read,
    Stop(Verdict),
}
