//! What the path of a control group says about a container.
//!
//! Only the unified hierarchy (cgroup2) is looked at: where an engine uses the old hierarchies alone, a container cannot be told
//! from the machine.

/// The container of a control group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// Its id, all of it: 64 hexadecimal digits, or a name for lxc.
    pub id: &'a [u8],
    /// The engine that runs it; `None` if the path does not tell.
    pub engine: Option<&'static str>,
}

/// What the last parts of a path begin with when they hold an id, and whose they are. The names are those that each engine
/// gives its scopes through systemd, or its groups without it.
const PREFIXES: [(&[u8], &str); 6] = [
    (b"docker-", "docker"),
    (b"libpod-payload-", "podman"),
    (b"libpod-", "podman"),
    (b"cri-containerd-", "containerd"),
    (b"crio-", "cri-o"),
    (b"nerdctl-", "containerd"),
];

/// Parts of a path under which a bare id stands, and whose it is.
const PARENTS: [(&[u8], Option<&str>); 5] = [
    (b"docker", Some("docker")),
    (b"libpod_parent", Some("podman")),
    (b"crio", Some("cri-o")),
    (b"kubepods", None),
    (b"default", Some("containerd")),
];

impl<'a> Container<'a> {
    /// The container that a control group belongs to; `None` if it is none. Of several, one in the other, the innermost.
    pub fn of_cgroup(path: &'a [u8]) -> Option<Container<'a>> {
        // Groups that something inside the container made lie below its own.
        let mut rest = path;
        while let Some(at) = rest.iter().rposition(|&b| b == b'/') {
            let (above, name) = (&rest[..at], &rest[at + 1..]);
            if let Some(container) = of_name(name, above) {
                return Some(container);
            }
            rest = above;
        }
        None
    }
}

/// The unique id of the Kubernetes pod that a control group belongs to, as kubelet writes it there: a UUID, with `_` in the place
/// of `-` if it goes through systemd; a hash for a pod that kubelet runs by itself.
pub fn pod_uid(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path.split(|&b| b == b'/');
    parts.by_ref().find(|part| is_group(part, b"kubepods"))?;
    parts.find_map(|part| {
        let bare = part.strip_suffix(b".slice").unwrap_or(part);
        let uid = match bare.strip_prefix(b"pod") {
            Some(uid) => uid,
            // The name of a slice begins with those of all slices above it.
            None => bare.rsplit(|&b| b == b'-').next()?.strip_prefix(b"pod")?,
        };
        let is_uid = |uid: &[u8]| uid.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'_'));
        (matches!(uid.len(), 32 | 36) && is_uid(uid)).then_some(uid)
    })
}

/// The container that one part of the path stands for, given what is above it.
fn of_name<'a>(name: &'a [u8], above: &[u8]) -> Option<Container<'a>> {
    let bare = name.strip_suffix(b".scope").unwrap_or(name);
    for (prefix, engine) in PREFIXES {
        if let Some(id) = bare.strip_prefix(prefix)
            && is_id(id)
        {
            return Some(Container { id, engine: Some(engine) });
        }
    }
    if let Some(id) = name.strip_prefix(b"lxc.payload.".as_slice()).filter(|id| !id.is_empty()) {
        return Some(Container { id, engine: Some("lxc") });
    }
    let parent = above.rsplit(|&b| b == b'/').next().unwrap_or(above);
    if parent == b"lxc" && !name.is_empty() {
        return Some(Container { id: name, engine: Some("lxc") });
    }
    let mut parts = above.split(|&b| b == b'/');
    let known = parts.find_map(|part| PARENTS.iter().find(|(start, _)| is_group(part, start)));
    known.filter(|_| is_id(name)).map(|&(_, engine)| Container { id: name, engine })
}

/// True for `docker`, and for the slices of systemd that stand for it and for what is in it: `kubepods.slice`,
/// `kubepods-burstable.slice`.
fn is_group(part: &[u8], name: &[u8]) -> bool {
    match part.strip_prefix(name) {
        Some([]) => true,
        Some(rest) => matches!(rest.first(), Some(b'-' | b'.')) && part.ends_with(b".slice"),
        None => false,
    }
}

/// Ids of containers are 64 hexadecimal digits.
fn is_id(text: &[u8]) -> bool {
    text.len() == 64 && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";

    fn of(path: &str) -> Option<(String, Option<&'static str>)> {
        let container = Container::of_cgroup(path.as_bytes())?;
        Some((String::from_utf8(container.id.to_vec()).unwrap(), container.engine))
    }

    #[test]
    fn the_groups_of_the_usual_engines_are_understood() {
        for (path, engine) in [
            ("/docker/ID", Some("docker")),
            ("/system.slice/docker-ID.scope", Some("docker")),
            ("/machine.slice/libpod-ID.scope/container", Some("podman")),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", Some("podman")),
            ("/libpod_parent/libpod-ID", Some("podman")),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-ID.scope",
                Some("containerd"),
            ),
            ("/kubepods.slice/kubepods-pod12.slice/crio-ID.scope", Some("cri-o")),
            ("/kubepods/burstable/pod1-2-3/ID", None),
            ("/default/ID", Some("containerd")),
            ("/docker/ID/system.slice/cron.service", Some("docker")),
        ] {
            assert_eq!(of(&path.replace("ID", ID)), Some((ID.to_owned(), engine)), "{path}");
        }
        assert_eq!(of("/lxc/web/init.scope"), Some(("web".to_owned(), Some("lxc"))));
        assert_eq!(of("/lxc.payload.web/user.slice"), Some(("web".to_owned(), Some("lxc"))));
    }

    #[test]
    fn of_containers_in_each_other_the_innermost_counts() {
        let inner = ID.replace('3', "4");
        let path = format!("/docker/{ID}/docker/{inner}/x");
        assert_eq!(of(&path), Some((inner, Some("docker"))));
    }

    #[test]
    fn what_only_looks_like_a_container_is_none() {
        for path in [
            "",
            "/",
            "/system.slice/docker.service",
            "/user.slice/user-0.slice/session-1.scope",
            "/system.slice/docker-12ab.scope",
            "/lxc",
            "/lxc.payload.",
            "/lxc/",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(of(&format!("/elsewhere/{ID}")), None);
        assert_eq!(of(&format!("/docker/{}", ID.to_uppercase())), None);
        assert_eq!(of(&format!("/dockers/{ID}")), None);
    }

    #[test]
    fn the_pod_is_told_whoever_made_its_groups() {
        let of = |path: &str| pod_uid(path.as_bytes()).map(|uid| String::from_utf8(uid.to_vec()).unwrap());
        let (dashes, lines) = ("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0");
        assert_eq!(of(&format!("/kubepods/besteffort/pod{dashes}/{ID}")).as_deref(), Some(dashes));
        let slice =
            format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{lines}.slice/crio-{ID}.scope");
        assert_eq!(of(&slice).as_deref(), Some(lines));
        assert_eq!(of(&format!("/kubepods.slice/kubepods-pod{lines}.slice")).as_deref(), Some(lines));
        for path in ["", "/kubepods", "/kubepods/pod12", "/kubepods/besteffort"] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(of(&format!("/system.slice/pod{dashes}")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_asked(path in prop::collection::vec(prop_oneof![Just(b'/'), any::<u8>()], 0..200)) {
            if let Some(container) = Container::of_cgroup(&path) {
                prop_assert!(!container.id.is_empty());
            }
            prop_assert!(pod_uid(&path).is_none_or(|uid| uid.len() >= 32));
        }
    }
}
