//! What is read of each runtime's files, laid out as the runtimes lay them out.

use super::super::{Details, Mount, Runtime};
use super::*;
use std::fs;

const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";
const SANDBOX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const IMAGE: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// A machine with these files; `ID`, `SANDBOX` and `IMAGE` stand for the ids, in names and texts.
fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Reader) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let with_ids = |text: &str| {
            let text = text.replace("SandboxID", "Sandbox\0").replace("SANDBOX", SANDBOX);
            text.replace("IMAGE", IMAGE).replace("ID", ID).replace('\0', "ID")
        };
        let path = dir.path().join(with_ids(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, with_ids(text)).unwrap();
    }
    let reader = Reader::new(dir.path());
    (dir, reader)
}

fn read(files: &[(&str, &str)], id: &str, runtime: Option<Runtime>) -> Option<Details> {
    machine(files).1.details(Asked { id, runtime, home: None })
}

fn image(details: &Details) -> [&str; 5] {
    let image = &details.image;
    [&image.reference, &image.repository, &image.tag, &image.digest, &details.image_id]
}

const DOCKER_CONFIG: &str = r#"{"ID":"ID","Name":"/web","Image":"sha256:IMAGE","Driver":"overlay2",
    "Config":{"Image":"registry.example:5000/shop/web:1.4","Labels":{"tier":"front","empty":""}},
    "MountPoints":{"/etc/host":{"Source":"/etc","Destination":"/etc/host","RW":false,"Relabel":"z","Propagation":"rslave"}},
    "NetworkSettings":{"Networks":{"none":{"IPAddress":""},"bridge":{"IPAddress":"172.17.0.2"}}}}"#;

#[test]
fn docker_is_read_from_its_own_files() {
    let files = [
        ("var/lib/docker/containers/ID/config.v2.json", DOCKER_CONFIG),
        (
            "var/lib/docker/containers/ID/hostconfig.json",
            r#"{"Privileged":true,"NetworkMode":"bridge","PidMode":"host","IpcMode":"private"}"#,
        ),
        (
            "var/lib/docker/image/overlay2/repositories.json",
            r#"{"Repositories":{"registry.example:5000/shop/web":{
                "registry.example:5000/shop/web:1.4":"sha256:IMAGE",
                "registry.example:5000/shop/web@sha256:00ff":"sha256:IMAGE"}}}"#,
        ),
        (
            "run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json",
            r#"{"root":{"path":"/var/lib/docker/overlay2/x/merged"}}"#,
        ),
    ];
    let details = read(&files, ID, Some(Runtime::Docker)).unwrap();
    assert_eq!(details.name, "web");
    let name = "registry.example:5000/shop/web";
    assert_eq!(image(&details), [&format!("{name}:1.4"), name, "1.4", "sha256:00ff", IMAGE]);
    assert_eq!((details.privileged, details.host_pid), (Some(true), Some(true)));
    assert_eq!((details.host_network, details.host_ipc), (Some(false), Some(false)));
    assert_eq!(details.labels.get("tier").map(String::as_str), Some("front"));
    let mount = Mount {
        source: "/etc".into(),
        dest: "/etc/host".into(),
        mode: "z".into(),
        writable: false,
        propagation: "rslave".into(),
    };
    assert_eq!(details.mounts, [mount]);
    assert_eq!(details.ip, Some([172, 17, 0, 2].into()));
    assert_eq!(details.root.as_deref(), Some(Path::new("/var/lib/docker/overlay2/x/merged")));
    assert_eq!((details.pod, details.runtime), (None, Some(Runtime::Docker)));
}

#[test]
fn an_image_that_docker_was_given_by_its_id_has_the_name_that_docker_knows_it_by() {
    let config = DOCKER_CONFIG.replace("registry.example:5000/shop/web:1.4", "sha256:IMAGE");
    let names = r#"{"Repositories":{"b":{"b@sha256:22":"sha256:IMAGE","b:9":"sha256:IMAGE"},"c":{"c:1":"sha256:2"}}}"#;
    let files = [
        ("var/lib/docker/containers/ID/config.v2.json", config.as_str()),
        ("var/lib/docker/image/overlay2/repositories.json", names),
    ];
    let details = read(&files, ID, Some(Runtime::Docker)).unwrap();
    assert_eq!(image(&details), [&format!("sha256:{IMAGE}"), "b", "9", "sha256:22", IMAGE]);
    assert_eq!((details.privileged, details.host_pid), (None, None), "hostconfig.json is not there");
}

#[test]
fn a_pod_of_cri_dockerd_is_told_by_labels_and_has_those_of_its_sandbox() {
    let of = |labels: &str| {
        format!(r#"{{"Name":"/k8s_x","Image":"sha256:IMAGE","Config":{{"Image":"a:1","Labels":{{{labels}}}}}}}"#)
    };
    let place =
        r#""io.kubernetes.pod.name":"cart-1","io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"u-1""#;
    let files = [
        (
            "var/lib/docker/containers/ID/config.v2.json",
            of(&format!(r#"{place},"io.kubernetes.sandbox.id":"SANDBOX","io.kubernetes.docker.type":"container""#)),
        ),
        (
            "var/lib/docker/containers/SANDBOX/config.v2.json",
            of(&format!(r#"{place},"app":"cart","io.kubernetes.docker.type":"podsandbox","annotation.a":"b""#)),
        ),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let pod = read(&files, ID, Some(Runtime::Docker)).unwrap().pod.unwrap();
    assert_eq!([&*pod.name, &pod.namespace, &pod.uid, &pod.sandbox_id], ["cart-1", "shop", "u-1", SANDBOX]);
    assert_eq!(pod.labels.into_iter().collect::<Vec<_>>(), [("app".to_owned(), "cart".to_owned())]);
}

/// A bundle with these annotations.
fn bundle(annotations: &str, more: &str) -> String {
    format!(
        r#"{{"annotations":{{{annotations}}},"root":{{"path":"rootfs"}},"linux":{{"namespaces":[
            {{"type":"pid"}},{{"type":"network","path":"/var/run/netns/x"}}],"maskedPaths":["/proc/kcore"]}},
            "mounts":[{{"destination":"/proc","type":"proc","source":"proc"}},
                {{"destination":"/host","type":"bind","source":"/","options":["rbind","rprivate","ro"]}}]{more}}}"#
    )
}

const CRI: &str = r#""io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"cart",
    "io.kubernetes.cri.image-name":"docker.io/shop/cart:2","io.kubernetes.cri.sandbox-id":"SANDBOX",
    "io.kubernetes.cri.sandbox-name":"cart-1","io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"u-1""#;

#[test]
fn containerd_is_read_from_its_bundle() {
    for place in ["run/containerd", "run/k3s/containerd"] {
        let name = format!("{place}/io.containerd.runtime.v2.task/k8s.io/ID/config.json");
        for runtime in [Some(Runtime::Containerd), None] {
            let text = bundle(CRI, "");
            let files = [
                (name.as_str(), text.as_str()),
                (
                    "var/lib/cni/results/net-SANDBOX-eth0",
                    r#"{"kind":"cniCacheV1","result":{"ips":[{"address":"fd00::7/64"},{"address":"10.244.0.7/24"}]}}"#,
                ),
            ];
            let (dir, reader) = machine(&files);
            let details = reader.details(Asked { id: ID, runtime, home: None }).unwrap();
            assert_eq!((&*details.name, details.runtime), ("cart", Some(Runtime::Containerd)));
            assert_eq!(image(&details), ["docker.io/shop/cart:2", "docker.io/shop/cart", "2", "", ""]);
            assert_eq!((details.privileged, details.host_pid), (Some(false), Some(false)));
            assert_eq!((details.host_network, details.host_ipc), (None, Some(true)), "its sandbox is not known");
            let mounts: Vec<_> =
                details.mounts.iter().map(|m| (&*m.source, &*m.dest, m.writable, &*m.propagation)).collect();
            assert_eq!(mounts, [("/", "/host", false, "rprivate")]);
            let pod = details.pod.unwrap();
            assert_eq!([&*pod.name, &pod.namespace, &pod.uid, &pod.sandbox_id], ["cart-1", "shop", "u-1", SANDBOX]);
            assert_eq!(details.labels["io.kubernetes.pod.name"], "cart-1");
            assert_eq!(details.ip, Some([10, 244, 0, 7].into()));
            assert!(details.cni.contains("fd00::7/64"));
            let folder = name.replace("ID", ID).replace("config.json", "rootfs");
            assert_eq!(details.root, Some(dir.path().join(folder)));
        }
    }
}

/// A database of containerd's with one container of this id, in this namespace.
fn containerd_database(namespace: &str, id: &str) -> Vec<u8> {
    use super::bolt::tests::{inline, with};
    let value = |text: &str| text.as_bytes().to_vec();
    let labels = [(false, "app", value("cart")), (false, "io.cri-containerd.kind", value("container"))];
    let container = [(false, "image", value("docker.io/shop/cart:2")), (true, "labels", inline(&labels))];
    let target = inline(&[(false, "digest", value(&format!("sha256:{SANDBOX}")))]);
    let image = inline(&[(true, "target", target)]);
    let of_namespace = inline(&[
        (true, "containers", inline(&[(true, id, inline(&container))])),
        (true, "images", inline(&[(true, "docker.io/shop/cart:2", image)])),
    ]);
    with(&[(true, "v1", inline(&[(true, namespace, of_namespace)]))])
}

/// Writes a file that is no text.
fn add_bytes(dir: &tempfile::TempDir, name: &str, bytes: &[u8]) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

const CONTAINERD_DATABASE: &str = "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db";

#[test]
fn what_is_started_by_containerds_own_client_has_its_image_and_labels_from_the_database() {
    let config = bundle("", "");
    let manifest = r#"{"config":{"digest":"sha256:IMAGE"}}"#;
    let (dir, reader) = machine(&[
        ("run/containerd/io.containerd.runtime.v2.task/shop/web-1/config.json", config.as_str()),
        ("var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/SANDBOX", manifest),
    ]);
    add_bytes(&dir, CONTAINERD_DATABASE, &containerd_database("shop", "web-1"));
    let identity = reader.of_group(b"/shop/web-1").unwrap();
    assert_eq!((identity.id.as_ref(), identity.runtime), (b"web-1".as_slice(), Some(Runtime::Containerd)));
    for other in [&b"/shop/web-2"[..], b"/shop", b"/", b"", b"/../shop", b"/moby/web-1"] {
        assert_eq!(reader.of_group(other), None);
    }
    let details = reader.details(Asked { id: "web-1", runtime: Some(Runtime::Containerd), home: None }).unwrap();
    assert_eq!((&*details.name, details.runtime), ("web-1", Some(Runtime::Containerd)));
    let digest = format!("sha256:{SANDBOX}");
    assert_eq!(image(&details), ["docker.io/shop/cart:2", "docker.io/shop/cart", "2", &digest, IMAGE]);
    assert_eq!(details.labels.into_iter().collect::<Vec<_>>(), [("app".to_owned(), "cart".to_owned())]);
}

#[test]
fn a_container_of_a_pod_is_in_the_machines_network_if_its_sandbox_is() {
    let config = bundle(CRI, "");
    let of_sandbox = CRI.replace(r#"container-type":"container""#, r#"container-type":"sandbox""#);
    for (own, expected) in [(r#"{"type":"network","path":"/var/run/netns/x"},"#, false), ("", true)] {
        let sandbox = format!(r#"{{"annotations":{{{of_sandbox}}},"linux":{{"namespaces":[{own}{{"type":"pid"}}]}}}}"#);
        let place = "run/containerd/io.containerd.runtime.v2.task/k8s.io";
        let files = [(format!("{place}/ID/config.json"), &config), (format!("{place}/SANDBOX/config.json"), &sandbox)];
        let files = files.each_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let details = read(&files, ID, Some(Runtime::Containerd)).unwrap();
        assert_eq!((details.host_network, details.host_pid), (Some(expected), Some(false)));
        let details = read(&files, SANDBOX, Some(Runtime::Containerd)).unwrap();
        assert_eq!(details.host_network, Some(expected));
    }
}

#[test]
fn the_labels_of_a_pod_are_those_of_its_sandbox_in_the_database() {
    let config = bundle(&CRI.replace("SANDBOX", "ID"), "");
    let (dir, reader) =
        machine(&[("run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json", config.as_str())]);
    add_bytes(&dir, CONTAINERD_DATABASE, &containerd_database("k8s.io", ID));
    let details = reader.details(Asked { id: ID, runtime: Some(Runtime::Containerd), home: None }).unwrap();
    assert_eq!(details.pod.unwrap().labels.get("app").map(String::as_str), Some("cart"));
    assert_eq!(details.labels.get("app").map(String::as_str), Some("cart"));
    assert_eq!(details.labels.get("io.kubernetes.pod.name").map(String::as_str), Some("cart-1"));
}

#[test]
fn podmans_labels_come_from_its_database_and_its_own_files_are_no_mounts() {
    use super::bolt::tests::{inline, with};
    let mounts = r#","mounts":[{"destination":"/etc/hosts","type":"bind","options":["bind"],
        "source":"/run/containers/storage/vfs-containers/ID/userdata/hosts"},
        {"destination":"/data","type":"bind","source":"/srv","options":["rbind","rprivate"]}]"#;
    let config = format!(r#"{{"annotations":{{{PODMAN}}}{mounts}}}"#);
    let (dir, reader) = machine(&[
        ("var/lib/containers/storage/vfs-containers/ID/userdata/config.json", config.as_str()),
        ("var/lib/containers/storage/vfs-containers/containers.json", PODMAN_CONTAINERS),
    ]);
    let config = br#"{"name":"web","labels":{"tier":"front"}}"#.to_vec();
    let of_container = inline(&[(false, "config", config)]);
    let database = with(&[(true, "ctr", inline(&[(true, ID, of_container)]))]);
    add_bytes(&dir, "var/lib/containers/storage/libpod/bolt_state.db", &database);
    let details = reader.details(Asked { id: ID, runtime: Some(Runtime::Podman), home: None }).unwrap();
    assert_eq!((&*details.name, &*details.image.tag), ("web", "3.20"));
    assert_eq!(details.labels.get("tier").map(String::as_str), Some("front"));
    let mounts: Vec<_> = details.mounts.iter().map(|mount| (&*mount.source, &*mount.dest)).collect();
    assert_eq!(mounts, [("/srv", "/data")]);
}

#[test]
fn the_labels_of_a_newer_podman_come_from_the_database_that_it_has() {
    let config = format!(r#"{{"annotations":{{{PODMAN}}}}}"#);
    let (dir, reader) = machine(&[
        ("var/lib/containers/storage/overlay-containers/ID/userdata/config.json", config.as_str()),
        ("var/lib/containers/storage/overlay-containers/containers.json", PODMAN_CONTAINERS),
    ]);
    let asked = Asked { id: ID, runtime: Some(Runtime::Podman), home: None };
    assert!(reader.details(asked).unwrap().labels.is_empty());
    let database = include_bytes!("../../../tests/data/podman-few.sql");
    add_bytes(&dir, "var/lib/containers/storage/db.sql", database);
    assert_eq!(reader.details(asked).unwrap().labels.get("tier").map(String::as_str), Some("front"));
}

#[test]
fn privileged_is_what_every_runtime_makes_of_it() {
    let privileged = r#""linux":{"resources":{"devices":[{"allow":true,"access":"rwm"}]}},
        "process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_MODULE"]}}"#;
    let of = |text: &str| oci::parse(text.as_bytes()).unwrap().privileged;
    assert_eq!(of(&format!("{{{privileged}}}")), Some(true));
    for (from, to) in [
        (r#""allow":true"#, r#""allow":false"#),
        (r#""access":"rwm""#, r#""access":"rw""#),
        (r#""access":"rwm""#, r#""access":"rwm","type":"c","major":1,"minor":5"#),
        ("CAP_SYS_MODULE", "CAP_KILL"),
        (r#""linux":{"#, r#""linux":{"maskedPaths":["/proc/kcore"],"#),
    ] {
        let text = format!("{{{}}}", privileged.replace(from, to));
        assert_eq!(of(&text), Some(false), "{text}");
    }
}

#[test]
fn crio_is_read_from_its_annotations() {
    let labels = |more: &str| {
        format!(r#"{{"io.kubernetes.pod.name":"cart-1","io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"u-1"{more}}}"#)
            .replace('"', r#"\""#)
    };
    let container = format!(
        r#""io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.Labels":"{}","io.kubernetes.cri-o.SandboxID":"SANDBOX",
        "io.kubernetes.cri-o.ImageName":"quay.io/shop/cart:2","io.kubernetes.cri-o.ImageRef":"IMAGE",
        "io.kubernetes.cri-o.Image":"quay.io/shop/cart@sha256:00ff""#,
        labels(r#","io.kubernetes.container.name":"cart""#)
    );
    let sandbox = format!(
        r#""io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.cri-o.Labels":"{}","io.kubernetes.cri-o.SandboxID":"SANDBOX",
        "io.kubernetes.cri-o.IP.0":"10.85.0.9","io.kubernetes.cri-o.CNIResult":"{{}}","io.kubernetes.cri-o.PrivilegedRuntime":"true""#,
        labels(r#","app":"cart""#)
    );
    let (container, sandbox) = (bundle(&container, ""), bundle(&sandbox, ""));
    let files = [
        ("run/containers/storage/overlay-containers/ID/userdata/config.json", container.as_str()),
        ("var/lib/containers/storage/overlay-containers/SANDBOX/userdata/config.json", sandbox.as_str()),
    ];
    for runtime in [Some(Runtime::CriO), None] {
        let details = read(&files, ID, runtime).unwrap();
        assert_eq!((&*details.name, details.runtime), ("cart", Some(Runtime::CriO)));
        assert_eq!(image(&details), ["quay.io/shop/cart:2", "quay.io/shop/cart", "2", "sha256:00ff", IMAGE]);
        assert_eq!(details.privileged, Some(false), "that the sandbox is privileged does not make its containers so");
        let pod = details.pod.as_ref().unwrap();
        assert_eq!([&*pod.name, &pod.namespace, &pod.uid, &pod.sandbox_id], ["cart-1", "shop", "u-1", SANDBOX]);
        assert_eq!(pod.labels.get("app").map(String::as_str), Some("cart"));
        assert_eq!((details.ip, &*details.cni), (Some([10, 85, 0, 9].into()), "{}"));
    }
    let of_sandbox = read(&files, SANDBOX, Some(Runtime::CriO)).unwrap();
    assert_eq!((&*of_sandbox.name, of_sandbox.privileged), ("cart-1", Some(true)));
}

const PODMAN: &str = r#""io.container.manager":"libpod","io.podman.annotations.privileged":"TRUE""#;
const PODMAN_CONTAINERS: &str = r#"[{"id":"other"},{"id":"ID","names":["web"],"image":"IMAGE",
    "metadata":"{\"image-name\":\"docker.io/library/alpine:3.20\",\"image-id\":\"IMAGE\",\"name\":\"web\"}"}]"#;
const PODMAN_IMAGES: &str = r#"[{"id":"IMAGE","digest":"sha256:00ff","names":["docker.io/library/alpine:3.20"]}]"#;

#[test]
fn podman_is_read_from_its_storage_of_root_and_of_users() {
    let check = |details: Details| {
        assert_eq!((&*details.name, details.runtime, details.privileged), ("web", Some(Runtime::Podman), Some(true)));
        let name = "docker.io/library/alpine";
        assert_eq!(image(&details), [&format!("{name}:3.20"), name, "3.20", "sha256:00ff", IMAGE]);
    };
    let config = bundle(PODMAN, "");
    let files = |at: &str| {
        [
            (format!("{at}/overlay-containers/ID/userdata/config.json"), config.clone()),
            (format!("{at}/overlay-containers/containers.json"), PODMAN_CONTAINERS.to_owned()),
            (format!("{at}/overlay-images/images.json"), PODMAN_IMAGES.to_owned()),
        ]
    };
    let of_root = files("var/lib/containers/storage");
    let of_root = of_root.each_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    check(read(&of_root, ID, Some(Runtime::Podman)).unwrap());
    check(read(&of_root, ID, None).unwrap());
    let of_user = files("home/joe/.local/share/containers/storage");
    let of_user = of_user.each_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let (dir, reader) = machine(&of_user);
    let home = dir.path().join("home/joe");
    let asked = Asked { id: ID, runtime: Some(Runtime::Podman), home: Some(&home) };
    check(reader.details(asked).unwrap());
    assert!(reader.details(Asked { home: None, ..asked }).is_none());
    // Who makes a group of his own with the id of somebody else's container does not get that one's name.
    let (dir, reader) = machine(&of_root);
    assert!(reader.details(Asked { home: Some(&dir.path().join("home/joe")), ..asked }).is_none());
}

#[test]
fn lxc_nspawn_and_runc_are_read_from_what_they_write() {
    let config = "# made by hand\nlxc.rootfs.path = dir:/var/lib/lxc/web/rootfs\nlxc.net.0.type = veth\n\
        lxc.net.0.ipv4.address = 10.0.3.7/24\nlxc.mount.entry = /srv srv none bind,ro,create=dir 0 0\n\
        lxc.mount.entry = proc proc proc defaults 0 0\n";
    let lxc = read(&[("var/lib/lxc/web/config", config)], "web", Some(Runtime::Lxc)).unwrap();
    assert_eq!((&*lxc.name, lxc.ip, lxc.host_network), ("web", Some([10, 0, 3, 7].into()), Some(false)));
    assert_eq!(lxc.root.as_deref(), Some(Path::new("/var/lib/lxc/web/rootfs")));
    let mounts: Vec<_> = lxc.mounts.iter().map(|m| (&*m.source, &*m.dest, m.writable)).collect();
    assert_eq!(mounts, [("/srv", "/srv", false)]);
    assert_eq!(read(&[], "lxd-box", Some(Runtime::Lxc)).unwrap().name, "lxd-box");

    let note = "NAME=box\nCLASS=container\nROOT=/var/lib/machines/box\nLEADER=7\n";
    let nspawn = read(&[("run/systemd/machines/box", note)], "box", Some(Runtime::Nspawn)).unwrap();
    assert_eq!((&*nspawn.name, nspawn.root.as_deref()), ("box", Some(Path::new("/var/lib/machines/box"))));
    let machine = [("run/systemd/machines/box", "CLASS=vm\n")];
    assert_eq!(read(&machine, "box", Some(Runtime::Nspawn)), None);

    let state = r#"{"id":"box","config":{"labels":["a=b","bundle=/srv/box"]}}"#;
    let config = bundle(r#""colour":"blue""#, "");
    let files = [("run/runc/box/state.json", state), ("srv/box/config.json", config.as_str())];
    let runc = read(&files, "box", Some(Runtime::Runc)).unwrap();
    assert_eq!((&*runc.name, runc.labels["colour"].as_str()), ("box", "blue"));
    let files = [("run/crun/box/status", r#"{"bundle":"/srv/box"}"#), files[1]];
    assert_eq!(read(&files, "box", Some(Runtime::Runc)).unwrap().name, "box");
    assert_eq!(read(&[], "web", Some(Runtime::LibvirtLxc)).unwrap().name, "web");
}

#[test]
fn what_is_missing_broken_or_too_long_says_nothing() {
    let name = "var/lib/docker/containers/ID/config.v2.json";
    let long = format!("{{\"Name\":\"{}\"}}", "x".repeat(CONTAINER_BYTES));
    for text in ["", "{", "[]x", "\u{1}", long.as_str()] {
        assert_eq!(read(&[(name, text)], ID, Some(Runtime::Docker)), None);
    }
    // Whatever is in the place of what is expected.
    for text in
        ["null", "[]", "7", r#"{"Name":7,"Config":[],"MountPoints":{"/a":null},"NetworkSettings":{"Networks":[1]}}"#]
    {
        assert_eq!(read(&[(name, text)], ID, Some(Runtime::Docker)).unwrap().name, "", "{text}");
    }
    for runtime in Runtime::ALL {
        for id in ["../../etc", "..", ".", "a/b", ""] {
            assert_eq!(read(&[("etc/config.json", "{}")], id, Some(runtime)), None, "{id}");
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let labels: Vec<String> = (0..9000).map(|n| format!(r#""label{n}":"x""#)).collect();
    let mounts: Vec<String> = (0..9000).map(|n| format!(r#""/m{n}":{{"Source":"/s"}}"#)).collect();
    let long = "y".repeat(5000);
    let config = format!(
        r#"{{"Config":{{"Labels":{{"a":"{long}",{}}}}},"MountPoints":{{{}}}}}"#,
        labels.join(","),
        mounts.join(",")
    );
    let details = read(&[("var/lib/docker/containers/ID/config.v2.json", &config)], ID, Some(Runtime::Docker)).unwrap();
    assert_eq!((details.labels.len(), details.mounts.len()), (256, 256));
    assert!(!details.labels.contains_key("a"));
}
