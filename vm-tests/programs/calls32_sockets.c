// Sockets: socketcall(2), the calls that it stands for, and messages with words of 4 bytes.

#include "calls32.h"

/* socketcall(2): which call, and its arguments in memory */
#define socketcall(which, ...) call(NR_socketcall, (which), P(((const long[6]){ __VA_ARGS__ })))
enum { SOCKET = 1, BIND, CONNECT, LISTEN, ACCEPT, GETSOCKNAME, GETPEERNAME, SOCKETPAIR, SEND, RECV, SENDTO, RECVFROM,
       SHUTDOWN, SETSOCKOPT, GETSOCKOPT, SENDMSG, RECVMSG, ACCEPT4, RECVMMSG, SENDMMSG };

/* struct sockaddr_in: family, port, address */
#define ADDRESS(port) { 2, 0, (port) >> 8, (port) & 0xff, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 }

static const unsigned char server[16] = ADDRESS(5600), here[16] = ADDRESS(5601), there[16] = ADDRESS(5602);

void sockets(void)
{
	static const u32 yes = 1;
	static int pair[2];
	long listener, client, accepted;

	listener = socketcall(SOCKET, 2, 1, 0);
	socketcall(SOCKET, 2, 1, 17);
	socketcall(BIND, listener, P(server), 16);
	socketcall(SETSOCKOPT, listener, 1, 2, P(&yes), 4);
	words[0] = 4;
	socketcall(GETSOCKOPT, listener, 1, 3, P(room), P(words));
	socketcall(LISTEN, listener, 5);
	client = socketcall(SOCKET, 2, 1, 6);
	socketcall(CONNECT, client, P(server), 16);
	accepted = socketcall(ACCEPT, listener, 0, 0);
	socketcall(SEND, client, P("sent"), 4, 0);
	socketcall(SEND, CLOSED, P("sent"), 4, 0);
	socketcall(RECV, accepted, P(room), 100, 0);
	socketcall(RECV, CLOSED, P(room), 100, 0);
	/* The whole length is told, whatever the room: not for streams. */
	words[0] = 16;
	socketcall(GETSOCKNAME, client, P(room), P(words));
	socketcall(GETPEERNAME, CLOSED, P(room), P(words));
	socketcall(SHUTDOWN, client, 2);
	call(NR_close, accepted);
	client = socketcall(SOCKET, 2, 1, 6);
	socketcall(CONNECT, client, P(server), 16);
	socketcall(ACCEPT4, listener, 0, 0, 0x800);
	socketcall(SOCKETPAIR, 1, 1, 0, P(pair));
	socketcall(99, 1, 2, 3);
	call(NR_socketcall, SOCKET, NOWHERE);
}

void messages(void)
{
	static u32 header[7], parts[4], headers[16], control[16];
	static unsigned char from[16];
	long receiver, sender;

	receiver = call(NR_socket, 2, 2, 0);
	call(NR_bind, receiver, P(here), 16);
	sender = socketcall(SOCKET, 2, 2, 0);
	call(NR_bind, sender, P(there), 16);
	call(NR_sendto, sender, P("direct"), 6, 0, P(here), 16);
	words[0] = 16;
	socketcall(RECVFROM, receiver, P(room), 3, 0x20, P(from), P(words));
	socketcall(SENDTO, sender, P("indirect"), 8, 0, P(here), 16);
	call(NR_recvfrom, receiver, P(room), 100, 0, P(from), P(words));
	words[1] = 1;
	call(NR_setsockopt, receiver, 0, 8, P(words + 1), 4);

	/* struct msghdr: name, its length; parts, their number; control data, its length; flags */
	parts[0] = P("two ");
	parts[1] = 4;
	parts[2] = P("parts");
	parts[3] = 5;
	header[0] = P(here);
	header[1] = 16;
	header[2] = P(parts);
	header[3] = 2;
	call(NR_sendmsg, sender, P(header), 0);
	socketcall(SENDMSG, sender, P(header), 0);
	/* struct mmsghdr: the same, and how much of it */
	for (int i = 0; i < 7; i++)
		headers[i] = headers[8 + i] = header[i];
	headers[8 + 3] = 1;
	socketcall(SENDMMSG, sender, P(headers), 2, 0);

	header[0] = P(from);
	parts[0] = P(room);
	parts[2] = P(room + 100);
	parts[3] = 50;
	header[4] = P(control);
	header[5] = sizeof(control);
	call(NR_recvmsg, receiver, P(header), 0);
	header[1] = 16;
	header[5] = sizeof(control);
	socketcall(RECVMSG, receiver, P(header), 0);
	header[1] = 16;
	header[5] = sizeof(control);
	for (int i = 0; i < 7; i++)
		headers[i] = headers[8 + i] = header[i];
	socketcall(RECVMMSG, receiver, P(headers), 2, 0, 0);
	call(NR_recvmsg, receiver, P(header), 0x40);
}
