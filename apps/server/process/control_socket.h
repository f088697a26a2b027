// The control socket as a file, and control messages on it.
//
// A unix socket of packets (SOCK_SEQPACKET), so that each message arrives whole and with its
// descriptors. No call waits, except for receive_within(). Covered by
// tests/server/process/control_test.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/process/control_message.h"
#include "uring/fd.h"

namespace server {

// Makes the socket file `path` with mode 0600 and listens there. Replaces a socket file on which
// no process accepts. Returns why that is not possible, or nothing.
options::ExitReason listen_for_control(const std::string& path, uring::Fd& socket);

// Connects to the server that listens at `path`. Sets `socket` if there is one. Returns why it
// cannot be reached, or nothing.
options::ExitReason connect_to_control(const std::string& path, uring::Fd& socket);

// Whether the peer of a connected socket may give or get listening sockets: it runs as this user or
// as root. Sets its process, as the kernel knows it.
bool is_peer_allowed(int socket, pid_t& process);

// Sends the bytes of a message, for which no memory is allocated. False: the peer is gone, or has
// not received earlier messages.
bool send_packet(int socket, std::string_view bytes);

// Sends a message and copies of the descriptors. False as of send_packet().
bool send_message(int socket, const ControlMessage& message, std::span<const int> descriptors = {});

enum class Received : std::uint8_t { message, none_yet, end, malformed };

// Receives a message and appends its descriptors, which have FD_CLOEXEC, to `descriptors`.
// Allocates memory only for what a message contains: none for `take` and `released`.
Received receive_message(int socket, ControlMessage& message, std::vector<uring::Fd>& descriptors);

// Waits for a message for that many milliseconds; none_yet: there was none.
Received receive_within(int socket, int timeout_ms, ControlMessage& message,
                        std::vector<uring::Fd>& descriptors);

}  // namespace server
