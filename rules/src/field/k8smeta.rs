//! `k8smeta.*`: the Kubernetes objects around the process's pod.

macro_rules! k8smeta_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* K8sMeta {
            K8smetaPodName "k8smeta.pod.name" String None [] "Name of the pod, as the cluster knows it.";
            K8smetaPodUid "k8smeta.pod.uid" String None [] "Unique id of the pod, as the cluster knows it.";
            K8smetaPodLabel "k8smeta.pod.label" String Name []
                "A label of the pod, as the cluster knows it, by the name in the argument.";
            K8smetaPodLabels "k8smeta.pod.labels" String None [LIST]
                "All labels of the pod, as the cluster knows it: pairs of name and value.";
            K8smetaPodIp "k8smeta.pod.ip" String None [] "Address of the pod, as the cluster knows it.";
            K8smetaNsName "k8smeta.ns.name" String None [] "Name of the namespace of the pod.";
            K8smetaNsUid "k8smeta.ns.uid" String None [] "Unique id of the namespace of the pod.";
            K8smetaNsLabel "k8smeta.ns.label" String Name [] "A label of the namespace of the pod, by its name.";
            K8smetaNsLabels "k8smeta.ns.labels" String None [LIST]
                "All labels of the namespace of the pod: pairs of name and value.";
            K8smetaDeploymentName "k8smeta.deployment.name" String None [] "Name of the deployment of the pod.";
            K8smetaDeploymentUid "k8smeta.deployment.uid" String None [] "Unique id of the deployment of the pod.";
            K8smetaDeploymentLabel "k8smeta.deployment.label" String Name []
                "A label of the deployment of the pod, by its name.";
            K8smetaDeploymentLabels "k8smeta.deployment.labels" String None [LIST]
                "All labels of the deployment of the pod: pairs of name and value.";
            K8smetaSvcName "k8smeta.svc.name" String None [LIST] "Names of the services of the pod.";
            K8smetaSvcUid "k8smeta.svc.uid" String None [LIST] "Unique ids of the services of the pod.";
            K8smetaSvcLabel "k8smeta.svc.label" String Name [LIST] "A label of the services of the pod, by its name.";
            K8smetaSvcLabels "k8smeta.svc.labels" String None [LIST]
                "All labels of the services of the pod: pairs of name and value.";
            K8smetaRsName "k8smeta.rs.name" String None [] "Name of the replica set of the pod.";
            K8smetaRsUid "k8smeta.rs.uid" String None [] "Unique id of the replica set of the pod.";
            K8smetaRsLabel "k8smeta.rs.label" String Name [] "A label of the replica set of the pod, by its name.";
            K8smetaRsLabels "k8smeta.rs.labels" String None [LIST]
                "All labels of the replica set of the pod: pairs of name and value.";
            K8smetaRcName "k8smeta.rc.name" String None [] "Name of the replication controller of the pod.";
            K8smetaRcUid "k8smeta.rc.uid" String None [] "Unique id of the replication controller of the pod.";
            K8smetaRcLabel "k8smeta.rc.label" String Name []
                "A label of the replication controller of the pod, by its name.";
            K8smetaRcLabels "k8smeta.rc.labels" String None [LIST]
                "All labels of the replication controller of the pod: pairs of name and value.";
        } }
    };
}
