// Fuzzes read_proxy_header: the input is all that a connection has received.
//
// Oracles:
//   - a complete header is not complete without its last byte, and does not depend on the bytes
//     behind it
//   - a header that is refused stays refused when more bytes arrive
//   - an incomplete header is shorter than the bound
//   - an announced client has an address whose text reads back
//   - no call allocates
// Covered by the replay of corpus/proxy_header in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/proxy_header.h"
#include "apps/server/plan/request_id.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using http1::Progress;
using server::ProxyHeader;

// The id in `header` is a view of `text`.
Progress read(std::string_view text, ProxyHeader& header) {
  const fuzz::Block bytes(text);
  const fuzz::NoAllocation none;
  const Progress progress = server::read_proxy_header(bytes.view(), header);
  if (!header.unique_id.empty()) {
    const auto begin = static_cast<std::size_t>(header.unique_id.data() - bytes.view().data());
    require(begin < text.size() && header.unique_id.size() <= text.size() - begin,
            "the id is within the input");
    header.unique_id = text.substr(begin, header.unique_id.size());
  }
  return progress;
}

void check_done(std::string_view input, const ProxyHeader& header) {
  require(header.size <= input.size() && header.size <= server::most_proxy_header_bytes,
          "the header is within the input and the bound");
  ProxyHeader other;
  require(read(input.substr(0, header.size), other) == Progress::done &&
              other.size == header.size && other.client == header.client &&
              other.unique_id == header.unique_id,
          "the bytes behind it have no effect");
  require(read(input.substr(0, header.size - 1), other) == Progress::more,
          "it is not complete without its last byte");
  require(header.unique_id.empty() || server::is_request_id(header.unique_id),
          "an announced id is valid");
  if (!header.client) return;
  server::PeerText text{};
  server::write_peer(*header.client, text);
  require(server::parse_peer(text.data()) == header.client, "the text of an address reads back");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  ProxyHeader header;
  switch (read(input, header)) {
    case Progress::done: check_done(input, header); break;
    case Progress::more:
      require(input.size() < server::most_proxy_header_bytes, "an incomplete header is bounded");
      break;
    case Progress::failed: {
      ProxyHeader longer;
      require(read(fuzz::Text{input, "\r\n"}.view(), longer) == Progress::failed,
              "it stays refused");
      break;
    }
  }
  return 0;
}
