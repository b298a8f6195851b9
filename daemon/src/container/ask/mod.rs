//! Asking a runtime over its socket: the second way to know what a container is, taken only where no file told.
//!
//! ```text
//!   loop: a container whose files are nowhere ──question──▶ thread ──HTTP──▶ runtime
//!   loop: the next record                     ◀──answer───
//! ```
//!
//! The loop never waits: questions and answers go through bounded queues, and what does not fit into the first is asked later, or
//! never. The thread begins with the first question. It waits for a runtime as long as [`http::PATIENCE`] allows, one question after
//! the other: a runtime that hangs makes answers late, nothing else. Only sockets of root's are asked, for what is behind a user's
//! own may be anything.
//!
//! | file | is about |
//! |---|---|
//! | `http.rs` | one request |

mod http;

use super::read::{inspect, inspect_image};
use super::{Details, Runtime};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;

/// Questions that wait, at most.
const MOST_QUESTIONS: usize = 64;

/// Bytes of the thread's stack: what runtimes answer is read with bounded depth.
const STACK: usize = 512 << 10;

/// Where runtimes listen that speak Docker's language, below the root, and whose containers are asked for there.
const SOCKETS: [(&str, Runtime); 3] = [
    ("run/docker.sock", Runtime::Docker),
    ("var/snap/docker/current/run/docker.sock", Runtime::Docker),
    ("run/podman/podman.sock", Runtime::Podman),
];

/// A container that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Its id.
    pub id: String,
    /// Who runs it, if that is known.
    pub runtime: Option<Runtime>,
}

/// Asks runtimes.
#[derive(Debug)]
pub(super) struct Asker {
    root: PathBuf,
    running: Option<Running>,
    /// Questions without an answer so far.
    waiting: usize,
}

#[derive(Debug)]
struct Running {
    questions: SyncSender<Question>,
    answers: Receiver<(Question, Option<Details>)>,
}

impl Asker {
    /// Asks those whose sockets are below this folder: `/`.
    pub fn new(root: &Path) -> Asker {
        Asker { root: root.to_owned(), running: None, waiting: 0 }
    }

    /// Asks, unless nobody listens or too much is asked already; true if an answer will come.
    pub fn ask(&mut self, question: Question) -> bool {
        if self.waiting >= MOST_QUESTIONS || self.sockets(question.runtime).next().is_none() {
            return false;
        }
        if self.running.is_none() {
            self.running =
                start(&self.root).inspect_err(|error| log::warn!("no thread to ask runtimes on: {error}")).ok();
        }
        let asked = self.running.as_ref().is_some_and(|running| running.questions.try_send(question).is_ok());
        self.waiting += usize::from(asked);
        asked
    }

    /// An answer that came. It costs nothing as long as nothing is asked.
    pub fn answer(&mut self) -> Option<(Question, Option<Details>)> {
        if self.waiting == 0 {
            return None;
        }
        match self.running.as_ref()?.answers.try_recv() {
            Ok(answer) => {
                self.waiting -= 1;
                Some(answer)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                (self.running, self.waiting) = (None, 0);
                None
            }
        }
    }

    /// The sockets that there are.
    fn sockets(&self, runtime: Option<Runtime>) -> impl Iterator<Item = PathBuf> {
        sockets(&self.root, runtime).map(|(socket, _)| socket)
    }
}

fn sockets(root: &Path, runtime: Option<Runtime>) -> impl Iterator<Item = (PathBuf, Runtime)> {
    let asked = SOCKETS.into_iter().filter(move |(_, whose)| runtime.is_none_or(|runtime| runtime == *whose));
    asked.map(|(place, whose)| (root.join(place), whose)).filter(|(socket, _)| socket.exists())
}

fn start(root: &Path) -> std::io::Result<Running> {
    let (questions, asked) = mpsc::sync_channel::<Question>(MOST_QUESTIONS);
    let (answers, answered) = mpsc::sync_channel(MOST_QUESTIONS);
    let root = root.to_owned();
    let thread = thread::Builder::new().name("kestrel-ask".to_owned()).stack_size(STACK);
    // It ends when nobody asks any more.
    thread.spawn(move || {
        while let Ok(question) = asked.recv() {
            let details = find(&root, &question);
            if answers.send((question, details)).is_err() {
                break;
            }
        }
    })?;
    Ok(Running { questions, answers: answered })
}

/// What the runtimes say that are there.
fn find(root: &Path, question: &Question) -> Option<Details> {
    // It becomes a part of a path.
    if question.id.is_empty() || !question.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
        return None;
    }
    sockets(root, question.runtime).find_map(|(socket, runtime)| {
        let mut details = inspect(&http::get(&socket, &format!("/containers/{}/json", question.id))?)?;
        details.runtime = Some(runtime);
        if details.image.digest.is_empty()
            && !details.image_id.is_empty()
            && let Some(image) = http::get(&socket, &format!("/images/{}/json", details.image_id))
        {
            inspect_image(&image, &mut details);
        }
        Some(details)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, Instant};

    const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";

    /// A machine on which somebody listens in Docker's place, and does this with each client.
    fn machine(mut serve: impl FnMut(&mut dyn ReadWrite, &str) + Send + 'static) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("run")).unwrap();
        let listener = UnixListener::bind(root.path().join("run/docker.sock")).unwrap();
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n > 0) {
                    request.push(byte[0]);
                }
                serve(&mut client, &String::from_utf8_lossy(&request));
            }
        });
        root
    }

    trait ReadWrite: Read + Write {}
    impl<T: Read + Write> ReadWrite for T {}

    fn question(id: &str) -> Question {
        Question { id: id.to_owned(), runtime: Some(Runtime::Docker) }
    }

    /// The answer, once it comes.
    fn wait(asker: &mut Asker) -> (Question, Option<Details>) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(answer) = asker.answer() {
                return answer;
            }
            assert!(Instant::now() < end, "no answer came");
            thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn who_answers_in_dockers_language_is_understood() {
        let root = machine(|client, request| {
            let body = match request.lines().next().unwrap() {
                line if line.starts_with(&format!("GET /containers/{ID}/json ")) => {
                    format!(
                        r#"{{"Name":"/web","Image":"sha256:{ID}","Config":{{"Image":"shop/web:1","Labels":{{"tier":"front"}}}}}}"#
                    )
                }
                line if line.starts_with("GET /images/") => r#"{"RepoDigests":["shop/web@sha256:00ff"]}"#.to_owned(),
                line => panic!("{line}"),
            };
            let _ = write!(client, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}");
        });
        let mut asker = Asker::new(root.path());
        assert!(asker.ask(question(ID)));
        let (asked, details) = wait(&mut asker);
        let details = details.unwrap();
        assert_eq!((asked.id.as_str(), &*details.name, details.runtime), (ID, "web", Some(Runtime::Docker)));
        assert_eq!((&*details.image.tag, &*details.image.digest), ("1", "sha256:00ff"));
        assert_eq!(details.labels["tier"], "front");
        assert!(asker.answer().is_none());
    }

    #[test]
    fn who_answers_anything_else_tells_nothing() {
        let answers: [&[u8]; 6] = [
            b"",
            b"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container\"}",
            b"HTTP/1.0 200 OK\r\n\r\nno JSON",
            b"HTTP/1.0 200 OK\r\n\r\n[1]",
            b"HTTP/1.0 200 OK\r\nContent-Le",
            b"\x16\x03\x01",
        ];
        for answer in answers {
            let root = machine(move |client, _| drop(client.write_all(answer)));
            let mut asker = Asker::new(root.path());
            assert!(asker.ask(question(ID)));
            assert_eq!(wait(&mut asker).1, None, "{:?}", String::from_utf8_lossy(answer));
        }
    }

    #[test]
    fn who_never_stops_or_never_begins_to_answer_is_given_up() {
        let endless = machine(|client, _| {
            let _ = client.write_all(b"HTTP/1.0 200 OK\r\n\r\n{\"Name\":\"");
            while client.write_all(&[b'x'; 4096]).is_ok() {}
        });
        let silent = machine(|client, _| drop(client.read(&mut [0])));
        for root in [endless, silent] {
            let mut asker = Asker::new(root.path());
            assert!(asker.ask(question(ID)));
            assert_eq!(wait(&mut asker).1, None);
        }
    }

    #[test]
    fn nobody_is_asked_who_is_not_there_and_no_more_than_so_much_at_once() {
        let mut asker = Asker::new(Path::new("/no/such/folder"));
        assert!(!asker.ask(question(ID)));
        let root = machine(|client, _| drop(client.read(&mut [0])));
        let mut asker = Asker::new(root.path());
        assert!(!asker.ask(Question { runtime: Some(Runtime::Podman), ..question(ID) }));
        let asked = (0..1000).filter(|n| asker.ask(question(&format!("{n:064x}")))).count();
        assert_eq!(asked, MOST_QUESTIONS);
        assert_eq!(find(root.path(), &question("../images")), None);
    }
}
