// ServerNames: which of several certificates a host name belongs to. Pure.
//
// Names come from the subject alternative names of certificates. A name is compared without regard
// to case; an exact name comes before a wildcard, and a wildcard stands for one label, the first
// (RFC 6125 section 6.4.3). Covered by tests/crypto/server_names_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace crypto {

class ServerNames {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  // Lets `name`, such as "example.org" or "*.example.org", lead to certificate `index`, unless it
  // leads to one already.
  void add(std::string_view name, std::size_t index);
  // The certificate for the host name `name`; none: there is no such name.
  std::size_t find(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::size_t> indices_;  // by names in lower case
};

}  // namespace crypto
