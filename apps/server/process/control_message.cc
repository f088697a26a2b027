// Reading and writing control messages. Covered by tests/server/process/control_message_test.cc and
// fuzz/control_message_fuzzer.cc.
#include "apps/server/process/control_message.h"

namespace server {

namespace {

using Kind = ControlMessage::Kind;

constexpr std::string_view magic = "quoitctl";

void add_number(std::string& bytes, std::size_t number) {
  bytes += static_cast<char>(number & 0xff);
  bytes += static_cast<char>(number >> 8 & 0xff);
}

// Takes bytes off the front of a message. Once bytes are missing, it has failed.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : rest_(all) {}

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      has_failed_ = true;
      count = rest_.size();
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint8_t take_byte() {
    const std::string_view byte = take(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte[0]);
  }
  std::uint16_t take_number() {
    const std::uint8_t low = take_byte();
    return static_cast<std::uint16_t>(low | take_byte() << 8);
  }
  // A byte that is 0 or 1.
  bool take_flag() {
    const std::uint8_t byte = take_byte();
    if (byte > 1) has_failed_ = true;
    return byte == 1;
  }
  bool is_sound() const { return !has_failed_; }
  bool is_complete() const { return !has_failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool has_failed_ = false;
};

bool read_sockets(Bytes& bytes, std::size_t count, ControlMessage& message) {
  if (count == 0 || count > most_sockets || message.rest > most_offered) return false;
  for (std::size_t i = 0; i < count && bytes.is_sound(); ++i) {
    ControlMessage::Socket& socket = message.sockets.emplace_back();
    socket.endpoint = bytes.take_byte();
    socket.removes_path = bytes.take_flag();
    socket.is_shared = bytes.take_flag();
    const std::size_t size = bytes.take_byte();
    if (size == 0 || size > most_address_bytes) return false;
    socket.address = bytes.take(size);
  }
  return true;
}

bool read_entries(Bytes& bytes, std::size_t count, ControlMessage& message) {
  if (message.kind != Kind::offer && message.rest != 0) return false;
  switch (message.kind) {
    case Kind::take:
    case Kind::released: return count == 0;
    case Kind::offer: return read_sockets(bytes, count, message);
    case Kind::ready:
      if (count > most_offered) return false;
      for (std::size_t i = 0; i < count; ++i) message.uses.push_back(bytes.take_flag());
      return true;
    case Kind::refuse:
      if (count == 0 || count > most_reason_bytes) return false;
      message.reason = bytes.take(count);
      return true;
  }
  return false;
}

std::size_t count_of(const ControlMessage& message) {
  switch (message.kind) {
    case Kind::offer: return message.sockets.size();
    case Kind::ready: return message.uses.size();
    case Kind::refuse: return message.reason.size();
    case Kind::take:
    case Kind::released: break;
  }
  return 0;
}

}  // namespace

std::string write_message(const ControlMessage& message) {
  std::string bytes(magic);
  bytes += static_cast<char>(control_version);
  bytes += static_cast<char>(message.kind);
  add_number(bytes, count_of(message));
  add_number(bytes, message.rest);
  for (const ControlMessage::Socket& socket : message.sockets) {
    bytes += static_cast<char>(socket.endpoint);
    bytes += static_cast<char>(socket.removes_path ? 1 : 0);
    bytes += static_cast<char>(socket.is_shared ? 1 : 0);
    bytes += static_cast<char>(socket.address.size());
    bytes += socket.address;
  }
  for (const bool is_used : message.uses) bytes += static_cast<char>(is_used ? 1 : 0);
  return bytes + message.reason;
}

std::optional<ControlMessage> read_message(std::string_view all) {
  Bytes bytes(all);
  if (bytes.take(magic.size()) != magic || bytes.take_byte() != control_version) {
    return std::nullopt;
  }
  ControlMessage message;
  const std::uint8_t kind = bytes.take_byte();
  const auto last = static_cast<std::uint8_t>(Kind::refuse);
  if (kind < static_cast<std::uint8_t>(Kind::take) || kind > last) return std::nullopt;
  message.kind = static_cast<Kind>(kind);
  const std::size_t count = bytes.take_number();
  message.rest = bytes.take_number();
  if (!read_entries(bytes, count, message) || !bytes.is_complete()) return std::nullopt;
  return message;
}

}  // namespace server
