// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Both ends of a socket, its role, and the queue of a listening one. The caller holds a reference to the socket. */
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/un.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "compat.h"
#include "kestrel.h"

/* Private to the kernel's net/unix before 5.15. */
#ifndef unix_peer
#define unix_peer(sk) (unix_sk(sk)->peer)
#endif

/* Addresses as getsockname and getpeername tell them; port numbers in host order. */
static void inet_ends(const struct sock *sk, struct kestrel_tuple *out)
{
	const struct inet_sock *inet = inet_sk(sk);

	out->local_port = READ_ONCE(inet->inet_num);
	out->remote_port = ntohs(READ_ONCE(inet->inet_dport));
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		const struct ipv6_pinfo *v6 = inet6_sk(sk);
		const struct in6_addr *local = &sk->sk_v6_rcv_saddr;

		if (ipv6_addr_any(local) && v6)
			local = &v6->saddr;
		memcpy(out->local, local, sizeof(out->local));
		memcpy(out->remote, &sk->sk_v6_daddr, sizeof(out->remote));
		return;
	}
#endif
	{
		__be32 local = READ_ONCE(inet->inet_rcv_saddr), remote = READ_ONCE(inet->inet_daddr);

		if (!local)
			local = READ_ONCE(inet->inet_saddr);
		memcpy(out->local, &local, sizeof(local));
		memcpy(out->remote, &remote, sizeof(remote));
	}
}

/*
 * Writes the name that an AF_UNIX socket is bound to. An abstract one is shown with '@' for each NUL, as /proc/net/unix
 * does, so that the NUL between two names stays the only one. A name never changes once it is set.
 */
static size_t unix_name(struct sock *sk, u8 *to, size_t len)
{
	const struct unix_address *address = smp_load_acquire(&unix_sk(sk)->addr);
	size_t length, i;

	if (!address || address->len <= offsetof(struct sockaddr_un, sun_path))
		return 0;
	length = min_t(size_t, address->len - offsetof(struct sockaddr_un, sun_path), UNIX_PATH_MAX);
	if (address->name->sun_path[0])
		length = strnlen(address->name->sun_path, length);
	if (length > len)
		return 0;
	for (i = 0; i < length; i++)
		to[i] = address->name->sun_path[i] ?: '@';
	return length;
}

/* Both names with a NUL between. The lock keeps the peer from being replaced, and so from going away. */
static size_t unix_ends(struct sock *sk, u8 *to, size_t len, bool *named, bool *peer_named)
{
	struct sock *peer;
	size_t local, remote = 0;

	if (!len)
		return 0;
	local = unix_name(sk, to, len - 1);
	to[local] = 0;
	if (kestrel_unix_lock(sk)) {
		peer = unix_peer(sk);
		if (peer)
			remote = unix_name(peer, to + local + 1, len - local - 1);
		unix_state_unlock(sk);
	}
	*named = local;
	*peer_named = remote;
	return local + 1 + remote;
}

/*
 * Is this end the server's? A listening socket is; so is a TCP one that was made from a listening one, whose limit of
 * waiting connections it keeps. An AF_UNIX socket that was accepted has the listener's name, while its peer has none.
 */
static bool inet_server(const struct sock *sk)
{
	if (sk->sk_state == TCP_LISTEN)
		return true;
	return sk->sk_type == SOCK_STREAM && READ_ONCE(sk->sk_max_ack_backlog) > 0;
}

long kestrel_describe_socket(struct socket *sock, struct kestrel_fd *head, u8 *tail, size_t len)
{
	struct kestrel_tuple tuple = {};
	bool named = false, peer_named = false;
	struct sock *sk = sock->sk;
	size_t length = sizeof(tuple);

	head->kind = KESTREL_FD_OTHER_SOCKET;
	head->socket_type = sock->type;
	if (!sk)
		return 0;
	head->family = sk->sk_family;
	head->protocol = sk->sk_protocol;
	if (sk->sk_state == TCP_ESTABLISHED)
		head->flags |= KESTREL_FD_CONNECTED;
	switch (sk->sk_family) {
	case AF_INET:
		head->kind = KESTREL_FD_INET4;
		break;
	case AF_INET6:
		head->kind = KESTREL_FD_INET6;
		break;
	case AF_UNIX:
		head->kind = KESTREL_FD_UNIX;
		break;
	case AF_NETLINK:
		head->kind = KESTREL_FD_NETLINK;
		return 0;
	case AF_PACKET:
		head->kind = KESTREL_FD_PACKET;
		return 0;
	default:
		return 0;
	}
	tuple.family = head->family;
	tuple.protocol = head->protocol;
	if (len < sizeof(tuple))
		return -ENOSPC;
	if (head->kind == KESTREL_FD_UNIX) {
		length += unix_ends(sk, tail + sizeof(tuple), len - sizeof(tuple), &named, &peer_named);
		if (sk->sk_state == TCP_LISTEN ||
		    (sk->sk_type != SOCK_DGRAM && sk->sk_state == TCP_ESTABLISHED && named && !peer_named))
			head->flags |= KESTREL_FD_SERVER;
	} else {
		inet_ends(sk, &tuple);
		if (inet_server(sk))
			head->flags |= KESTREL_FD_SERVER;
	}
	memcpy(tail, &tuple, sizeof(tuple));
	return length;
}

int kestrel_listen_queue(int fd, struct kestrel_queue *out)
{
	struct socket *sock;
	struct file *file;
	struct sock *sk;
	int error = -ENOTSOCK;

	if (fd < 0 || !current->files)
		return -EBADF;
	file = fget_raw(fd);
	if (!file)
		return -EBADF;
	sock = kestrel_sock_from_file(file);
	sk = sock ? sock->sk : NULL;
	if (sk && sk->sk_state == TCP_LISTEN) {
		out->len = sk->sk_family == AF_UNIX ? skb_queue_len_lockless(&sk->sk_receive_queue) :
						      READ_ONCE(sk->sk_ack_backlog);
		out->max = READ_ONCE(sk->sk_max_ack_backlog);
		error = 0;
	}
	fput(file);
	return error;
}
