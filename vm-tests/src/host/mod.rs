//! The host's side: kernels, images, QEMU, the report.

mod arch;
mod archive;
mod counting;
mod demo;
mod engines;
mod fetch;
mod image;
mod kept;
mod kernel;
mod machine;
mod options;
mod other;
mod report;
mod run;
mod snapshot;
mod soak;

use crate::engine::Engine;
use crate::scenarios;
use arch::Arch;
use image::Image;
use kernel::Kernel;
use options::{Action, Options};
use std::path::PathBuf;
use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match act(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("vm-tests: {message}");
            ExitCode::FAILURE
        }
    }
}

/// A kernel with the image that was built for it.
#[derive(Debug)]
struct Subject {
    kernel: Kernel,
    image: Image,
    /// With container engines, those that are asked for.
    with_engines: Vec<(Engine, Image)>,
}

impl Subject {
    /// The image with an engine, or without one; `None` if it was not built.
    fn image(&self, engine: Option<Engine>) -> Option<&Image> {
        match engine {
            None => Some(&self.image),
            Some(engine) => self.with_engines.iter().find(|(known, _)| *known == engine).map(|(_, image)| image),
        }
    }
}

fn act(options: &Options) -> Result<bool, String> {
    let target = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    if options.action == Action::List {
        for scenario in scenarios::all() {
            println!("{:<40} {}", scenario.name, scenario.about);
        }
        return Ok(true);
    }
    if options.action == Action::Fetch {
        return fetch::fetch(&target, &options.kernels).map(|()| true);
    }
    let subjects = options
        .kernels
        .iter()
        .map(|flavour| {
            let kernel = Kernel::find(&target, flavour)?;
            let image = Image::build(&target, &kernel, None)?;
            let build = |engine| Ok((engine, Image::build(&target, &kernel, Some(engine))?));
            let with_engines = if options.action == Action::Test && kernel.arch == Arch::HOST {
                report::engines(options).into_iter().map(build).collect::<Result<_, String>>()?
            } else {
                Vec::new()
            };
            Ok(Subject { kernel, image, with_engines })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let folder = target.join("vm");
    match (&options.action, subjects.first()) {
        (Action::Demo, Some(subject)) => demo::run(subject, &folder),
        (Action::Shell, Some(subject)) => demo::hand_over(subject, &folder).map(|()| true),
        (Action::Soak, Some(subject)) => soak::run(subject, &folder, options),
        (Action::Count, _) => counting::run(&subjects, &target),
        _ => report::run_all(options, &subjects, &folder),
    }
}
