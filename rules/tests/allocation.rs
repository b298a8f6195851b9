//! Judging an event that matches nothing allocates nothing, once it was done a few times. Nothing else runs in this
//! program: every allocation counts.

use kestrel_core::schema::id;
use kestrel_rules::{DEFAULT_RULES, Facts, Field, FieldRef, LoadOptions, Matching, RuleSet, RuleSource, Value};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` came from `alloc` above, with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An event in which everything has a value, and no rule's.
struct Dull;

impl Facts for Dull {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        match field.field {
            Field::EvtType => Value::Str(b"openat"),
            Field::ProcName | Field::ProcPname => Value::Str(b"dull"),
            Field::ProcAname => Value::Any(&[Value::Str(b"init"), Value::Str(b"dull")]),
            Field::FdTypes => Value::List(&[Value::Str(b"file"), Value::Str(b"pipe")]),
            Field::EvtRawres => Value::Int(3),
            Field::FdName => Value::Str(b"/usr/lib/Dull\xff.so"),
            Field::ProcCmdline => Value::Str(b"dull -x 5 --long word"),
            _ => Value::Missing,
        }
    }
}

const EVERYTHING: &str = r#"
- list: many
  items: [a, b, c, d, e, f, g, h]
- macro: opened
  condition: evt.type in (open, openat) and evt.rawres >= 0
- rule: Sets and texts
  desc: d
  condition: >
    opened and (proc.name in (many) or proc.pname = x or fd.name pmatch (/etc, /home/*/.ssh) or fd.name contains shadow
    or fd.name contains passwd or fd.name icontains KEY or fd.name endswith .key or fd.name endswith .pem
    or fd.name startswith /etc or fd.name glob "*/x?/*" or fd.name regex "/etc/[a-z]+\\.(d|conf)/.*"
    or proc.cmdline regex "[ab]*a[ab]{14}.*")
  output: o
  priority: NOTICE
- rule: Several values
  desc: d
  condition: >
    opened and (proc.aname in (many) or fd.types intersects (many) or not proc.aname exists
    or proc.name contains oneof (x, y) or proc.name startswith allof (d, x))
  output: o
  priority: NOTICE
- rule: Transformers
  desc: d
  condition: >
    opened and (tolower(fd.name) startswith /etc or basename(fd.name) = shadow or len(fd.name) > 100
    or concat(proc.name, "/", proc.pname) = x or join(",", (proc.name, proc.pname)) = y
    or getopt(proc.cmdline, "x:")[x] = 7 or b64(proc.name) = x or proc.name != val(proc.pname)
    or toupper(proc.name) glob val(proc.cmdline))
  output: o
  priority: NOTICE
"#;

fn source(text: &str) -> RuleSource {
    RuleSource { name: "test.yaml".to_owned(), text: text.to_owned() }
}

#[test]
fn an_event_that_matches_nothing_allocates_nothing() {
    for text in [DEFAULT_RULES, EVERYTHING] {
        for matching in [Matching::First, Matching::All] {
            let options = LoadOptions { matching, ..LoadOptions::default() };
            let mut rules = RuleSet::load(&[source(text)], options).unwrap_or_else(|errors| panic!("{errors}")).rules;
            let mut matched = 0;
            let mut judge = |times: usize| {
                for _ in 0..times {
                    rules.evaluate(id::OPENAT, &Dull, |_| matched += 1);
                    rules.evaluate(id::UNLINK, &Dull, |_| matched += 1);
                }
            };
            judge(3);
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            judge(1_000);
            assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
            assert_eq!(matched, 0);
        }
    }
}
