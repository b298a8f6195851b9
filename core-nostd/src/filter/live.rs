//! Values from an event that is being recorded: each is fetched when it is asked for, and stays in the record.

use super::read::Written;
use super::record::LOADED_FLAGS;
use super::{Ip, Known, Load, Scope, View, address_of, number_of, task_number, text_of};
use crate::event::{Flags, TaskContext};
use crate::fill::{Draft, Identity, Kernel, Moment};

impl<K: Kernel> Draft<'_, '_, K> {
    /// A parameter, written into the record.
    fn asked(&mut self, param: u8) -> Known<Written<'_>> {
        let index = usize::from(param);
        if !self.has_room() {
            return Known::Later;
        }
        let (Some(source), failed) = (self.source(index), self.flags().contains(Flags::FAILED)) else {
            return Known::Unknown;
        };
        match self.param(index) {
            Ok(param) => Known::Is(Written { source, param, failed }),
            // The record cannot be written, and will count as dropped.
            Err(_) => Known::Unknown,
        }
    }
}

impl<K: Kernel> Draft<'_, '_, K> {
    /// A number that is not simply in a register.
    #[inline(never)]
    fn fetched(&mut self, load: Load, param: u8) -> Known<u64> {
        match load {
            Load::FdNumber => {
                if let Some(fd) = self.descriptor(usize::from(param)) {
                    return Known::Is(i64::from(fd).cast_unsigned());
                }
            }
            Load::Marks => return self.marks().map_or(Known::Unknown, Known::Is),
            _ if matches!(load.scope(), Scope::Event) => {
                if is_cheap(load) {
                    return of_identity(load, self.identity());
                }
                if !self.has_room() {
                    return Known::Later;
                }
                return self.task().map_or(Known::Unknown, |task| task_number(load, task));
            }
            _ => {}
        }
        self.asked(param).then(|written| number_of(load, written))
    }
}

impl<K: Kernel> View for Draft<'_, '_, K> {
    #[inline]
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        let register = match load {
            Load::Number => self.register(usize::from(param)),
            Load::Flags => Some(u64::from(self.flags().0 & LOADED_FLAGS)),
            _ => None,
        };
        match register {
            Some(number) => Known::Is(number),
            None => self.fetched(load, param),
        }
    }

    #[inline]
    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        let index = usize::from(param);
        match load {
            Load::Comm => Known::Is(TaskContext::name(&self.identity().comm)),
            Load::ProcessName => self.process_name(0),
            Load::AncestorName => self.process_name(param),
            _ if !self.has_room() => Known::Later,
            Load::Path => {
                if let Some(fd) = self.path_of(index).and_then(|fd| u8::try_from(fd).ok()) {
                    return self.asked(fd).then(|written| match text_of(Load::FdPath, written) {
                        Known::Is(path) => Known::Is(path),
                        // No socket is opened by name.
                        _ => Known::Unknown,
                    });
                }
                if self.reads_absolute_path(index) {
                    return self.passed_path().map_or(Known::Unknown, Known::Is);
                }
                self.asked(param).then(|written| text_of(load, written))
            }
            Load::RawPath if self.reads_path(index) => self.passed_path().map_or(Known::Unknown, Known::Is),
            _ => self.asked(param).then(|written| text_of(load, written)),
        }
    }

    fn address(&mut self, load: Load, param: u8) -> Known<Ip> {
        self.asked(param).then(|written| address_of(load, written))
    }
}

/// True for the numbers of the task that cost little.
const fn is_cheap(load: Load) -> bool {
    matches!(load, Load::Tid | Load::Pid | Load::Uid | Load::Euid | Load::Gid | Load::Egid | Load::LoginUid)
}

fn of_identity(load: Load, identity: &Identity) -> Known<u64> {
    Known::Is(u64::from(match load {
        Load::Tid => identity.tid,
        Load::Pid => identity.pid,
        Load::Uid => identity.uid,
        Load::Euid => identity.euid,
        Load::Gid => identity.gid,
        Load::Egid => identity.egid,
        Load::LoginUid => identity.loginuid,
        _ => return Known::Unknown,
    }))
}

/// What happens to a task outside of a system call, as a program sees it. The context of the task is asked for when a program gets
/// there.
#[derive(Debug)]
pub struct MomentView<M, F> {
    moment: M,
    fill: F,
    task: Option<TaskContext>,
}

impl<M: Moment, F: FnMut() -> TaskContext> MomentView<M, F> {
    /// The view of what happens; `fill` gives the context of the task that it happens to.
    pub fn new(moment: M, fill: F) -> MomentView<M, F> {
        MomentView { moment, fill, task: None }
    }

    /// The context of the task.
    pub fn task(&mut self) -> &TaskContext {
        let MomentView { fill, task, .. } = self;
        task.get_or_insert_with(fill)
    }
}

impl<M: Moment, F: FnMut() -> TaskContext> View for MomentView<M, F> {
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        match load {
            Load::Flags => Known::Is(0),
            Load::Number => self.moment.number(param.into()).map_or(Known::Unknown, Known::Is),
            _ if matches!(load.scope(), Scope::Event) => task_number(load, self.task()),
            _ => Known::Unknown,
        }
    }

    fn text(&mut self, load: Load, _: u8) -> Known<&[u8]> {
        match load {
            Load::Comm => Known::Is(self.task().comm()),
            _ => Known::Unknown,
        }
    }

    fn address(&mut self, _: Load, _: u8) -> Known<Ip> {
        Known::Unknown
    }
}
