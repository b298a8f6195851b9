//! Where each event has the parameters that fields ask for by name, found when the program is built: an event pays no search.

use kestrel_core::schema::{EVENT_COUNT, EVENTS, EventId, Param, Type, id, same};

/// What says that an event has no such parameter.
const NONE: u8 = u8::MAX;

/// Parameters that fields are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Data,
    Dir,
    Filename,
    Flags,
    Linkpath,
    Mode,
    Name,
    Newpath,
    Oldpath,
    Path,
    Pathname,
    Target,
    Tuple,
}

/// Their names, in the order of [`Known`].
const NAMES: [&str; 13] = [
    "data", "dir", "filename", "flags", "linkpath", "mode", "name", "newpath", "oldpath", "path", "pathname", "target",
    "tuple",
];

/// Parameters that hold the path of a call with one; the first that the event has, and that is a path, counts: an attribute has a
/// name too.
const ONE_PATH: [Known; 6] = [Known::Name, Known::Path, Known::Filename, Known::Pathname, Known::Dir, Known::Linkpath];

/// Where one event has what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    known: [u8; NAMES.len()],
    /// The descriptor that `fd.*` is about: the parameter `fd`, or the one that the call returned as `res`.
    fd: u8,
    /// The path of a call with one.
    one_path: u8,
    /// The event opens a file by its name or its handle.
    pub is_open: bool,
}

static PLACES: [Places; EVENT_COUNT] = {
    let mut all = [Places { known: [NONE; NAMES.len()], fd: NONE, one_path: NONE, is_open: false }; EVENT_COUNT];
    let mut event = 0;
    while event < EVENT_COUNT {
        all[event] = Places::of(EventId(event as u16), EVENTS[event].params);
        event += 1;
    }
    all
};

impl Places {
    const fn of(event: EventId, params: &[Param]) -> Places {
        let mut known = [NONE; NAMES.len()];
        let mut fd = NONE;
        // From the last to the first: the first of a name counts.
        let mut index = params.len();
        while index > 0 {
            index -= 1;
            let param = &params[index];
            let mut name = 0;
            while name < NAMES.len() {
                if same(param.name, NAMES[name]) {
                    known[name] = index as u8;
                }
                name += 1;
            }
            if matches!(param.ty, Type::Fd) && (same(param.name, "fd") || same(param.name, "res")) {
                fd = index as u8;
            }
        }
        let mut one_path = NONE;
        let mut name = ONE_PATH.len();
        while name > 0 {
            name -= 1;
            let index = known[ONE_PATH[name] as usize];
            if index != NONE && matches!(params[index as usize].ty, Type::Path) {
                one_path = index;
            }
        }
        let is_open = matches!(event, id::OPEN | id::OPENAT | id::OPENAT2 | id::OPEN_BY_HANDLE_AT | id::CREAT);
        Places { known, fd, one_path, is_open }
    }

    /// Those of an event; `None` if it is not known to this version.
    pub fn get(event: EventId) -> Option<&'static Places> {
        PLACES.get(usize::from(event.0))
    }

    /// Where it has this parameter.
    pub fn known(&self, known: Known) -> Option<usize> {
        self.known.get(known as usize).copied().and_then(place)
    }

    /// Where it has its descriptor.
    pub fn fd(&self) -> Option<usize> {
        place(self.fd)
    }

    /// Where it has its one path.
    pub fn one_path(&self) -> Option<usize> {
        place(self.one_path)
    }
}

fn place(index: u8) -> Option<usize> {
    (index != NONE).then_some(index.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_where_a_search_by_its_name_finds_it() {
        let all = [
            Known::Data,
            Known::Dir,
            Known::Filename,
            Known::Flags,
            Known::Linkpath,
            Known::Mode,
            Known::Name,
            Known::Newpath,
            Known::Oldpath,
            Known::Path,
            Known::Pathname,
            Known::Target,
            Known::Tuple,
        ];
        for (event, row) in (0..).map(EventId).zip(EVENTS) {
            let places = Places::get(event).expect("every event has places");
            for (known, name) in all.into_iter().zip(NAMES) {
                assert_eq!(format!("{known:?}").to_lowercase(), name);
                let found = row.params.iter().position(|param| param.name == name);
                assert_eq!(places.known(known), found, "{} {name}", row.name);
            }
            let fd = |param: &Param| matches!(param.ty, Type::Fd) && ["fd", "res"].contains(&param.name);
            assert_eq!(places.fd(), row.params.iter().position(fd), "{}", row.name);
            let one = ONE_PATH.iter().filter_map(|known| places.known(*known));
            let is_path = |index: &usize| matches!(row.params[*index].ty, Type::Path);
            assert_eq!(places.one_path(), one.into_iter().find(is_path), "{}", row.name);
        }
    }
}
