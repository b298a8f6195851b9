//! Values from a finished record.

use super::read::Written;
use super::{
    Evaluation, Ip, Known, Load, Program, Scope, Step, Verdict, View, address_of, number_of, task_number, text_of,
};
use crate::event::{Flags, Record};
use crate::schema::{self, EventId, id};

/// The flags that [`Load::Flags`] gives: those that are known from the beginning.
pub(crate) const LOADED_FLAGS: u16 = Flags::FAILED.0 | Flags::COMPAT32.0 | Flags::IO_URING.0;

/// What programs ask of a record's process and is not in the record: [`Known::Unknown`] where nobody keeps it.
#[derive(Clone, Copy, Debug)]
pub struct OfProcess<'a> {
    /// [`Load::Marks`].
    pub marks: Known<u64>,
    /// [`Load::ProcessName`] and, of each ancestor from the parent on, [`Load::AncestorName`]; beyond the last there is none. `None`
    /// if they are not known.
    pub names: Option<&'a [Known<&'a [u8]>]>,
}

impl OfProcess<'_> {
    /// Nothing is known.
    pub const UNKNOWN: OfProcess<'static> = OfProcess { marks: Known::Unknown, names: None };

    fn name(&self, generation: u8) -> Known<&[u8]> {
        let Some(names) = self.names else { return Known::Unknown };
        names.get(usize::from(generation)).copied().unwrap_or(Known::Absent)
    }
}

/// A finished record, as a program sees it.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    record: &'a Record<'a>,
    process: OfProcess<'a>,
}

impl<'a> RecordView<'a> {
    /// The view of a record, of whose process this is known.
    pub fn new(record: &'a Record<'a>, process: OfProcess<'a>) -> RecordView<'a> {
        RecordView { record, process }
    }

    fn written(&self, param: u8) -> Option<Written<'a>> {
        let recipe = schema::recipe(EventId(self.record.header().event))?;
        Some(Written {
            source: recipe.sources.get(usize::from(param))?,
            param: self.record.param(usize::from(param)),
            failed: self.record.flags().contains(Flags::FAILED),
        })
    }
}

impl View for RecordView<'_> {
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        match (load, load.scope()) {
            (Load::Flags, _) => Known::Is(u64::from(self.record.header().flags & LOADED_FLAGS)),
            (Load::Marks, _) => self.process.marks,
            (_, Scope::Event) => task_number(load, self.record.task()),
            (_, Scope::Param) => self.written(param).map_or(Known::Unknown, |written| number_of(load, written)),
        }
    }

    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        match load {
            Load::Comm => Known::Is(self.record.task().comm()),
            Load::ProcessName => self.process.name(0),
            Load::AncestorName => self.process.name(param),
            _ => self.written(param).map_or(Known::Unknown, |written| text_of(load, written)),
        }
    }

    fn address(&mut self, load: Load, param: u8) -> Known<Ip> {
        self.written(param).map_or(Known::Unknown, |written| address_of(load, written))
    }
}

/// True if programs judge this event at all: false for those that are always kept, because the table of processes is made from
/// them. `failed` is [`Flags::FAILED`].
pub fn is_judged(event: EventId, failed: bool) -> bool {
    match event {
        id::PROCEXIT => false,
        id::CLONE | id::CLONE3 | id::FORK | id::VFORK | id::EXECVE | id::EXECVEAT => failed,
        _ => true,
    }
}

/// What a program says of a finished record, of whose process this is known.
pub fn judge(program: &Program<'_>, record: &Record<'_>, process: OfProcess<'_>) -> Verdict {
    let event = EventId(record.header().event);
    if !is_judged(event, record.flags().contains(Flags::FAILED)) {
        return Verdict::Keep;
    }
    let Some(mut evaluation) = Evaluation::of(program, event) else { return Verdict::Keep };
    match evaluation.go(&mut RecordView::new(record, process)) {
        Step::Done(verdict) => verdict,
        // A finished record has everything it will ever have.
        Step::Later => Verdict::Keep,
    }
}
