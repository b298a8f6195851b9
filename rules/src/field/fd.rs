//! `fd.*`: what the event's file descriptor stands for.

macro_rules! fd_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Fd {
            FdNum "fd.num" Int None [] "Number of the descriptor.";
            FdType "fd.type" String None []
                "What the descriptor stands for: file, directory, ipv4, ipv6, unix, pipe and so on.";
            FdTypechar "fd.typechar" String None [] "The same as one character: f, d, 4, 6, u, p and so on.";
            FdName "fd.name" String None [] "Path of a file, or both ends of a socket.";
            FdDirectory "fd.directory" String None [] "Folder that the file lies in; a directory's own path.";
            FdFilename "fd.filename" String None [] "Name of the file without its folder; missing for a directory.";
            FdIp "fd.ip" Ip None [FILTER_ONLY NO_VALUE] "Address of either end of a socket.";
            FdCip "fd.cip" Ip None [] "Address of the client's end.";
            FdSip "fd.sip" Ip None [] "Address of the server's end.";
            FdLip "fd.lip" Ip None [] "Address of this machine's end.";
            FdRip "fd.rip" Ip None [] "Address of the other machine's end.";
            FdPort "fd.port" Port None [FILTER_ONLY NO_VALUE] "Port of either end of a socket.";
            FdCport "fd.cport" Port None [] "Port of the client's end.";
            FdSport "fd.sport" Port None [] "Port of the server's end.";
            FdLport "fd.lport" Port None [] "Port of this machine's end.";
            FdRport "fd.rport" Port None [] "Port of the other machine's end.";
            FdL4proto "fd.l4proto" String None [] "Transport protocol of a socket: tcp, udp, icmp or raw.";
            FdSockfamily "fd.sockfamily" String None [] "Family of a socket: ip or unix.";
            FdIsServer "fd.is_server" Bool None [] "True if this process is the server's end of a connection.";
            FdUid "fd.uid" String None [] "Thread id and descriptor, one behind the other: unique at one moment.";
            FdContainername "fd.containername" String None [] "Container id and `fd.name`, joined by a colon.";
            FdContainerdirectory "fd.containerdirectory" String None []
                "Container id and `fd.directory`, joined by a colon.";
            FdProto "fd.proto" Port None [FILTER_ONLY NO_VALUE]
                "Port of either end of a socket: the same as `fd.port`.";
            FdCproto "fd.cproto" String None []
                "Port of the client's end, as text; services are not looked up by their ports.";
            FdSproto "fd.sproto" String None []
                "Port of the server's end, as text; services are not looked up by their ports.";
            FdLproto "fd.lproto" String None []
                "Port of this machine's end, as text; services are not looked up by their ports.";
            FdRproto "fd.rproto" String None []
                "Port of the other machine's end, as text; services are not looked up by their ports.";
            FdNet "fd.net" Net None [FILTER_ONLY NO_VALUE] "Address of either end, to be compared with networks.";
            FdCnet "fd.cnet" Net None [FILTER_ONLY NO_VALUE]
                "Address of the client's end, to be compared with networks.";
            FdSnet "fd.snet" Net None [FILTER_ONLY NO_VALUE]
                "Address of the server's end, to be compared with networks.";
            FdLnet "fd.lnet" Net None [FILTER_ONLY NO_VALUE]
                "Address of this machine's end, to be compared with networks.";
            FdRnet "fd.rnet" Net None [FILTER_ONLY NO_VALUE]
                "Address of the other machine's end, to be compared with networks.";
            FdConnected "fd.connected" Bool None [] "True if the socket is connected.";
            FdNameChanged "fd.name_changed" Bool None [] "True if the event gave the descriptor another name.";
            FdCipName "fd.cip.name" String None [NO_VALUE] "Domain name of the client's address.";
            FdSipName "fd.sip.name" String None [NO_VALUE] "Domain name of the server's address.";
            FdLipName "fd.lip.name" String None [NO_VALUE] "Domain name of the local address.";
            FdRipName "fd.rip.name" String None [NO_VALUE] "Domain name of the remote address.";
            FdDev "fd.dev" Int None [] "Device that the file lies on, major and minor number in one.";
            FdDevMajor "fd.dev.major" Int None [] "Major number of the device that the file lies on.";
            FdDevMinor "fd.dev.minor" Int None [] "Minor number of the device that the file lies on.";
            FdIno "fd.ino" Int None [] "Inode number of the file.";
            FdNameraw "fd.nameraw" String None [] "Path of the file as the caller passed it.";
            FdTypes "fd.types" String OptionalIndex [LIST]
                "Types of all open descriptors of the process, or of the one with the number in the argument.";
            FdIsUpperLayer "fd.is_upper_layer" Bool None [] "True if the file lies in the upper layer of an overlayfs.";
            FdIsLowerLayer "fd.is_lower_layer" Bool None [] "True if the file lies in a lower layer of an overlayfs.";
        } }
    };
}
