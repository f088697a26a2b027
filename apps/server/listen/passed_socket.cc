// Examines sockets that another process has made. Covered by
// tests/server/listen/passed_socket_test.cc.
#include "apps/server/listen/passed_socket.h"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace server {

namespace {

int option_of(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, level, name, &value, &size) == 0 ? value : -1;
}

std::string host_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* const host =
      ::inet_ntop(family, address, text.data(), static_cast<socklen_t>(text.size()));
  return host ? host : "";
}

// sun_path ends at the size of the address or at a NUL. A name of the abstract namespace begins
// with a NUL, which "@" stands for, as in ss(8).
std::string path_of(const sockaddr_un& address, socklen_t size) {
  constexpr std::size_t offset = offsetof(sockaddr_un, sun_path);
  if (size <= offset) return "";
  std::string path(static_cast<const char*>(address.sun_path), size - offset);
  if (path[0] == '\0')
    path[0] = '@';
  else
    path.resize(std::string(path.c_str()).size());
  return path;
}

}  // namespace

std::string text_of(const ListenAddress& address) {
  if (!address.unix_path.empty()) return "unix:" + address.unix_path;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const std::string host = address.any_family ? ""
                           : is_v6            ? "[" + address.host + "]"
                                              : address.host;
  return host + ":" + std::to_string(address.port);
}

ListenAddress address_of(int socket) {
  ListenAddress listen;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return listen;
  if (storage.ss_family == AF_UNIX) {
    listen.unix_path = path_of(reinterpret_cast<const sockaddr_un&>(storage), size);
  } else if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    listen.host = host_of(AF_INET, &v4.sin_addr);
    listen.port = ntohs(v4.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    const bool is_any = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
    listen.any_family = is_any && option_of(socket, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
    if (!listen.any_family) listen.host = host_of(AF_INET6, &v6.sin6_addr);
    listen.port = ntohs(v6.sin6_port);
  }
  return listen;
}

std::string problem_of_socket(int socket) {
  const int domain = option_of(socket, SOL_SOCKET, SO_DOMAIN);
  if (domain < 0) return "is no socket";
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) {
    return "has an address family that HTTP is not served on";
  }
  if (option_of(socket, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) return "is no stream socket";
  if (option_of(socket, SOL_SOCKET, SO_ACCEPTCONN) != 1) return "does not listen";
  return "";
}

}  // namespace server
