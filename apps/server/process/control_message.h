// ControlMessage: the messages on the control socket, by which a new server takes the place of a
// living one. Pure.
//
//     new server                        living server
//     take                  ->
//                           <-          offer, once or more: sockets, with their descriptors
//     ready: which it uses  ->
//                           <-          released, or refuse at any time, with the reason
//
// A message is one packet (SOCK_SEQPACKET): the magic bytes, a version, a kind, two counts and
// entries. Numbers are little-endian. A reader accepts exactly what the writer writes. Covered by
// tests/server/process/control_message_test.cc and fuzz/control_message_fuzzer.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

struct ControlMessage {
  enum class Kind : std::uint8_t { take = 1, offer, ready, released, refuse };

  // A socket that is offered; its descriptor has the same place among those of the message.
  struct Socket {
    std::uint8_t endpoint = 0;  // sockets of one address have one index
    bool removes_path = false;  // its owner removes the file of the unix socket at its end
    bool is_shared = false;     // a service manager has it, too
    std::string address;        // 1 to most_address_bytes, as text_of() writes it
    bool operator==(const Socket&) const = default;
  };

  Kind kind = Kind::take;
  std::vector<Socket> sockets;  // of an offer: 1 to most_sockets
  std::uint16_t rest = 0;       // of an offer: the number of sockets in the offers that follow
  std::vector<bool> uses;       // of ready: whether it uses each offered socket, in their order
  std::string reason;           // of refuse: 1 to most_reason_bytes
  bool operator==(const ControlMessage&) const = default;
};

inline constexpr std::uint8_t control_version = 1;
// "unix:" and a path, which has at most 107 bytes.
inline constexpr std::size_t most_address_bytes = 5 + 108;
inline constexpr std::size_t most_reason_bytes = 500;
// Descriptors of one message; the kernel allows 253 (unix(7)).
inline constexpr std::size_t most_sockets = 128;
// Sockets of all offers: more than any number of workers and addresses that a machine has.
inline constexpr std::size_t most_offered = 8192;
// No packet is longer.
inline constexpr std::size_t most_packet_bytes = 16 * 1024 + most_offered;

std::string write_message(const ControlMessage& message);

// Empty: the bytes are no message of this version.
std::optional<ControlMessage> read_message(std::string_view bytes);

}  // namespace server
