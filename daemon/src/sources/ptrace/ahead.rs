//! A call that begins, as programs of the prefilter see it: what comes of it is not known yet. One that nobody can want, whatever
//! comes of it, is let go without a second stop.
//!
//! Its arguments, and the task, are what they will be at its end. So is what they point to, unless another task can write there
//! meanwhile ([`Trust`]). What it opens is found out ahead of it ([`super::resolve`]);
//! it may fail nonetheless, so that both are asked for: that it opens this, and that it fails.

use super::resolve::{Leads, resolve};
use super::view::View;
use kestrel_core::event::Flags;
use kestrel_core::fill::{Call, Draft, Kernel, PATH_MAX};
use kestrel_core::filter::{Ip, Known, Load, Program, Scope, Verdict, View as Values, foresee};
use kestrel_core::schema::{EventId, From, id, recipe};
use nix::libc;

/// What is assumed to come of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Anything,
    Success,
    Failure,
}

/// What of a task will be for the kernel what it is for us now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// What lies in its memory: no other task uses that.
    pub memory: bool,
    /// Where names lead: its root and its mounts are ours.
    pub names: bool,
}

struct Ahead<'a> {
    view: &'a View<'a>,
    call: &'a Call,
    /// As if the call had failed: so a draft does not ask what it returned.
    draft: Draft<'a, 'a, View<'a>>,
    sources: &'static [From],
    outcome: Outcome,
    trust: Trust,
    opens: Option<Leads>,
    /// The outcome that is assumed cannot be.
    impossible: bool,
}

/// Says whether a call that begins can be let go. `room` is where a record can be tried.
pub fn can_go(program: &Program<'_>, view: &View<'_>, begun: &Call, trust: Trust, room: &mut [u8]) -> bool {
    let event = begun.event;
    if program.section(event).is_none() {
        return false;
    }
    let outcomes = match opens(event) {
        true => &[Outcome::Success, Outcome::Failure][..],
        false => &[Outcome::Anything][..],
    };
    let call = Call { ret: -i64::from(libc::EPERM), ..*begun };
    outcomes.iter().all(|&outcome| {
        let mut draft = Draft::begin(view, &call, Flags::default());
        if draft.place(room).is_err() {
            return false;
        }
        let sources = recipe(event).map_or(&[][..], |recipe| recipe.sources);
        let mut ahead = Ahead { view, call: &call, draft, sources, outcome, trust, opens: None, impossible: false };
        foresee(program, event, &mut ahead) == Verdict::Reject || ahead.impossible
    })
}

/// True if every event of this kind that failed is one that nobody can want.
pub fn is_only_wanted_if_it_succeeds(program: &Program<'_>, event: EventId) -> bool {
    struct Failed;
    impl Values for Failed {
        fn number(&mut self, load: Load, _: u8) -> Known<u64> {
            if load == Load::Flags { Known::Is(Flags::FAILED.0.into()) } else { Known::Later }
        }
        fn text(&mut self, _: Load, _: u8) -> Known<&[u8]> {
            Known::Later
        }
        fn address(&mut self, _: Load, _: u8) -> Known<Ip> {
            Known::Later
        }
    }
    foresee(program, event, &mut Failed) == Verdict::Reject
}

/// The calls whose result is found out ahead: open(2) and openat(2). What others open hangs on more than a name.
fn opens(event: EventId) -> bool {
    matches!(event, id::OPEN | id::OPENAT)
}

impl Ahead<'_> {
    fn source(&self, param: u8) -> Option<&'static From> {
        self.sources.get(usize::from(param))
    }

    /// What the call will open.
    fn opened(&mut self) -> Known<&[u8]> {
        let Ahead { view, call, trust, opens, impossible, .. } = self;
        let opens = opens.get_or_insert_with(|| match trust.names {
            true => leads(view, call).unwrap_or(Leads::Unknown),
            false => Leads::Unknown,
        });
        match opens {
            Leads::To(path) => Known::Is(path),
            Leads::Nowhere => {
                *impossible = true;
                Known::Later
            }
            Leads::Unknown => Known::Later,
        }
    }
}

/// Relative to what such a call opens, where the name lies, and the flags.
fn opening(call: &Call) -> (i32, u64, i32) {
    match call.event {
        id::OPEN => (kestrel_core::fill::AT_FDCWD, call.args[0], call.args[1] as i32),
        _ => (call.args[0] as i32, call.args[1], call.args[2] as i32),
    }
}

/// Whether such a call makes the file that is not there.
pub fn creates(call: &Call) -> bool {
    opening(call).2 & libc::O_CREAT != 0
}

/// Where the name leads that such a call opens.
pub fn leads(view: &View<'_>, call: &Call) -> Option<Leads> {
    let (dir, name, flags) = opening(call);
    let mut text = [0; PATH_MAX];
    let read = view.read_user_string(name, &mut text).ok().filter(|read| !read.cut)?;
    Some(resolve(view.own_folder()?, view.task_folder()?, dir, &text[..read.len], flags))
}

impl Values for Ahead<'_> {
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        match (load, self.source(param)) {
            (Load::Flags, _) => match self.outcome {
                Outcome::Anything => Known::Later,
                Outcome::Success => Known::Is(0),
                Outcome::Failure => Known::Is(Flags::FAILED.0.into()),
            },
            (_, _) if matches!(load.scope(), Scope::Event) => self.draft.number(load, param),
            (Load::Number, Some(From::Int(_) | From::Uint(_) | From::Long(_) | From::SignedLong(_) | From::Zero)) => {
                self.draft.number(load, param)
            }
            (Load::FdNumber, Some(From::Fd(_) | From::ClosedFd(_) | From::DirFd(_))) => self.draft.number(load, param),
            (Load::PassedFamily | Load::PassedPort, Some(From::Address { .. })) if self.trust.memory => {
                self.draft.number(load, param)
            }
            // A call that fails returns no descriptor.
            (Load::FdKind, Some(From::ReturnFd)) if self.outcome == Outcome::Failure => Known::Absent,
            _ => Known::Later,
        }
    }

    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        match (load, self.source(param), self.outcome) {
            (Load::Comm, ..) => self.draft.text(load, param),
            (Load::FdPath, Some(From::ReturnFd), Outcome::Failure) => Known::Absent,
            _ if !self.trust.memory => Known::Later,
            (Load::RawPath, ..)
            | (Load::Path, Some(From::Path(_) | From::PathAt { .. } | From::OptionalPath(_)), _)
            | (Load::Path, Some(From::Opened { .. }), Outcome::Failure)
            | (Load::String, Some(From::String(_)), _)
            | (Load::PassedPath, Some(From::Address { .. }), _) => self.draft.text(load, param),
            (Load::FdPath, Some(From::ReturnFd), Outcome::Success)
            | (Load::Path, Some(From::Opened { .. }), Outcome::Success) => self.opened(),
            _ => Known::Later,
        }
    }

    fn address(&mut self, load: Load, param: u8) -> Known<Ip> {
        match (load, self.source(param)) {
            (Load::PassedAddress, Some(From::Address { .. })) if self.trust.memory => self.draft.address(load, param),
            _ => Known::Later,
        }
    }
}
