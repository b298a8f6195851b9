//! What an alert looks like.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kestrel_outputs::{Alert, FieldValue, Format, Formatter, Priority, TimeStyle, local_zone};
use proptest::prelude::*;

fn alert() -> Alert {
    Alert {
        time_ns: 1_470_327_477_881_781_397,
        priority: Priority::Warning,
        rule: "open_from_cat".into(),
        source: "syscall".into(),
        tags: vec!["process".to_owned(), "filesystem".to_owned()].into(),
        hostname: "test-host".into(),
        message: "An open was seen (command=cat /dev/null)".to_owned(),
        fields: vec![
            ("proc.cmdline".to_owned(), FieldValue::Str("cat /dev/null".to_owned())),
            ("evt.time.iso8601".to_owned(), FieldValue::Uint(1_470_327_477_881_781_397)),
            ("proc.aname[2]".to_owned(), FieldValue::Null),
            ("evt.failed".to_owned(), FieldValue::Bool(false)),
            ("evt.rawres".to_owned(), FieldValue::Int(-2)),
        ],
    }
}

fn formatter(format: Format, time: TimeStyle) -> Formatter {
    Formatter { format, time, zone: TimeZone::UTC, ..Formatter::default() }
}

#[test]
fn text_is_time_priority_and_message() {
    insta::assert_snapshot!(formatter(Format::Text, TimeStyle::Local).format(&alert()), @"16:17:57.881781397: Warning An open was seen (command=cat /dev/null)");
    insta::assert_snapshot!(formatter(Format::Text, TimeStyle::Iso8601).format(&alert()), @"2016-08-04T16:17:57.881781397+0000: Warning An open was seen (command=cat /dev/null)");
}

#[test]
fn json_is_falcos() {
    let json = formatter(Format::Json, TimeStyle::Iso8601).format(&alert());
    assert_eq!(
        json,
        r#"{"hostname":"test-host","output":"2016-08-04T16:17:57.881781397+0000: Warning An open was seen (command=cat /dev/null)","priority":"Warning","rule":"open_from_cat","source":"syscall","tags":["filesystem","process"],"time":"2016-08-04T16:17:57.881781397Z", "output_fields": {"evt.failed":false,"evt.rawres":-2,"evt.time.iso8601":1470327477881781397,"proc.aname[2]":null,"proc.cmdline":"cat /dev/null"}}"#
    );
}

#[test]
fn json_properties_can_be_left_out_and_added() {
    let small = Formatter {
        include_output: false,
        include_fields: false,
        include_tags: false,
        include_message: true,
        ..formatter(Format::Json, TimeStyle::Iso8601)
    };
    insta::assert_snapshot!(small.format(&alert()), @r#"{"hostname":"test-host","message":"An open was seen (command=cat /dev/null)","priority":"Warning","rule":"open_from_cat","source":"syscall","time":"2016-08-04T16:17:57.881781397Z"}"#);
}

#[test]
fn what_could_end_a_line_or_speak_to_a_terminal_is_escaped() {
    let mut alert = alert();
    alert.message = "a\nb\x1b[2Jc\u{202e}d\u{85}e".to_owned();
    insta::assert_snapshot!(formatter(Format::Text, TimeStyle::Local).format(&alert), @r"16:17:57.881781397: Warning a\nb\x1b[2Jc\u{202e}d\u{85}e");
}

#[test]
fn priorities_are_read_without_regard_to_case() {
    assert_eq!("WARNING".parse(), Ok(Priority::Warning));
    assert_eq!("info".parse(), Ok(Priority::Informational));
    assert!("bad".parse::<Priority>().is_err());
}

proptest! {
    #[test]
    fn an_alert_is_one_line_and_its_json_reads_back(message in any::<String>(), name in any::<String>(), value in any::<String>(), time_ns in any::<u64>()) {
        let mut alert = alert();
        alert.message = message;
        alert.time_ns = time_ns;
        alert.fields = vec![(name.clone(), FieldValue::Str(value.clone()))];
        for format in [Format::Text, Format::Json] {
            let line = formatter(format, TimeStyle::Iso8601).format(&alert);
            prop_assert!(!line.contains(kestrel_outputs::escape::is_unsafe));
        }
        let json: serde_json::Value = serde_json::from_str(&formatter(Format::Json, TimeStyle::Local).format(&alert)).unwrap();
        prop_assert_eq!(json["output_fields"][&name].as_str(), Some(value.as_str()));
    }
}

#[test]
fn local_times_are_those_of_the_system() {
    // Winter and summer: their offsets differ in many zones.
    for second in [1_767_268_800, 1_782_900_000] {
        let at = Timestamp::from_second(second).unwrap();
        assert_eq!(local_zone().to_offset(at), TimeZone::system().to_offset(at), "{at}");
    }
}
