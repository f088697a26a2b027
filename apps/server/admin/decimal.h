// Numbers as decimal texts, as both Prometheus and JSON read them. Pure. Covered by
// tests/server/admin/metrics_test.cc and status_test.cc.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace server {

// The shortest digits that read back as `number`, without an exponent.
inline std::string decimal(double number) {
  std::array<char, 512> digits{};  // the largest double has 309 digits
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed)
          .ptr;
  return {digits.data(), end};
}

}  // namespace server
