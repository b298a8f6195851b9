//! One container.

use super::{Accounts, Details, Identity, Mount, Pod, Runtime, pod_uid};
use std::cell::{Cell, OnceCell, RefCell};
use std::net::Ipv4Addr;
use std::rc::Rc;

/// Characters of an id that are shown where it need not be whole.
const SHORT: usize = 12;

/// Times that what is not known yet is looked for, at most: at the start of programs in the container.
const TRIES: u8 = 16;

/// A container. What is found out about it is found once, and does not change.
#[derive(Debug)]
pub struct Container {
    id: Box<[u8]>,
    /// The user in whose part of the hierarchy of control groups it is; `None` for root's.
    owner: Option<u32>,
    /// Its control group, where only its runtime's files tell that it is one.
    place: OnceCell<Box<[u8]>>,
    runtime: OnceCell<Runtime>,
    pod_uid: OnceCell<Box<str>>,
    details: OnceCell<Details>,
    ip: OnceCell<Ipv4Addr>,
    accounts: OnceCell<Accounts>,
    tries: Cell<u8>,
    /// How often something became known of it.
    revision: Cell<u8>,
    /// Its runtime was asked what it is, and has not answered that it does not know.
    asked: Cell<bool>,
    /// What others told of it.
    held: RefCell<Option<Held>>,
}

/// Memory that is counted as long as it is held.
#[derive(Debug)]
struct Held {
    bytes: usize,
    of: Rc<Cell<usize>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.set(self.of.get().saturating_sub(self.bytes));
    }
}

impl Container {
    /// A container of which only the id is known, and whose it is.
    pub(super) fn new(id: &[u8], owner: Option<u32>) -> Container {
        Container {
            id: id.into(),
            owner,
            place: OnceCell::new(),
            runtime: OnceCell::new(),
            pod_uid: OnceCell::new(),
            details: OnceCell::new(),
            ip: OnceCell::new(),
            accounts: OnceCell::new(),
            tries: Cell::new(0),
            revision: Cell::new(0),
            asked: Cell::new(false),
            held: RefCell::default(),
        }
    }

    /// Counts in a sum that others told so many bytes of it, for as long as it is known. What they say again is kept once.
    pub(super) fn hold(&self, bytes: usize, of: &Rc<Cell<usize>>) {
        let mut held = self.held.borrow_mut();
        if held.as_ref().is_none_or(|held| held.bytes < bytes) {
            of.set(of.get().saturating_add(bytes));
            *held = Some(Held { bytes, of: Rc::clone(of) });
        }
    }

    /// Takes in what a control group says; what is known already stays.
    pub(super) fn set_group(&self, identity: &Identity<'_>, path: &[u8]) {
        if let Some(runtime) = identity.runtime {
            let _ = self.runtime.set(runtime);
        }
        if let Some(uid) = pod_uid(path) {
            let _ = self.pod_uid.set(String::from_utf8_lossy(uid).replace('_', "-").into());
        }
    }

    /// Takes in the control group that it has, whose path does not tell that by itself.
    pub(super) fn set_place(&self, place: &[u8]) {
        self.note(self.place.set(place.into()));
    }

    /// Counts that something became known, if it did.
    fn note<T>(&self, set: Result<(), T>) {
        if set.is_ok() {
            self.revision.set(self.revision.get().saturating_add(1));
        }
    }

    /// How often something became known of it: whoever tells others of it knows by this whether there is more to tell.
    pub fn revision(&self) -> u8 {
        self.revision.get()
    }

    /// The user in whose part of the hierarchy of control groups it is; `None` for root's.
    pub fn owner(&self) -> Option<u32> {
        self.owner
    }

    /// Its control group, where only its runtime's files told that it is one; empty otherwise.
    pub fn place(&self) -> &[u8] {
        self.place.get().map_or(&[], |place| place)
    }

    /// Its id, all of it.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Its id as it is shown: twelve digits, or all of a name.
    pub fn short_id(&self) -> &[u8] {
        short(&self.id)
    }

    /// What runs it, if that is known.
    pub fn runtime(&self) -> Option<Runtime> {
        self.runtime.get().copied().or_else(|| self.details()?.runtime)
    }

    /// What its runtime wrote down, if that was found.
    pub fn details(&self) -> Option<&Details> {
        self.details.get()
    }

    /// Its pod, if it is known to be in one and its runtime wrote that down.
    pub fn pod(&self) -> Option<&Pod> {
        self.details()?.pod.as_ref()
    }

    /// The unique id of its pod; empty if it is in none.
    pub fn pod_uid(&self) -> &str {
        self.pod()
            .map(|pod| pod.uid.as_str())
            .filter(|uid| !uid.is_empty())
            .unwrap_or_else(|| self.pod_uid.get().map_or("", |uid| uid))
    }

    /// Its first IPv4 address, if that is known.
    pub fn ip(&self) -> Option<Ipv4Addr> {
        self.details().and_then(|details| details.ip).or_else(|| self.ip.get().copied())
    }

    /// Its users and groups, if they are known.
    pub fn accounts(&self) -> Option<&Accounts> {
        self.accounts.get()
    }

    /// A mount, by its number.
    pub fn mount(&self, index: usize) -> Option<&Mount> {
        self.details()?.mounts.get(index)
    }

    /// Takes in what its runtime wrote down; what is known already stays.
    pub fn set_details(&self, details: Details) {
        self.note(self.details.set(details));
    }

    /// Takes in its users and groups; what is known already stays.
    pub fn set_accounts(&self, accounts: Accounts) {
        self.note(self.accounts.set(accounts));
    }

    /// Takes in its address; what is known already stays.
    pub fn set_ip(&self, ip: Ipv4Addr) {
        self.note(self.ip.set(ip));
    }

    /// Whether its runtime was asked what it is.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.get()
    }

    /// Notes whether its runtime was asked.
    pub(super) fn set_asked(&self, asked: bool) {
        self.asked.set(asked);
    }

    /// Whether it has an address of its own to be found.
    pub(super) fn lacks_ip(&self) -> bool {
        self.ip().is_none() && self.details().is_none_or(|details| details.host_network != Some(true))
    }

    /// Whether something is still to be looked for; counts the time if so.
    pub(super) fn may_look(&self) -> bool {
        let wanting = self.details().is_none() || self.accounts().is_none() || self.lacks_ip();
        let may = wanting && self.tries.get() < TRIES;
        if may {
            self.tries.set(self.tries.get() + 1);
        }
        may
    }
}

/// An id as it is shown: of names, nothing is cut.
pub(crate) fn short(id: &[u8]) -> &[u8] {
    let is_hash = id.len() == 64 && id.iter().all(u8::is_ascii_hexdigit);
    id.get(..SHORT).filter(|_| is_hash).unwrap_or(id)
}
