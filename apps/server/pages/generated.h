// Generated: content that is written while it is sent, such as a directory listing.
//
// Its length and type are known before the first byte is written, so that the head contains them.
// Covered by tests/server/read/list_directory_test.cc.
#pragma once

#include <cstddef>
#include <span>

namespace server {

class Generated {
 public:
  // write() needs this much space at least.
  static constexpr std::size_t least_space = 8192;

  Generated() = default;
  Generated(const Generated&) = delete;
  Generated& operator=(const Generated&) = delete;
  virtual ~Generated() = default;

  // Writes as much of the content that is left as fits into `space`. Returns the number of bytes
  // written; 0 at the end of the content. Does not wait.
  [[nodiscard]] virtual std::size_t write(std::span<char> space) = 0;
};

}  // namespace server
