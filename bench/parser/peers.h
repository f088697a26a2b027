// The parsers to be measured beside and compared with, as far as they are there.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bench {

// Each function parses one message with nothing behind its head, keeps what it finds as views, and
// returns the bytes of the head, 0 unless it is whole and good.
struct Peer {
  const char* name;
  std::size_t (*request)(std::string_view message);
  std::size_t (*response)(std::string_view message);
};

std::span<const Peer> peers();

}  // namespace bench
