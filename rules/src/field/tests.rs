use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn of(class: FieldClass) -> impl Iterator<Item = &'static FieldDef> {
    FIELDS.iter().filter(move |def| def.class == class)
}

#[test]
fn every_group_has_as_many_fields_as_in_falco() {
    let counts = FieldClass::ALL.map(|class| (class.name(), of(class).count()));
    assert_eq!(
        counts,
        [
            ("event", 18),
            ("system call", 58),
            ("fd", 46),
            ("fdlist", 6),
            ("fs.path", 6),
            ("process", 90),
            ("user", 6),
            ("group", 2),
            ("container", 61),
            ("k8smeta", 25),
            ("k8s_audit", 100),
            ("json", 6),
            ("util", 1),
        ]
    );
}

#[test]
fn marks_and_arguments_are_as_many_as_in_falco() {
    let core = |class| !matches!(class, FieldClass::K8sMeta | FieldClass::Json);
    let with = |flag| FIELDS.iter().filter(|def| core(def.class) && def.flags.contains(flag)).count();
    let counts = FieldFlags::NAMES.map(|(flag, name)| (name, with(flag)));
    insta::assert_debug_snapshot!(counts);
    let args = |rule| FIELDS.iter().filter(move |def| core(def.class) && def.arg == rule).map(|def| def.name);
    let required: Vec<&str> = args(ArgRule::Name).chain(args(ArgRule::NameOrIndex)).collect();
    insta::assert_debug_snapshot!(required);
}

#[test]
fn groups_stand_together_in_the_order_of_their_list() {
    let classes: Vec<FieldClass> = FIELDS.iter().map(|def| def.class).collect();
    assert!(classes.is_sorted());
    assert!(FieldClass::ALL.is_sorted());
}

#[test]
fn a_field_is_found_by_its_name_and_is_at_its_place() {
    let mut names = HashSet::new();
    for (index, def) in FIELDS.iter().enumerate() {
        assert!(names.insert(def.name), "{} is there twice", def.name);
        assert_eq!(def.field as usize, index);
        assert_eq!(def.field.def().name, def.name);
        assert_eq!(Field::by_name(def.name), Some(def.field));
    }
}

#[test]
fn a_name_is_what_the_grammar_takes_for_a_field() {
    for def in FIELDS {
        let parts: Vec<&str> = def.name.split('.').collect();
        assert!(parts.len() > 1, "{}", def.name);
        for part in parts {
            assert!(part.starts_with(|c: char| c.is_ascii_alphabetic()), "{}", def.name);
            assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{}", def.name);
        }
    }
}

#[test]
fn a_description_is_a_sentence_and_says_something_of_its_own() {
    let mut descriptions = HashSet::new();
    for def in FIELDS {
        let text = def.description;
        assert!(text.ends_with('.') && !text.ends_with(".."), "{}: {text}", def.name);
        assert!(text.starts_with(|c: char| c.is_ascii_uppercase() || matches!(c, '`' | '1')), "{}: {text}", def.name);
        assert!(!text.contains("  ") && text.matches('`').count() % 2 == 0, "{}: {text}", def.name);
        assert!(descriptions.insert(text), "{}: {text}", def.name);
    }
}

#[test]
fn a_description_names_only_fields_that_there_are() {
    for def in FIELDS {
        for quoted in def.description.split('`').skip(1).step_by(2) {
            let name = quoted.split('[').next().unwrap_or_default();
            let looks_like_a_field =
                FIELDS.iter().any(|other| other.name.split('.').next() == name.split('.').next()) && name.contains('.');
            if looks_like_a_field
                && !["evt.arg.flags", "evt.type.is.openat", "evt.abspath.src", "evt.abspath.dst"].contains(&name)
            {
                assert!(Field::by_name(name).is_some(), "{}: {quoted}", def.name);
            }
        }
    }
}

#[test]
fn a_deprecated_field_is_never_suggested_and_a_suggested_one_needs_no_argument() {
    for def in FIELDS {
        if def.flags.contains(FieldFlags::SUGGESTED) {
            assert!(!def.flags.contains(FieldFlags::DEPRECATED) && !def.arg.is_required(), "{}", def.name);
            assert!(!def.flags.contains(FieldFlags::FILTER_ONLY), "{}", def.name);
        }
    }
}

#[test]
fn types_and_groups_have_names_of_their_own_and_descriptions() {
    let types: HashSet<&str> = FieldType::ALL.iter().map(|ty| ty.name()).collect();
    assert_eq!(types.len(), FieldType::ALL.len());
    let classes: HashSet<&str> = FieldClass::ALL.iter().map(|class| class.name()).collect();
    assert_eq!(classes.len(), FieldClass::ALL.len());
    for text in
        FieldType::ALL.map(FieldType::description).into_iter().chain(FieldClass::ALL.map(FieldClass::description))
    {
        assert!(text.ends_with('.'), "{text}");
    }
    for def in FIELDS {
        assert!(FieldType::ALL.contains(&def.ty) && FieldClass::ALL.contains(&def.class));
    }
}

#[test]
fn sources_are_found_by_their_names_and_everything_covers_all() {
    for source in [FieldSource::Syscall, FieldSource::K8sAudit] {
        assert_eq!(source.name().and_then(FieldSource::by_name), Some(source));
        assert!(FieldSource::Any.covers(source) && source.covers(FieldSource::Any) && source.covers(source));
    }
    assert!(!FieldSource::Syscall.covers(FieldSource::K8sAudit));
    assert_eq!(FieldSource::by_name("any"), None);
}

#[test]
fn marks_are_kept_apart() {
    for (flag, name) in FieldFlags::NAMES {
        assert!(!FieldFlags::NONE.contains(flag));
        assert_eq!(flag.names().collect::<Vec<_>>(), [name]);
    }
    let both = FieldFlags::LIST.union(FieldFlags::DEPRECATED);
    assert_eq!(both.names().collect::<Vec<_>>(), ["list", "deprecated"]);
}

proptest! {
    #[test]
    fn finding_by_name_agrees_with_looking_at_every_row(
        name in prop_oneof!["[a-z]{1,5}(\\.[a-z_]{1,6}){0,3}", (0..FIELDS.len(), "[a-z.]{0,2}").prop_map(|(n, more)| FIELDS[n].name.to_owned() + &more)]
    ) {
        let slow = FIELDS.iter().find(|def| def.name == name).map(|def| def.field);
        prop_assert_eq!(Field::by_name(&name), slow);
    }
}
