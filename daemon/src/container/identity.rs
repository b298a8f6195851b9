//! What the path of a control group says about a container: which it is, and who runs it.
//!
//! A path is read from its end, so that of containers in each other the innermost counts, and groups that something inside a
//! container made belong to it. What a runtime keeps beside its containers (`libpod-conmon-…`, `lxc.monitor.…`, the
//! `supervisor` of systemd-nspawn) is of the machine.

use super::Runtime;
use std::borrow::Cow;

/// The container of a control group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Its id, all of it: 64 hexadecimal digits; a name where the runtime has only names.
    pub id: Cow<'a, [u8]>,
    /// What runs it; `None` if the path does not tell.
    pub runtime: Option<Runtime>,
}

/// What a part of a path begins with when it holds an id, and whose it is. The names are those that each engine gives its
/// scopes through systemd, or its groups without it.
const PREFIXES: [(&[u8], Runtime); 6] = [
    (b"docker-", Runtime::Docker),
    (b"libpod-payload-", Runtime::Podman),
    (b"libpod-", Runtime::Podman),
    (b"cri-containerd-", Runtime::Containerd),
    (b"crio-", Runtime::CriO),
    (b"nerdctl-", Runtime::Containerd),
];

/// Parts of a path under which a bare id stands, and whose it is. Under `kubepods` it may be anybody's.
const PARENTS: [(&[u8], Option<Runtime>); 7] = [
    (b"docker", Some(Runtime::Docker)),
    (b"libpod_parent", Some(Runtime::Podman)),
    (b"crio", Some(Runtime::CriO)),
    (b"kubepods", None),
    (b"default", Some(Runtime::Containerd)),
    (b"k8s.io", Some(Runtime::Containerd)),
    (b"moby", Some(Runtime::Docker)),
];

/// Scopes of systemd whose id is a name: what they begin with, and whose they are. runc and crun are started by hand then.
const NAMED_SCOPES: [(&[u8], Runtime); 2] = [(b"runc-", Runtime::Runc), (b"crun-", Runtime::Runc)];

impl<'a> Identity<'a> {
    /// The container that a control group belongs to; `None` if it is none: the machine itself. Of several, one in the other,
    /// the innermost.
    pub fn of_cgroup(path: &'a [u8]) -> Option<Identity<'a>> {
        let mut rest = path;
        while let Some(at) = rest.iter().rposition(|&b| b == b'/') {
            let (above, name) = (&rest[..at], &rest[at + 1..]);
            // The first part below, if there is one.
            let below = path[rest.len()..].strip_prefix(b"/").unwrap_or(&[]);
            let below = below.split(|&b| b == b'/').next().unwrap_or(&[]);
            if let Some(identity) = of_name(name, above, below) {
                return Some(identity);
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
        // Behind the name of a slice there may be that of a container, where systemd's names came to a driver without it.
        let part = part.split(|&b| b == b':').next()?;
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

/// The container that one part of the path stands for, given what is above it and the part below.
fn of_name<'a>(name: &'a [u8], above: &[u8], below: &[u8]) -> Option<Identity<'a>> {
    let whole = |id: &'a [u8], runtime| Some(Identity { id: Cow::Borrowed(id), runtime });
    let bare = name.strip_suffix(b".scope").unwrap_or(name);
    for (prefix, runtime) in PREFIXES {
        if let Some(id) = bare.strip_prefix(prefix).filter(|id| is_id(id)) {
            return whole(id, Some(runtime));
        }
    }
    if let Some(id) = name.strip_prefix(b"lxc.payload.".as_slice()).filter(|id| !id.is_empty()) {
        return whole(id, Some(Runtime::Lxc));
    }
    if let Some(id) = name.strip_suffix(b".libvirt-lxc").filter(|id| !id.is_empty()) {
        return whole(id, Some(Runtime::LibvirtLxc));
    }
    if name.ends_with(b".scope") {
        if let Some((id, runtime)) =
            NAMED_SCOPES.iter().find_map(|(start, runtime)| Some((bare.strip_prefix(*start)?, *runtime)))
            && !id.is_empty()
        {
            return Some(Identity { id: unescaped(id), runtime: Some(runtime) });
        }
        if let Some(machine) = bare.strip_prefix(b"machine-".as_slice()) {
            return of_machine(machine, below);
        }
    }
    if let Some(unit) = name.strip_prefix(b"systemd-nspawn@".as_slice()) {
        let machine = unit.strip_suffix(b".service").filter(|machine| !machine.is_empty() && below == b"payload");
        return machine.map(|machine| Identity { id: unescaped(machine), runtime: Some(Runtime::Nspawn) });
    }
    let mut parents = above.rsplit(|&b| b == b'/');
    match parents.next().unwrap_or(above) {
        b"lxc" if parents.clone().next() == Some(b"libvirt") && !name.is_empty() => {
            return whole(name, Some(Runtime::LibvirtLxc));
        }
        b"lxc" | b"lxc.payload" if !name.is_empty() => return whole(name, Some(Runtime::Lxc)),
        b"buildkit" if is_build_step(name) => return whole(name, Some(Runtime::Buildkit)),
        _ => {}
    }
    // containerd's own client, whose users name containers as they like.
    if above == b"/default" && !name.is_empty() {
        return whole(name, Some(Runtime::Containerd));
    }
    // `SLICE:PREFIX:ID` is what a driver without systemd makes of a name for systemd.
    let mut pieces = name.rsplit(|&b| b == b':');
    if let (Some(id), Some(prefix), Some(_)) = (pieces.next(), pieces.next(), pieces.next())
        && is_id(id)
    {
        let known = PREFIXES.iter().find(|(start, _)| start.strip_suffix(b"-") == Some(prefix));
        return whole(id, known.map(|(_, runtime)| *runtime));
    }
    if !is_id(name) {
        return None;
    }
    let parts = above.rsplit(|&b| b == b'/');
    let known = parts.filter_map(|part| PARENTS.iter().find(|(start, _)| is_group(part, start))).next();
    whole(name, known.and_then(|(_, runtime)| *runtime))
}

/// The container of a scope `machine-NAME.scope`, as systemd-machined has them made. Virtual machines have such scopes as well.
fn of_machine<'a>(machine: &'a [u8], below: &[u8]) -> Option<Identity<'a>> {
    let name = unescaped(machine);
    let is_lxc = name.starts_with(b"lxc-");
    if is_lxc {
        // libvirt puts a number before the name.
        let rest = &name[b"lxc-".len()..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let id = rest[digits..].strip_prefix(b"-").filter(|id| digits > 0 && !id.is_empty())?;
        return Some(Identity { id: Cow::Owned(id.to_vec()), runtime: Some(Runtime::LibvirtLxc) });
    }
    let of_machine_itself = name.starts_with(b"qemu-") || below == b"supervisor" || name.is_empty();
    (!of_machine_itself).then_some(Identity { id: name, runtime: Some(Runtime::Nspawn) })
}

/// A name without systemd's escapes, `\xHH` (systemd.unit(5)).
fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'\\') {
        return Cow::Borrowed(name);
    }
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.strip_prefix(b"x").and_then(|after| after.get(..2)).filter(|_| first == b'\\');
        let byte = digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(out)
}

/// True for `docker`, and for the slices of systemd that stand for it and for what is in it: `kubepods.slice`,
/// `kubepods-burstable.slice`, and for a cluster in a container `kubelet-kubepods.slice`.
fn is_group(part: &[u8], name: &[u8]) -> bool {
    let part = part.strip_prefix(b"kubelet-".as_slice()).unwrap_or(part);
    match part.strip_prefix(name) {
        Some([]) => true,
        Some(rest) => {
            let part = rest.split(|&b| b == b':').next().unwrap_or(rest);
            matches!(rest.first(), Some(b'-' | b'.')) && part.ends_with(b".slice")
        }
        None => false,
    }
}

/// Ids of containers are 64 hexadecimal digits.
fn is_id(text: &[u8]) -> bool {
    text.len() == 64 && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// BuildKit's ids are 25 digits and small letters.
fn is_build_step(text: &[u8]) -> bool {
    text.len() == 25 && text.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";
    const UID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

    fn of(path: &str) -> Option<(String, Option<Runtime>)> {
        let identity = Identity::of_cgroup(path.as_bytes())?;
        Some((String::from_utf8(identity.id.to_vec()).unwrap(), identity.runtime))
    }

    /// Paths as machines have them, with `ID` in the place of the id, `UID` of the pod's and `U_D` of the pod's with `_`.
    #[test]
    fn the_groups_of_the_usual_runtimes_are_understood() {
        use Runtime::{Buildkit, Containerd, CriO, Docker, LibvirtLxc, Lxc, Nspawn, Podman, Runc};
        let (docker, containerd, crio, podman) = (Some(Docker), Some(Containerd), Some(CriO), Some(Podman));
        let by_id = [
            ("/docker/ID", docker),
            ("/docker/ID/system.slice/cron.service", docker),
            ("/system.slice/docker-ID.scope", docker),
            ("/system.slice/docker-ID.scope/init.scope", docker),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/docker-ID.scope", docker),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope", docker),
            ("/ecstasks.slice/ecstasks-0123.slice/docker-ID.scope", docker),
            ("/kubepods.slice/kubepods-podU_D.slice/docker-ID.scope", docker),
            ("/moby/ID", docker),
            ("/machine.slice/libpod-ID.scope", podman),
            ("/machine.slice/libpod-ID.scope/container", podman),
            ("/machine.slice/machine-libpod_pod_ID.slice/libpod-ID.scope/container", podman),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", podman),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container", podman),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-ID", podman),
            ("/system.slice/web.service/libpod-payload-ID", podman),
            ("/libpod_parent/libpod-ID", podman),
            ("/libpod_parent/ID", podman),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU_D.slice/cri-containerd-ID.scope",
                containerd,
            ),
            ("/kubepods.slice/kubepods-podU_D.slice/cri-containerd-ID.scope/system.slice/a.service", containerd),
            ("/system.slice/containerd.service/kubepods-besteffort-podU_D.slice:cri-containerd:ID", containerd),
            ("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podU_D.slice/cri-containerd-ID.scope", containerd),
            ("/system.slice/nerdctl-ID.scope", containerd),
            ("/default/ID", containerd),
            ("/k8s.io/ID", containerd),
            ("/kubepods.slice/kubepods-podU_D.slice/crio-ID.scope", crio),
            ("/kubepods.slice/kubepods-podU_D.slice/crio-ID.scope/container", crio),
            ("/kubepods/burstable/podUID/crio-ID", crio),
            ("/kubepods/burstable/podUID/ID", None),
            ("/kubepods/podUID/ID", None),
            ("/ecs/0123456789/ID", None),
            ("/my.parent/ID", None),
        ];
        for (path, runtime) in by_id {
            let path = path.replace("UID", UID).replace("U_D", &UID.replace('-', "_")).replace("ID", ID);
            assert_eq!(of(&path), Some((ID.to_owned(), runtime)), "{path}");
        }
        let by_name = [
            ("/lxc/web/init.scope", "web", Lxc),
            ("/lxc.payload/web", "web", Lxc),
            ("/default/web-1", "web-1", Containerd),
            ("/default/web-1/inner", "web-1", Containerd),
            ("/lxc.payload.web", "web", Lxc),
            ("/lxc.payload.web/user.slice", "web", Lxc),
            ("/lxc.payload.out/lxc.payload.in/.lxc", "in", Lxc),
            (r"/machine.slice/machine-lxc\x2d2293906\x2dweb\x2dserver.scope/libvirt", "web-server", LibvirtLxc),
            ("/machine/web.libvirt-lxc", "web", LibvirtLxc),
            ("/libvirt/lxc/web", "web", LibvirtLxc),
            (r"/machine.slice/machine-debian\x2dtree.scope/payload/system.slice", "debian-tree", Nspawn),
            ("/machine.slice/machine-box.scope", "box", Nspawn),
            ("/machine.slice/systemd-nspawn@box.service/payload/init.scope", "box", Nspawn),
            ("/docker/buildkit/w7kv6yzc5lzl2xkzxr8mgt6zl", "w7kv6yzc5lzl2xkzxr8mgt6zl", Buildkit),
            ("/user.slice/user-0.slice/session-3.scope/runc-x.scope", "x", Runc),
            (r"/system.slice/runc-my\x2dbox.scope", "my-box", Runc),
        ];
        for (path, id, runtime) in by_name {
            assert_eq!(of(path), Some((id.to_owned(), Some(runtime))), "{path}");
        }
    }

    #[test]
    fn of_containers_in_each_other_the_innermost_counts() {
        let inner = ID.replace('3', "4");
        for (path, id, runtime) in [
            (format!("/docker/{ID}/docker/{inner}/x"), inner.as_str(), Runtime::Docker),
            (format!("/lxc.payload.web/system.slice/docker-{inner}.scope"), &inner, Runtime::Docker),
            (
                format!("/docker/{ID}/kubelet.slice/kubelet-kubepods.slice/cri-containerd-{inner}.scope"),
                &inner,
                Runtime::Containerd,
            ),
            (
                format!("/machine.slice/machine-box.scope/payload/machine.slice/libpod-{inner}.scope"),
                &inner,
                Runtime::Podman,
            ),
            (format!("/system.slice/docker-{ID}.scope/lxc/web"), "web", Runtime::Lxc),
        ] {
            assert_eq!(of(&path), Some((id.to_owned(), Some(runtime))), "{path}");
        }
    }

    #[test]
    fn what_only_looks_like_a_container_is_the_machine() {
        for path in [
            "",
            "/",
            "/init.scope",
            "/system.slice/docker.service",
            "/system.slice/containerd.service",
            "/user.slice/user-0.slice/session-1.scope",
            "/system.slice/docker-12ab.scope",
            "/machine.slice/libpod-conmon-ID.scope",
            "/machine.slice/crio-conmon-ID.scope",
            "/libpod_parent/conmon",
            "/lxc",
            "/lxc.payload.",
            "/lxc/",
            "/lxc.monitor.web",
            "/lxc.pivot",
            "/machine.slice/machine-box.scope/supervisor",
            "/machine.slice/systemd-nspawn@box.service/supervisor",
            "/machine.slice/systemd-nspawn@box.service",
            r"/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator",
            "/system.slice/runc-.scope",
            "/kubepods.slice/kubepods-burstable.slice",
            "/docker/buildkit/w7kv",
        ] {
            assert_eq!(of(&path.replace("ID", ID)), None, "{path}");
        }
        assert_eq!(of(&format!("/docker/{}", ID.to_uppercase())), None);
    }

    #[test]
    fn the_pod_is_told_whoever_made_its_groups() {
        let of = |path: &str| pod_uid(path.as_bytes()).map(|uid| String::from_utf8(uid.to_vec()).unwrap());
        let lines = UID.replace('-', "_");
        assert_eq!(of(&format!("/kubepods/besteffort/pod{UID}/{ID}")).as_deref(), Some(UID));
        let slice =
            format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{lines}.slice/crio-{ID}.scope");
        assert_eq!(of(&slice), Some(lines.clone()));
        assert_eq!(of(&format!("/kubepods.slice/kubepods-pod{lines}.slice")), Some(lines.clone()));
        let in_kind = format!("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{lines}.slice/{ID}");
        assert_eq!(of(&in_kind), Some(lines));
        for path in ["", "/kubepods", "/kubepods/pod12", "/kubepods/besteffort"] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(of(&format!("/system.slice/pod{UID}")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_asked(path in prop::collection::vec(prop_oneof![Just(b'/'), Just(b'\\'), any::<u8>()], 0..200)) {
            if let Some(identity) = Identity::of_cgroup(&path) {
                prop_assert!(!identity.id.is_empty());
            }
            prop_assert!(pod_uid(&path).is_none_or(|uid| uid.len() >= 32));
        }
    }
}
