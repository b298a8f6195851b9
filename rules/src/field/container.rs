//! `container.*` and `k8s.*`: the container and the pod that the process belongs to.

macro_rules! container_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Container {
            ContainerId "container.id" String None [SUGGESTED]
                "Id of the container, its first 12 characters; `host` for a process in none.";
            ContainerFullId "container.full_id" String None [] "Id of the container, all of it.";
            ContainerName "container.name" String None [SUGGESTED] "Name of the container.";
            ContainerImage "container.image" String None [] "Reference of the image that the container was made from.";
            ContainerImageId "container.image.id" String None [] "Id of the image.";
            ContainerType "container.type" String None []
                "Engine that runs the container: docker, podman, containerd, cri-o, lxc and so on.";
            ContainerPrivileged "container.privileged" Bool None [] "True if the container runs privileged.";
            ContainerMounts "container.mounts" String None []
                "Mounts of the container, each as `source:dest:mode:rdwr:propagation`.";
            ContainerMount "container.mount" String NameOrIndex [] "One mount, by its number or its source.";
            ContainerMountSource "container.mount.source" String NameOrIndex []
                "Source of a mount, by the mount's number or destination.";
            ContainerMountDest "container.mount.dest" String NameOrIndex []
                "Destination of a mount, by the mount's number or source.";
            ContainerMountMode "container.mount.mode" String NameOrIndex []
                "Mode of a mount, by the mount's number or source.";
            ContainerMountRdwr "container.mount.rdwr" String NameOrIndex []
                "Whether a mount can be written to, by the mount's number or source.";
            ContainerMountPropagation "container.mount.propagation" String NameOrIndex []
                "Propagation of a mount, by the mount's number or source.";
            ContainerImageRepository "container.image.repository" String None [SUGGESTED]
                "Repository of the image, without tag and digest.";
            ContainerImageTag "container.image.tag" String None [SUGGESTED] "Tag of the image.";
            ContainerImageDigest "container.image.digest" String None [] "Digest of the image, such as `sha256:…`.";
            ContainerHealthcheck "container.healthcheck" String None [DEPRECATED]
                "Command that checks whether the container is healthy.";
            ContainerLivenessProbe "container.liveness_probe" String None [DEPRECATED]
                "Command that checks whether the container is alive.";
            ContainerReadinessProbe "container.readiness_probe" String None [DEPRECATED]
                "Command that checks whether the container is ready.";
            ContainerStartTs "container.start_ts" AbsTime None []
                "Time at which the container started: the start of its pid namespace.";
            ContainerDuration "container.duration" RelTime None [] "Time since the container started.";
            ContainerIp "container.ip" String None [] "First IPv4 address of the container.";
            ContainerCniJson "container.cni.json" String None []
                "What the network plugin said when it connected the container, as JSON.";
            ContainerHostPid "container.host_pid" Bool None []
                "True if the container shares the machine's pid namespace.";
            ContainerHostNetwork "container.host_network" Bool None []
                "True if the container shares the machine's network.";
            ContainerHostIpc "container.host_ipc" Bool None []
                "True if the container shares the machine's IPC namespace.";
            ContainerLabel "container.label" String Name [] "A label of the container, by its name.";
            ContainerLabels "container.labels" String None []
                "All labels of the container, as pairs of name and value.";
            ProcIsContainerHealthcheck "proc.is_container_healthcheck" Bool None [DEPRECATED]
                "True if the process is part of the container's health check.";
            ProcIsContainerLivenessProbe "proc.is_container_liveness_probe" Bool None [DEPRECATED]
                "True if the process is part of the container's liveness probe.";
            ProcIsContainerReadinessProbe "proc.is_container_readiness_probe" Bool None [DEPRECATED]
                "True if the process is part of the container's readiness probe.";
            K8sPodName "k8s.pod.name" String None [SUGGESTED] "Name of the pod.";
            K8sNsName "k8s.ns.name" String None [SUGGESTED] "Namespace of the pod.";
            K8sPodId "k8s.pod.id" String None [] "The same as `k8s.pod.uid`, under its old name.";
            K8sPodUid "k8s.pod.uid" String None [] "Unique id of the pod.";
            K8sPodSandboxId "k8s.pod.sandbox_id" String None [] "Id of the pod's sandbox, its first 12 characters.";
            K8sPodFullSandboxId "k8s.pod.full_sandbox_id" String None [] "Id of the pod's sandbox, all of it.";
            K8sPodLabel "k8s.pod.label" String Name [] "A label of the pod, by its name.";
            K8sPodLabels "k8s.pod.labels" String None [] "All labels of the pod, as pairs of name and value.";
            K8sPodIp "k8s.pod.ip" String None [] "Address of the pod.";
            K8sPodCniJson "k8s.pod.cni.json" String None []
                "What the network plugin said when it connected the pod, as JSON.";
            K8sRcName "k8s.rc.name" String None [DEPRECATED]
                "Name of the replication controller that the pod belongs to.";
            K8sRcId "k8s.rc.id" String None [DEPRECATED]
                "Unique id of the replication controller that the pod belongs to.";
            K8sRcLabel "k8s.rc.label" String Name [DEPRECATED] "A label of the replication controller, by its name.";
            K8sRcLabels "k8s.rc.labels" String None [DEPRECATED]
                "All labels of the replication controller, as pairs of name and value.";
            K8sSvcName "k8s.svc.name" String None [DEPRECATED] "Name of the service that the pod belongs to.";
            K8sSvcId "k8s.svc.id" String None [DEPRECATED] "Unique id of the service that the pod belongs to.";
            K8sSvcLabel "k8s.svc.label" String Name [DEPRECATED] "A label of the service, by its name.";
            K8sSvcLabels "k8s.svc.labels" String None [DEPRECATED]
                "All labels of the service, as pairs of name and value.";
            K8sNsId "k8s.ns.id" String None [DEPRECATED] "Unique id of the namespace that the pod belongs to.";
            K8sNsLabel "k8s.ns.label" String Name [DEPRECATED] "A label of the namespace, by its name.";
            K8sNsLabels "k8s.ns.labels" String None [DEPRECATED]
                "All labels of the namespace, as pairs of name and value.";
            K8sRsName "k8s.rs.name" String None [DEPRECATED] "Name of the replica set that the pod belongs to.";
            K8sRsId "k8s.rs.id" String None [DEPRECATED] "Unique id of the replica set that the pod belongs to.";
            K8sRsLabel "k8s.rs.label" String Name [DEPRECATED] "A label of the replica set, by its name.";
            K8sRsLabels "k8s.rs.labels" String None [DEPRECATED]
                "All labels of the replica set, as pairs of name and value.";
            K8sDeploymentName "k8s.deployment.name" String None [DEPRECATED]
                "Name of the deployment that the pod belongs to.";
            K8sDeploymentId "k8s.deployment.id" String None [DEPRECATED]
                "Unique id of the deployment that the pod belongs to.";
            K8sDeploymentLabel "k8s.deployment.label" String Name [DEPRECATED]
                "A label of the deployment, by its name.";
            K8sDeploymentLabels "k8s.deployment.labels" String None [DEPRECATED]
                "All labels of the deployment, as pairs of name and value.";
        } }
    };
}
