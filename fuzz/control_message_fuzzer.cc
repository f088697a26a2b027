// Fuzzes read_message: the input is a packet that another process has sent to the control socket.
//
// Oracles:
//   - a message that is read is written as the bytes that it was read from
//   - it is within the limits that the caller relies on
//   - no proper prefix of it is read, and nothing behind it
// Covered by the replay of corpus/control_message in every build.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/server/process/control_message.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using server::ControlMessage;

bool is_read(std::string_view bytes) {
  const fuzz::Block exact(bytes);
  return server::read_message(exact.view()).has_value();
}

void check_limits(const ControlMessage& message) {
  const bool is_offer = message.kind == ControlMessage::Kind::offer;
  require(is_offer == !message.sockets.empty(), "an offer alone has sockets");
  require(message.sockets.size() <= server::most_sockets, "an offer has few sockets");
  require(message.uses.size() <= server::most_offered, "few sockets are used");
  require(message.rest <= server::most_offered, "few sockets follow");
  require(message.reason.size() <= server::most_reason_bytes, "a reason is short");
  for (const ControlMessage::Socket& socket : message.sockets) {
    const std::size_t size = socket.address.size();
    require(size > 0 && size <= server::most_address_bytes, "an address has a size");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block input(fuzz::text_of_input(data, size));
  const std::optional<ControlMessage> message = server::read_message(input.view());
  if (!message) return 0;
  check_limits(*message);
  const std::string written = server::write_message(*message);
  require(written == input.view(), "a message is written as it was read");
  require(size <= server::most_packet_bytes, "a message fits into the buffer of the receiver");
  require(!is_read(input.view().substr(0, size - 1)), "a cut message is not read");
  require(!is_read(written + '\0'), "nothing follows a message");
  return 0;
}
