// RequestIds: random ids for requests, and the ids that PROXY headers have given to connections.
//
// Used by one worker, and only where requests have ids (identify.h). Covered by
// tests/server/connection/request_ids_test.cc and identify_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "apps/server/connection/connection.h"
#include "parser/splitmix64.h"

namespace server {

inline constexpr std::size_t made_id_bytes = 32;  // 128 bits in hexadecimal digits

class RequestIds {
 public:
  RequestIds();

  // Writes a new id. Asks the kernel for 4 KiB of random bytes at a time.
  void make(std::span<char, made_id_bytes> text);

  // Keeps the id that a PROXY header has given to `c`, until drop(). If memory is exhausted, its
  // requests get random ids.
  void keep(const Connection& c, std::string_view id);
  void drop(const Connection& c) { of_connections_.erase(&c); }
  // The id that is kept; empty if there is none.
  std::string_view kept(const Connection& c) const;

 private:
  void draw();

  std::array<unsigned char, 4096> random_{};
  std::size_t used_ = sizeof random_;
  http1::SplitMix64 fallback_;  // if the system has no random bytes
  std::unordered_map<const Connection*, std::string> of_connections_;
};

}  // namespace server
