// Plain blocking sockets; see socket.h.
#include "bench/load/socket.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uring/monotonic.h"

namespace load {

namespace {

in_addr host{.s_addr = htonl(INADDR_LOOPBACK)};

}  // namespace

bool use_host(const char* address) { return ::inet_pton(AF_INET, address, &host) == 1; }

int try_connect(std::uint16_t port, std::uint32_t source) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (source != 0) {
    address.sin_addr.s_addr = htonl(source);
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  address.sin_port = htons(port);
  address.sin_addr = host;
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

int connect_to(std::uint16_t port, std::uint32_t source) {
  const int fd = try_connect(port, source);
  if (fd >= 0) return fd;
  std::perror("bench_load: cannot connect");
  std::exit(1);
}

std::string head_of_answer(std::uint16_t port, std::string_view request) {
  const int fd = try_connect(port);
  if (fd < 0) return {};
  std::string head;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char room[4096];
    ssize_t count = 0;
    while (head.find("\r\n\r\n") == head.npos && (count = ::recv(fd, room, sizeof room, 0)) > 0) {
      head.append(room, static_cast<std::size_t>(count));
    }
  }
  ::close(fd);
  const std::size_t end = head.find("\r\n\r\n");
  return end == head.npos ? std::string() : head.substr(0, end + 4);
}

void wait_for(std::uint16_t port) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (!head_of_answer(port, "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").empty()) return;
    ::usleep(10000);
  }
  std::fprintf(stderr, "bench_load: the server does not respond\n");
  std::exit(1);
}

std::string field_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() > name.size() + 2 && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return std::string(line.substr(line.find_first_not_of(" \t", name.size() + 1)));
    }
  }
  return {};
}

void raise_file_limit() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::uint64_t now_ns() { return static_cast<std::uint64_t>(uring::monotonic_ns()); }

}  // namespace load
