// Ordering addresses. Covered by tests/client/net/addresses_test.cc.
#include "apps/client/net/addresses.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <sys/un.h>

namespace client {

namespace {

// More addresses than this are not tried: with the default timeout the last one would begin to be
// tried after four seconds.
constexpr std::size_t max_addresses = 16;

}  // namespace

Address unix_address(const std::string& path) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, sizeof un.sun_path - 1);
  Address address;
  address.bytes = sizeof un;
  std::memcpy(&address.storage, &un, sizeof un);
  return address;
}

std::vector<Address> in_order_of_attempts(const std::vector<Address>& found) {
  std::vector<Address> first;  // of the first address's family
  std::vector<Address> others;
  std::partition_copy(
      found.begin(), found.end(), std::back_inserter(first), std::back_inserter(others),
      [&](const Address& address) { return address.family() == found.front().family(); });
  std::vector<Address> ordered;
  for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < others.size()) ordered.push_back(others[i]);
  }
  ordered.resize(std::min(ordered.size(), max_addresses));
  return ordered;
}

}  // namespace client
