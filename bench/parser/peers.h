// The other parsers for comparison, as far as they are installed.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bench {

// Each function parses one message that ends with its head, stores the elements as views, and
// returns the size of the head; 0 unless it is complete and valid.
struct Peer {
  const char* name;
  std::size_t (*request)(std::string_view message);
  std::size_t (*response)(std::string_view message);
};

std::span<const Peer> peers();

}  // namespace bench
