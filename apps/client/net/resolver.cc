// getaddrinfo(3). Covered by tests/client/net/look_up_test.cc.
#include "apps/client/net/resolver.h"

#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace client {

namespace {

std::vector<Address> addresses_of(const addrinfo* first) {
  std::vector<Address> addresses;
  for (const addrinfo* at = first; at; at = at->ai_next) {
    Address& address = addresses.emplace_back();
    address.bytes = at->ai_addrlen;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
  }
  return addresses;
}

Found call_resolver(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* first = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  if (error != 0) {
    const bool passes = error == EAI_AGAIN;
    return {.problem = std::string(::gai_strerror(error)) +
                       (passes ? "; check the network, or try again" : "; check the name")};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, &::freeaddrinfo);
  return {.addresses = addresses_of(first)};
}

}  // namespace

Found find_by_system(const std::string& host, std::uint16_t port) {
  return call_resolver(host, port, 0);
}

std::vector<Address> read_ip_address(const std::string& host, std::uint16_t port) {
  return call_resolver(host, port, AI_NUMERICHOST).addresses;
}

}  // namespace client
