//! `ka.*`: an event of the audit log of Kubernetes.

macro_rules! k8s_audit_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* K8sAudit {
            KaAuditid "ka.auditid" String None [] "Id of the event in the audit log.";
            KaStage "ka.stage" String None [] "Stage of the request, such as `ResponseComplete`.";
            KaAuthDecision "ka.auth.decision" String None [] "Whether the request was allowed.";
            KaAuthReason "ka.auth.reason" String None [] "Why the request was allowed or refused.";
            KaAuthOpenshiftDecision "ka.auth.openshift.decision" String None []
                "Whether OpenShift's login let the user in.";
            KaAuthOpenshiftUsername "ka.auth.openshift.username" String None []
                "Name of the user at OpenShift's login.";
            KaValidationsAdmissionPolicyFailure "ka.validations.admission.policy.failure" String None []
                "What a validating admission policy found wrong with the request.";
            KaSecurityPodViolations "ka.security.pod.violations" String None []
                "What the pod security standards found wrong with the request.";
            KaUserName "ka.user.name" String None [] "Name of the user who made the request.";
            KaUserGroups "ka.user.groups" String None [LIST] "Groups of the user who made the request.";
            KaImpuserName "ka.impuser.name" String None [] "Name of the user whom the request impersonates.";
            KaVerb "ka.verb" String None [] "What is to be done: get, create, delete and so on.";
            KaUri "ka.uri" String None [] "URI of the request.";
            KaUriParam "ka.uri.param" String Name [] "A parameter of the URI's query, by its name.";
            KaTargetName "ka.target.name" String None [] "Name of the object that the request is about.";
            KaTargetNamespace "ka.target.namespace" String None [] "Namespace of the object that the request is about.";
            KaTargetResource "ka.target.resource" String None [] "Kind of the object that the request is about.";
            KaTargetSubresource "ka.target.subresource" String None []
                "Part of the object that the request is about, such as `exec`.";
            KaTargetPodName "ka.target.pod.name" String None [] "Name of the pod that the request is about.";
            KaReqBindingSubjects "ka.req.binding.subjects" String None [LIST] "Subjects of a role binding.";
            KaReqBindingSubjectsUserNames "ka.req.binding.subjects.user_names" String None [LIST]
                "Names of the users that a role binding is for.";
            KaReqBindingSubjectsServiceaccountNames "ka.req.binding.subjects.serviceaccount_names" String None [LIST]
                "Names of the service accounts that a role binding is for.";
            KaReqBindingSubjectsServiceaccountNsNames "ka.req.binding.subjects.serviceaccount_ns_names" String None [LIST]
                "Names of the service accounts that a role binding is for, with their namespaces.";
            KaReqBindingSubjectsGroupNames "ka.req.binding.subjects.group_names" String None [LIST]
                "Names of the groups that a role binding is for.";
            KaReqBindingRole "ka.req.binding.role" String None [] "Role that a role binding gives.";
            KaReqBindingSubjectHasName "ka.req.binding.subject.has_name" String Name [DEPRECATED]
                "Whether a role binding is for the subject that the argument names; `ka.req.binding.subjects.user_names` and its like tell it now.";
            KaReqConfigmapName "ka.req.configmap.name" String None [] "Name of the config map.";
            KaReqConfigmapObj "ka.req.configmap.obj" String None [] "Content of the config map, as JSON.";
            KaReqContainerImage "ka.req.container.image" String None [DEPRECATED]
                "Image of the first container; `ka.req.pod.containers.image[0]` tells it now.";
            KaReqContainerImageRepository "ka.req.container.image.repository" String None [DEPRECATED]
                "Repository of the first container's image; `ka.req.pod.containers.image.repository[0]` tells it now.";
            KaReqContainerHostNetwork "ka.req.container.host_network" String None [DEPRECATED]
                "Whether the pod shares the machine's network; `ka.req.pod.host_network` tells it now.";
            KaReqContainerPrivileged "ka.req.container.privileged" String None [DEPRECATED]
                "Whether the first container runs privileged; `ka.req.pod.containers.privileged[0]` tells it now.";
            KaReqPodHostIpc "ka.req.pod.host_ipc" String None [] "Whether the pod shares the machine's IPC namespace.";
            KaReqPodHostNetwork "ka.req.pod.host_network" String None []
                "Whether the pod shares the machine's network.";
            KaReqPodHostPid "ka.req.pod.host_pid" String None [] "Whether the pod shares the machine's pid namespace.";
            KaReqPodRunAsUser "ka.req.pod.run_as_user" String None [] "User id that the pod asks for.";
            KaReqPodRunAsGroup "ka.req.pod.run_as_group" String None [] "Group id that the pod asks for.";
            KaReqPodFsGroup "ka.req.pod.fs_group" String None [] "Group that owns the pod's volumes.";
            KaReqPodSupplementalGroups "ka.req.pod.supplemental_groups" String None [LIST]
                "Further groups of the pod's processes.";
            KaReqPodVolumesHostpath "ka.req.pod.volumes.hostpath" String OptionalIndex [LIST]
                "Paths of the machine that the pod mounts.";
            KaReqPodVolumesFlexvolumeDriver "ka.req.pod.volumes.flexvolume_driver" String OptionalIndex [LIST]
                "Drivers of the pod's flex volumes.";
            KaReqPodVolumesVolumeType "ka.req.pod.volumes.volume_type" String OptionalIndex [LIST]
                "Types of the pod's volumes.";
            KaReqVolumeHostpath "ka.req.volume.hostpath" String Name [DEPRECATED]
                "Whether the pod mounts the path of the machine in the argument; `ka.req.pod.volumes.hostpath` tells it now.";
            KaReqRoleRules "ka.req.role.rules" String None [LIST] "Rules of a role.";
            KaReqRoleRulesApiGroups "ka.req.role.rules.apiGroups" String OptionalIndex [LIST]
                "API groups that a role's rules are about.";
            KaReqRoleRulesNonResourceUrls "ka.req.role.rules.nonResourceURLs" String OptionalIndex [LIST]
                "URLs of no object that a role's rules are about.";
            KaReqRoleRulesVerbs "ka.req.role.rules.verbs" String OptionalIndex [LIST] "What a role's rules allow.";
            KaReqRoleRulesResources "ka.req.role.rules.resources" String OptionalIndex [LIST]
                "Kinds of objects that a role's rules are about.";
            KaReqServiceType "ka.req.service.type" String None [] "Type of the service.";
            KaReqServicePorts "ka.req.service.ports" String OptionalIndex [LIST] "Ports of the service.";
            KaRespName "ka.resp.name" String None [] "Name of the object in the answer.";
            KaResponseCode "ka.response.code" String None [] "HTTP status of the answer.";
            KaResponseReason "ka.response.reason" String None [] "Why the answer is what it is.";
            KaUseragent "ka.useragent" String None [] "Program that made the request, as it names itself.";
            KaSourceips "ka.sourceips" String OptionalIndex [LIST]
                "Addresses that the request came from, those of proxies included.";
            KaClusterName "ka.cluster.name" String None [] "Name of the cluster.";
            KaReqPodContainersName "ka.req.pod.containers.name" String OptionalIndex [LIST] "Names of the containers.";
            KaReqPodContainersImage "ka.req.pod.containers.image" String OptionalIndex [LIST]
                "Images of the containers.";
            KaReqPodContainersImageRepository "ka.req.pod.containers.image.repository" String OptionalIndex [LIST]
                "Repositories of the images of the containers, without tag and digest.";
            KaReqPodContainersCommand "ka.req.pod.containers.command" String OptionalIndex [LIST]
                "Commands of the containers.";
            KaReqPodContainersArgs "ka.req.pod.containers.args" String OptionalIndex [LIST]
                "Arguments of the commands of the containers.";
            KaReqPodContainersPrivileged "ka.req.pod.containers.privileged" String OptionalIndex [LIST]
                "Whether each of the containers runs privileged.";
            KaReqPodContainersAllowPrivilegeEscalation "ka.req.pod.containers.allow_privilege_escalation" String OptionalIndex [LIST]
                "Whether processes in each of the containers may gain privileges.";
            KaReqPodContainersReadOnlyFs "ka.req.pod.containers.read_only_fs" String OptionalIndex [LIST]
                "Whether the root file system of each of the containers is read-only.";
            KaReqPodContainersRunAsUser "ka.req.pod.containers.run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers asks for.";
            KaReqPodContainersEffRunAsUser "ka.req.pod.containers.eff_run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers runs with, the pod's if it asks for none.";
            KaReqPodContainersRunAsGroup "ka.req.pod.containers.run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers asks for.";
            KaReqPodContainersEffRunAsGroup "ka.req.pod.containers.eff_run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers runs with, the pod's if it asks for none.";
            KaReqPodContainersProcMount "ka.req.pod.containers.proc_mount" String OptionalIndex [LIST]
                "How /proc is mounted in each of the containers.";
            KaReqPodContainersAddCapabilities "ka.req.pod.containers.add_capabilities" String OptionalIndex [LIST]
                "Capabilities that each of the containers asks for.";
            KaReqPodContainersHostPort "ka.req.pod.containers.host_port" String OptionalIndex [LIST]
                "Ports of the machine that the containers use.";
            KaReqPodInitContainersName "ka.req.pod.initContainers.name" String OptionalIndex [LIST]
                "Names of the containers that run before the others.";
            KaReqPodInitContainersImage "ka.req.pod.initContainers.image" String OptionalIndex [LIST]
                "Images of the containers that run before the others.";
            KaReqPodInitContainersImageRepository "ka.req.pod.initContainers.image.repository" String OptionalIndex [LIST]
                "Repositories of the images of the containers that run before the others, without tag and digest.";
            KaReqPodInitContainersCommand "ka.req.pod.initContainers.command" String OptionalIndex [LIST]
                "Commands of the containers that run before the others.";
            KaReqPodInitContainersArgs "ka.req.pod.initContainers.args" String OptionalIndex [LIST]
                "Arguments of the commands of the containers that run before the others.";
            KaReqPodInitContainersPrivileged "ka.req.pod.initContainers.privileged" String OptionalIndex [LIST]
                "Whether each of the containers that run before the others runs privileged.";
            KaReqPodInitContainersAllowPrivilegeEscalation "ka.req.pod.initContainers.allow_privilege_escalation" String OptionalIndex [LIST]
                "Whether processes in each of the containers that run before the others may gain privileges.";
            KaReqPodInitContainersReadOnlyFs "ka.req.pod.initContainers.read_only_fs" String OptionalIndex [LIST]
                "Whether the root file system of each of the containers that run before the others is read-only.";
            KaReqPodInitContainersRunAsUser "ka.req.pod.initContainers.run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers that run before the others asks for.";
            KaReqPodInitContainersEffRunAsUser "ka.req.pod.initContainers.eff_run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers that run before the others runs with, the pod's if it asks for none.";
            KaReqPodInitContainersRunAsGroup "ka.req.pod.initContainers.run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers that run before the others asks for.";
            KaReqPodInitContainersEffRunAsGroup "ka.req.pod.initContainers.eff_run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers that run before the others runs with, the pod's if it asks for none.";
            KaReqPodInitContainersProcMount "ka.req.pod.initContainers.proc_mount" String OptionalIndex [LIST]
                "How /proc is mounted in each of the containers that run before the others.";
            KaReqPodInitContainersAddCapabilities "ka.req.pod.initContainers.add_capabilities" String OptionalIndex [LIST]
                "Capabilities that each of the containers that run before the others asks for.";
            KaReqPodInitContainersHostPort "ka.req.pod.initContainers.host_port" String OptionalIndex [LIST]
                "Ports of the machine that the containers that run before the others use.";
            KaReqPodEphemeralContainersName "ka.req.pod.ephemeralContainers.name" String OptionalIndex [LIST]
                "Names of the containers that were added for debugging.";
            KaReqPodEphemeralContainersImage "ka.req.pod.ephemeralContainers.image" String OptionalIndex [LIST]
                "Images of the containers that were added for debugging.";
            KaReqPodEphemeralContainersImageRepository "ka.req.pod.ephemeralContainers.image.repository" String OptionalIndex [LIST]
                "Repositories of the images of the containers that were added for debugging, without tag and digest.";
            KaReqPodEphemeralContainersCommand "ka.req.pod.ephemeralContainers.command" String OptionalIndex [LIST]
                "Commands of the containers that were added for debugging.";
            KaReqPodEphemeralContainersArgs "ka.req.pod.ephemeralContainers.args" String OptionalIndex [LIST]
                "Arguments of the commands of the containers that were added for debugging.";
            KaReqPodEphemeralContainersPrivileged "ka.req.pod.ephemeralContainers.privileged" String OptionalIndex [LIST]
                "Whether each of the containers that were added for debugging runs privileged.";
            KaReqPodEphemeralContainersAllowPrivilegeEscalation "ka.req.pod.ephemeralContainers.allow_privilege_escalation" String OptionalIndex [LIST]
                "Whether processes in each of the containers that were added for debugging may gain privileges.";
            KaReqPodEphemeralContainersReadOnlyFs "ka.req.pod.ephemeralContainers.read_only_fs" String OptionalIndex [LIST]
                "Whether the root file system of each of the containers that were added for debugging is read-only.";
            KaReqPodEphemeralContainersRunAsUser "ka.req.pod.ephemeralContainers.run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers that were added for debugging asks for.";
            KaReqPodEphemeralContainersEffRunAsUser "ka.req.pod.ephemeralContainers.eff_run_as_user" String OptionalIndex [LIST]
                "User id that each of the containers that were added for debugging runs with, the pod's if it asks for none.";
            KaReqPodEphemeralContainersRunAsGroup "ka.req.pod.ephemeralContainers.run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers that were added for debugging asks for.";
            KaReqPodEphemeralContainersEffRunAsGroup "ka.req.pod.ephemeralContainers.eff_run_as_group" String OptionalIndex [LIST]
                "Group id that each of the containers that were added for debugging runs with, the pod's if it asks for none.";
            KaReqPodEphemeralContainersProcMount "ka.req.pod.ephemeralContainers.proc_mount" String OptionalIndex [LIST]
                "How /proc is mounted in each of the containers that were added for debugging.";
            KaReqPodEphemeralContainersAddCapabilities "ka.req.pod.ephemeralContainers.add_capabilities" String OptionalIndex [LIST]
                "Capabilities that each of the containers that were added for debugging asks for.";
        } }
    };
}
