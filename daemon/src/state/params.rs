//! The parameters that are taken in, each found where its event has it: which place that is, is known when this is compiled.

use super::LIFECYCLE;
use kestrel_core::event::{Param, Record};
use kestrel_core::schema::{EVENTS, EventId, same};

macro_rules! names {
    ($($name:ident $text:literal)*) => {
        /// Names of parameters.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Name {
            $(#[doc = $text] $name),*
        }

        /// The same as the schema has them, in the same order.
        const NAMES: &[&str] = &[$($text),*];
    };
}

names! {
    Args "args"
    CapEffective "cap_effective"
    CapInheritable "cap_inheritable"
    CapPermitted "cap_permitted"
    Cgroups "cgroups"
    ChildPid "child_pid"
    ChildPpid "child_ppid"
    ChildStart "child_start_time"
    ChildTid "child_tid"
    ChildVpid "child_vpid"
    ChildVtid "child_vtid"
    Cwd "cwd"
    Env "env"
    Exe "exe"
    ExeCtime "exe_ino_ctime"
    ExeIno "exe_ino"
    ExeMtime "exe_ino_mtime"
    ExePath "trusted_exepath"
    Fd "fd"
    FdLimit "fdlimit"
    Filename "filename"
    Flags "flags"
    GroupDead "group_dead"
    NamespaceStart "pidns_init_start_ts"
    PageFaultsMajor "pgft_maj"
    PageFaultsMinor "pgft_min"
    Path "path"
    Reaper "reaper_tid"
    VmRss "vm_rss"
    VmSize "vm_size"
    VmSwap "vm_swap"
}

/// What an event does not have.
const NONE: u8 = u8::MAX;

type Places = [u8; NAMES.len()];

/// The places of each event that is taken in.
static PLACES: [Places; LIFECYCLE.len()] = {
    let mut all = [[NONE; NAMES.len()]; LIFECYCLE.len()];
    let mut event = 0;
    while event < LIFECYCLE.len() {
        let params = EVENTS[LIFECYCLE[event].0 as usize].params;
        let mut place = 0;
        while place < params.len() {
            let mut name = 0;
            while name < NAMES.len() {
                if same(NAMES[name], params[place].name) {
                    all[event][name] = place as u8;
                }
                name += 1;
            }
            place += 1;
        }
        event += 1;
    }
    all
};

/// The parameters of a record; none if its event is not taken in.
pub(super) struct Params<'r, 'a> {
    record: &'r Record<'a>,
    places: Option<&'static Places>,
}

impl<'r, 'a> Params<'r, 'a> {
    /// Those of a record.
    pub(super) fn of(record: &'r Record<'a>) -> Params<'r, 'a> {
        let event = EventId(record.header().event);
        let places = LIFECYCLE.iter().position(|taken_in| *taken_in == event).map(|index| &PLACES[index]);
        Params { record, places }
    }

    /// The one of this name.
    pub(super) fn get(&self, name: Name) -> Option<Param<'a>> {
        let place = *self.places?.get(name as usize)?;
        self.record.param(place.into())
    }

    /// The one of this name, as a number.
    pub(super) fn number(&self, name: Name) -> Option<u64> {
        self.get(name)?.uint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::schema;

    #[test]
    fn every_parameter_is_where_the_schema_has_it() {
        for (event, places) in LIFECYCLE.into_iter().zip(&PLACES) {
            let params = schema::get(event).unwrap().params;
            for (name, place) in NAMES.iter().zip(places) {
                let expected = params.iter().position(|param| param.name == *name);
                assert_eq!((*place != NONE).then_some(usize::from(*place)), expected, "{event:?} {name}");
            }
        }
        // One that no event has was renamed.
        for (index, name) in NAMES.iter().enumerate() {
            assert!(PLACES.iter().any(|places| places[index] != NONE), "{name}");
        }
    }
}
