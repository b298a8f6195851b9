//! The configuration as it is read at the start. The input is lines: options (`-o key=value`) and variables of the
//! environment (`KESTREL_…=value`) first, the file's text after them.
//!
//! The law: it is refused, and every message begins with its place; or it is accepted, and then it can be written down
//! whole, is read as the same again, and nothing in it is unknown.
#![no_main]

use kestrel::config::{self, Config, Loaded, Origins};
use libfuzzer_sys::fuzz_target;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{LazyLock, Mutex};

/// Where the text is put: the configuration is read from a path.
static FILE: LazyLock<Mutex<tempfile::NamedTempFile>> = LazyLock::new(|| {
    // Memory, where there is such a folder: it is written for each input.
    let memory = Path::new("/dev/shm");
    let file = if memory.is_dir() { tempfile::NamedTempFile::new_in(memory) } else { tempfile::NamedTempFile::new() };
    Mutex::new(file.expect("a temporary file"))
});

fn load(text: &[u8], environment: Vec<(String, String)>, options: &[String]) -> Result<Loaded, Vec<String>> {
    let mut file = FILE.lock().expect("one thread");
    file.as_file().set_len(0).expect("emptied");
    file.rewind().expect("rewound");
    file.write_all(text).expect("written");
    let name = file.path().display().to_string();
    let result = config::load(&Origins { file: Some(file.path()), environment, options });
    result.map_err(|errors| errors.0.iter().map(|message| message.replace(&name, "FILE")).collect())
}

fn write_down(config: &Config) -> String {
    // JSON is YAML, but for characters that YAML wants escaped.
    let json = serde_json::to_string(config).expect("a configuration is plain data");
    let escaped = json.chars().map(|c| match c {
        ' '..='~' => c.to_string(),
        _ => format!("\\U{:08x}", u32::from(c)),
    });
    escaped.collect()
}

fuzz_target!(|bytes: &[u8]| {
    let mut text = bytes;
    let (mut environment, mut options) = (Vec::new(), Vec::new());
    while let Some(end) = text.iter().position(|byte| *byte == b'\n')
        && let Ok(line) = std::str::from_utf8(&text[..end])
    {
        if let Some(option) = line.strip_prefix("-o ") {
            options.push(option.to_owned());
        } else if let Some((name, value)) = line.split_once('=').filter(|(name, _)| name.starts_with("KESTREL_")) {
            environment.push((name.to_owned(), value.to_owned()));
        } else {
            break;
        }
        text = &text[end + 1..];
    }
    match load(text, environment, &options) {
        Err(messages) => {
            assert!(!messages.is_empty());
            for message in &messages {
                let place =
                    ["FILE:", "-o ", "environment: ", "syscall_event_drops.actions: ", "webserver.", "append_output: "];
                // Files that the text names may be anywhere.
                let place = place.into_iter().chain(["/"]);
                assert!(place.clone().any(|place| message.starts_with(place)), "{message:?}");
            }
        }
        Ok(Loaded { config, .. }) => {
            let written = write_down(&config);
            let again = load(written.as_bytes(), Vec::new(), &[]).expect("what was accepted is accepted again");
            assert_eq!(again.warnings, Vec::<String>::new(), "{written}");
            assert_eq!(write_down(&again.config), written);
        }
    }
});
