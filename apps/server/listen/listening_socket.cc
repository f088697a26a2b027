// The end of a listening socket. Covered by tests/server/listen/listening_socket_test.cc.
#include "apps/server/listen/listening_socket.h"

#include <array>
#include <linux/filter.h>
#include <sys/socket.h>

namespace server {

namespace {

// Drops the packets that begin a handshake (SYN without ACK), and passes all others, above all the
// ones that complete a handshake. The client sends the first packet again after a second, and is
// refused then. The filter of a listening TCP socket sees packets from the TCP header on, whose
// flags are in byte 13 (socket(7), RFC 9293 section 3.1).
void drop_new_handshakes(int socket) {
  constexpr std::uint32_t flags_offset = 13;
  constexpr std::uint32_t syn_and_ack = 0x12;
  constexpr std::uint32_t syn = 0x02;
  std::array<sock_filter, 5> code{{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_offset),
                                   BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn_and_ack),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, 0),
                                   BPF_STMT(BPF_RET | BPF_K, 0xffffffff)}};
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  // Without the filter a client that connects at this moment may be reset.
  ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

bool is_unix(int socket) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

}  // namespace

// The queue of a unix socket stays after shutdown(2), while that of a TCP socket is reset.
void ListeningSocket::end_arrivals() {
  if (owner_ != Owner::this_process) return;
  if (is_unix(socket_.get()))
    ::shutdown(socket_.get(), SHUT_RDWR);
  else
    drop_new_handshakes(socket_.get());
}

// shutdown(2) acts at once, while a close through a ring waits for its next submission. It acts on
// the socket itself, and must therefore not be called where another process has it.
void ListeningSocket::close(uring::Engine& engine) {
  if (owner_ == Owner::this_process) ::shutdown(socket_.get(), SHUT_RDWR);
  engine.close(socket_.release());
}

}  // namespace server
