// Drawing and keeping ids. Covered by tests/server/connection/request_ids_test.cc and
// identify_test.cc.
#include "apps/server/connection/request_ids.h"

#include <new>
#include <sys/random.h>

#include "parser/hex.h"
#include "uring/monotonic.h"

namespace server {

namespace {

constexpr std::size_t random_bytes = made_id_bytes / 2;

}  // namespace

RequestIds::RequestIds() : fallback_(static_cast<std::uint64_t>(uring::monotonic_ns())) {}

void RequestIds::draw() {
  if (::getrandom(random_.data(), random_.size(), 0) != static_cast<ssize_t>(random_.size())) {
    for (unsigned char& byte : random_) byte = static_cast<unsigned char>(fallback_.next());
  }
  used_ = 0;
}

void RequestIds::make(std::span<char, made_id_bytes> text) {
  if (random_.size() - used_ < random_bytes) draw();
  char* end = text.data();
  for (std::size_t i = 0; i < random_bytes; ++i) {
    end = http1::write_hex_byte(end, random_[used_++]);
  }
}

void RequestIds::keep(const Connection& c, std::string_view id) {
  try {
    of_connections_.insert_or_assign(&c, std::string(id));
  } catch (const std::bad_alloc&) {
    return;
  }
}

std::string_view RequestIds::kept(const Connection& c) const {
  const auto found = of_connections_.find(&c);
  return found == of_connections_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace server
