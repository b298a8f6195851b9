use super::*;
use mio::{Events, Poll};
use std::fs;
use std::os::unix::fs::symlink;

/// Files in a folder, and whoever waits for their changes.
struct Place {
    folder: tempfile::TempDir,
    changes: Changes,
    poll: Poll,
    paths: Vec<PathBuf>,
}

impl Place {
    fn new(files: &[&str], watched: &[&str]) -> Place {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "old").unwrap();
        }
        Place::watching(folder, watched)
    }

    fn watching(folder: tempfile::TempDir, watched: &[&str]) -> Place {
        let paths: Vec<PathBuf> = watched.iter().map(|name| folder.path().join(name)).collect();
        let mut changes = Changes::new().unwrap();
        let poll = Poll::new().unwrap();
        changes.register(poll.registry(), Token(0)).unwrap();
        changes.reading(&paths);
        changes.were_read(&paths, Instant::now());
        Place { folder, changes, poll, paths }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// True if a change is seen within a while; then it is read.
    fn changed(&mut self) -> bool {
        let end = Instant::now() + Duration::from_millis(400);
        let mut events = Events::with_capacity(4);
        loop {
            let now = Instant::now();
            if self.changes.changed(now) {
                self.changes.reading(&self.paths);
                self.changes.were_read(&self.paths, now);
                return true;
            }
            if now >= end {
                return false;
            }
            let until = self.changes.deadline().unwrap_or(end).min(end);
            self.poll.poll(&mut events, Some(until.saturating_duration_since(now))).unwrap();
            self.changes.ready(Instant::now());
        }
    }
}

#[test]
fn a_file_that_is_written_anew_is_a_change_and_its_neighbour_is_none() {
    let mut place = Place::new(&["a.yaml", "b.yaml"], &["a.yaml"]);
    assert!(!place.changed());
    fs::write(place.path("b.yaml"), "new").unwrap();
    assert!(!place.changed());
    fs::write(place.path("a.yaml"), "new").unwrap();
    assert!(place.changed());
    fs::write(place.path("a.yaml"), "newer").unwrap();
    assert!(place.changed());
}

#[test]
fn a_file_that_is_renamed_over_it_is_a_change_each_time() {
    let mut place = Place::new(&["a.yaml"], &["a.yaml"]);
    for _ in 0..3 {
        fs::write(place.path(".a.swp"), "new").unwrap();
        fs::rename(place.path(".a.swp"), place.path("a.yaml")).unwrap();
        assert!(place.changed());
    }
}

#[test]
fn a_link_that_is_turned_to_another_folder_is_a_change_each_time() {
    // As Kubernetes does it: the files are links through a link that is renamed over.
    for watched in ["rules", "rules/a.yaml"] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("v0")).unwrap();
        fs::create_dir(at("rules")).unwrap();
        fs::write(at("v0/a.yaml"), "v0").unwrap();
        symlink("v0", at("..data")).unwrap();
        symlink("../..data/a.yaml", at("rules/a.yaml")).unwrap();
        let mut place = Place::watching(folder, &[watched]);
        for n in 1..4 {
            let name = format!("v{n}");
            fs::create_dir(place.path(&name)).unwrap();
            fs::write(place.path(&format!("{name}/a.yaml")), &name).unwrap();
            symlink(&name, place.path("..tmp")).unwrap();
            fs::rename(place.path("..tmp"), place.path("..data")).unwrap();
            assert!(place.changed(), "{watched} {n}");
            fs::remove_dir_all(place.path(&format!("v{}", n - 1))).unwrap();
        }
    }
}

#[test]
fn files_that_come_and_go_in_a_folder_are_changes_if_they_are_rules() {
    let mut place = Place::new(&["rules.d/a.yaml"], &["rules.d"]);
    fs::write(place.path("rules.d/notes.txt"), "x").unwrap();
    assert!(!place.changed());
    fs::write(place.path("rules.d/b.yml"), "x").unwrap();
    assert!(place.changed());
    fs::remove_file(place.path("rules.d/a.yaml")).unwrap();
    assert!(place.changed());
    fs::remove_dir_all(place.path("rules.d")).unwrap();
    assert!(place.changed());
}

#[test]
fn a_folder_that_was_not_there_is_seen_when_it_comes() {
    let mut place = Place::new(&["x"], &["deep/rules.d"]);
    fs::create_dir_all(place.path("deep/rules.d")).unwrap();
    fs::write(place.path("deep/rules.d/a.yaml"), "x").unwrap();
    assert!(place.changed());
    fs::write(place.path("deep/rules.d/a.yaml"), "y").unwrap();
    assert!(place.changed());
}

#[test]
fn many_changes_in_a_row_are_one() {
    let mut place = Place::new(&["a.yaml", "b.yaml"], &["a.yaml", "b.yaml"]);
    for n in 0..20 {
        fs::write(place.path(if n % 2 == 0 { "a.yaml" } else { "b.yaml" }), n.to_string()).unwrap();
    }
    assert!(place.changed());
    assert!(!place.changed());
}

#[test]
fn what_happens_while_files_are_read_is_not_missed() {
    let mut place = Place::new(&["a.yaml"], &["a.yaml"]);
    place.changes.reading(&place.paths);
    // Read by us here, and then changed by somebody before we are done.
    fs::write(place.path("a.yaml"), "newer").unwrap();
    place.changes.were_read(&place.paths, Instant::now());
    assert!(place.changed());
}

#[test]
fn a_file_that_is_written_slowly_is_not_looked_at_before_it_is_closed() {
    use std::io::Write;
    let mut place = Place::new(&["rules.d/a.yaml"], &["rules.d"]);
    let mut file = fs::File::create(place.path("rules.d/b.yaml")).unwrap();
    file.write_all(b"half").unwrap();
    assert!(!place.changed());
    drop(file);
    assert!(place.changed());
}
