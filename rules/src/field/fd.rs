//! `fd.*`: what the event's descriptor stands for.

macro_rules! fd_fields {
    ($next:tt $($before:tt)*) => {
        chain! { $next $($before)* Fd {
            FdNum "fd.num" Int None [] "Number of the descriptor.";
            FdType "fd.type" String None [] "What the descriptor stands for: file, directory, ipv4, ipv6, unix, pipe and so on.";
            FdTypechar "fd.typechar" String None [] "The same as one character.";
            FdName "fd.name" String None [] "Path of a file, or both ends of a socket.";
            FdNameraw "fd.nameraw" String None [] "Path as the caller passed it.";
            FdDirectory "fd.directory" String None [] "Folder of the file.";
            FdFilename "fd.filename" String None [] "Name of the file without its folder.";
            FdIp "fd.ip" Ip None [] "Address of either end.";
            FdCip "fd.cip" Ip None [] "Address of the client's end.";
            FdSip "fd.sip" Ip None [] "Address of the server's end.";
            FdLip "fd.lip" Ip None [] "Address of this machine's end.";
            FdRip "fd.rip" Ip None [] "Address of the other end.";
            FdPort "fd.port" Port None [] "Port of either end.";
            FdCport "fd.cport" Port None [] "Port of the client's end.";
            FdSport "fd.sport" Port None [] "Port of the server's end.";
            FdLport "fd.lport" Port None [] "Port of this machine's end.";
            FdRport "fd.rport" Port None [] "Port of the other end.";
            FdL4proto "fd.l4proto" String None [] "tcp, udp, icmp or raw.";
            FdSockfamily "fd.sockfamily" String None [] "ip or unix.";
            FdIsServer "fd.is_server" Bool None [] "True if this process is the server's end.";
            FdUid "fd.uid" String None [] "Descriptor and thread together, unique at one moment.";
            FdNet "fd.net" Net None [] "Either end's address, to be compared with networks.";
            FdCnet "fd.cnet" Net None [] "The client's address, to be compared with networks.";
            FdSnet "fd.snet" Net None [] "The server's address, to be compared with networks.";
            FdLnet "fd.lnet" Net None [] "The local address, to be compared with networks.";
            FdRnet "fd.rnet" Net None [] "The remote address, to be compared with networks.";
            FdConnected "fd.connected" Bool None [] "True if the socket is connected.";
            FdNameChanged "fd.name_changed" Bool None [] "True if the event gave the descriptor another name.";
            FdDev "fd.dev" Uint None [] "Number of the file's device.";
            FdDevMajor "fd.dev.major" Uint None [] "Major number of the file's device.";
            FdDevMinor "fd.dev.minor" Uint None [] "Minor number of the file's device.";
            FdIno "fd.ino" Int None [] "Inode of the file.";
            FdIsUpperLayer "fd.is_upper_layer" Bool None [] "True if the file lies in the upper layer of an overlay.";
            FdIsLowerLayer "fd.is_lower_layer" Bool None [] "True if the file lies in a lower layer of an overlay.";
        } }
    };
}
