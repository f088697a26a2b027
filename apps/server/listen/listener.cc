// Opening listening sockets. Covered by tests/end_to_end/listen_test.cc.
#include "apps/server/listen/listener.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/server/listen/unix_address.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool make_v6(const std::string& host, std::uint16_t port, Address& address) {
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  address.size = sizeof v6;
  return ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1;
}

bool make_v4(const std::string& host, std::uint16_t port, Address& address) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  address.size = sizeof v4;
  return ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
}

bool make_unix(const std::string& path, Address& address) {
  address.size = sizeof(sockaddr_un);
  return make_unix_address(path, reinterpret_cast<sockaddr_un&>(address.storage));
}

// A killed server's sockets stay open for some milliseconds after its process has ended, because
// the kernel ends the operations of an io_uring asynchronously. An address that is in use is
// therefore tried again, at growing intervals, for about a second.
class Attempts {
 public:
  // Waits before the next attempt. False: there have been enough.
  bool wait() {
    if (interval_ms_ > longest_interval_ms) return false;
    const timespec interval{.tv_sec = 0, .tv_nsec = interval_ms_ * 1'000'000};
    ::nanosleep(&interval, nullptr);
    interval_ms_ *= 2;
    return true;
  }

 private:
  static constexpr long longest_interval_ms = 512;  // the sum of all is 1023 ms
  long interval_ms_ = 1;
};

// bind(2) of a socket that is not bound. Sets errno like it.
bool bind_when_free(int socket, Address& address) {
  Attempts attempts;
  while (::bind(socket, address.get(), address.size) != 0) {
    if (errno != EADDRINUSE) return false;
    if (!attempts.wait()) {
      errno = EADDRINUSE;
      return false;
    }
  }
  return true;
}

// Whether a server accepts connections at the unix socket `address`. EAGAIN: its queue is full.
bool is_answered(Address& address) {
  const uring::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(socket.get(), address.get(), address.size) == 0 || errno == EAGAIN;
}

bool stays_answered(Address& address) {
  Attempts attempts;
  while (is_answered(address)) {
    if (!attempts.wait()) return true;
  }
  return false;
}

// The kernel accepts more bytes for a connection only while fewer than these wait to be sent, so
// that a reader that stalls in a large file costs 0.3 MiB instead of 4 MiB of kernel memory. It is
// enough to keep a fast connection busy until the worker sends again; decision 18 has the figures.
constexpr int most_unsent_bytes = 256 * 1024;

// Sets the options that each accepted connection inherits from its listening socket.
void set_inherited_options(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent_bytes,
               sizeof most_unsent_bytes);
}

// The address as a person types it into a client.
std::string url_of(const ListenAddress& listen, bool speaks_tls) {
  if (!listen.unix_path.empty()) return text_of(listen);
  const std::string host = listen.any_family ? "localhost" : "";
  return (speaks_tls ? "https://" : "http://") + host + text_of(listen) + "/";
}

enum class Sharing { alone, with_workers };

// Returns a bound socket that does not listen yet, or an invalid one with errno set.
uring::Fd bind_tcp(Address& address, bool any_family, Sharing sharing) {
  uring::Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return socket;
  const int on = 1;
  const int v6_only = any_family ? 0 : 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  set_inherited_options(socket.get());
  if (address.storage.ss_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (sharing == Sharing::with_workers) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (!bind_when_free(socket.get(), address)) socket.reset();
  return socket;
}

ExitReason bind_failure(const std::string& option, const std::string& name, int error) {
  const std::string begin = "cannot listen on " + name + ": ";
  switch (error) {
    case EADDRINUSE:
      return {EX_UNAVAILABLE,
              begin +
                  "the port is in use; stop the program that uses it (see 'ss -ltnp') or "
                  "choose another port with " +
                  option};
    case EACCES:
      return {EX_NOPERM, begin +
                             "permission denied; ports below 1024 need root or "
                             "CAP_NET_BIND_SERVICE"};
    case EADDRNOTAVAIL:
      return {EX_UNAVAILABLE, begin + "this machine has no such address (see 'ip address')"};
    default: return {EX_OSERR, begin + uring::error_text(error)};
  }
}

// More than the kernel allows: it shortens the accept queue to net.core.somaxconn. A burst of
// connections waits in that queue and takes no memory of this process.
constexpr int backlog = 65535;

}  // namespace

Listeners::~Listeners() {
  for (const std::string& path : unix_paths_) ::unlink(path.c_str());
}

ExitReason Listeners::open(const std::vector<ListenAddress>& addresses, unsigned workers,
                           std::span<PassedSocket> passed) {
  workers_ = workers;
  for (const ListenAddress& address : addresses) {
    if (use_passed(key_of(text_of(address)), address.is_plain, passed)) continue;
    ExitReason reason =
        address.unix_path.empty() ? open_tcp(address, workers) : open_unix(address.unix_path);
    if (reason) return reason;
  }
  return {};
}

// The text by which a passed socket is found: that of --listen is no socket for another option.
std::string Listeners::key_of(const std::string& address) const {
  return option_ == "--listen" ? address : option_ + " " + address;
}

void Listeners::open_inherited(std::vector<PassedSocket> sockets, unsigned workers) {
  workers_ = workers;
  for (PassedSocket& socket : sockets) socket.address = key_of(socket.address);
  for (const PassedSocket& socket : sockets) {
    if (socket.socket.valid()) use_passed(socket.address, false, sockets);
  }
}

// Uses the sockets of the first endpoint with that address. Two endpoints may have one, such as
// "127.0.0.1:0". Another process may have spoken TLS there, or not. False: there is none.
bool Listeners::use_passed(const std::string& address, bool is_plain,
                           std::span<PassedSocket> passed) {
  const auto first = std::find_if(passed.begin(), passed.end(), [&](const PassedSocket& socket) {
    return socket.socket.valid() && socket.address == address;
  });
  if (first == passed.end()) return false;
  ListenAddress listen = address_of(first->socket.get());
  listen.is_plain = is_plain;
  const auto owner =
      first->is_shared ? ListeningSocket::Owner::several : ListeningSocket::Owner::this_process;
  if (first->removes_path) {
    taken_paths_.push_back(listen.unix_path);
    unix_paths_.reserve(unix_paths_.size() + taken_paths_.size());
  }
  std::vector<uring::Fd> sockets;
  for (auto next = first; next != passed.end(); ++next) {
    if (!next->socket.valid() || next->endpoint != first->endpoint) continue;
    if (listen.unix_path.empty()) set_inherited_options(next->socket.get());
    sockets.push_back(std::move(next->socket));
  }
  add(std::move(sockets), listen, address, owner);
  return true;
}

// The first socket is bound without SO_REUSEPORT, to find out whether another program has the port:
// with SO_REUSEPORT two servers of one user would share it without an error.
ExitReason Listeners::open_tcp(const ListenAddress& wanted, unsigned workers) {
  ListenAddress listen = wanted;
  bool any_family = listen.any_family;
  Address address;
  const auto resolve = [&] {
    if (any_family) return make_v6("::", listen.port, address);
    if (listen.any_family) return make_v4("0.0.0.0", listen.port, address);
    return make_v6(listen.host, listen.port, address) || make_v4(listen.host, listen.port, address);
  };
  if (!resolve()) {
    return {EX_USAGE, option_ + ": '" + text_of(listen) +
                          "' is no numeric address; give a numeric address, as in " + option_ +
                          " 127.0.0.1:8080"};
  }
  // No other program has a port that the kernel has chosen. Its first socket is kept while the
  // others are bound to that port, so that no other program can bind it in between.
  const bool chosen = listen.port == 0;
  const Sharing sharing = chosen ? Sharing::with_workers : Sharing::alone;
  uring::Fd first = bind_tcp(address, any_family, sharing);
  if (!first.valid() && any_family && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
    any_family = false;  // this machine has no IPv6
    resolve();
    first = bind_tcp(address, any_family, sharing);
  }
  if (!first.valid()) return bind_failure(option_, text_of(listen), errno);
  listen.port = address_of(first.get()).port;
  resolve();
  std::vector<uring::Fd> sockets;
  if (workers == 1 || chosen) {
    sockets.push_back(std::move(first));
  } else {
    first.reset();
  }
  while (sockets.size() < workers) {
    sockets.push_back(bind_tcp(address, any_family, Sharing::with_workers));
    if (!sockets.back().valid()) return bind_failure(option_, text_of(listen), errno);
  }
  for (const uring::Fd& socket : sockets) {
    if (::listen(socket.get(), backlog) != 0) return bind_failure(option_, text_of(listen), errno);
  }
  add(std::move(sockets), listen, key_of(text_of(wanted)), ListeningSocket::Owner::this_process);
  return {};
}

// Replaces a socket file that a server left behind when it was killed. A socket file on which a
// server accepts connections is an error.
ExitReason Listeners::open_unix(const std::string& path) {
  Address address;
  if (!make_unix(path, address)) {
    return {EX_USAGE, option_ + ": 'unix:" + path +
                          "' is longer than 107 bytes; give a shorter path, as in " + option_ +
                          " unix:/run/quoit.sock"};
  }
  uring::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return bind_failure(option_, path, errno);
  struct stat status {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
  if (exists && !S_ISSOCK(status.st_mode)) {
    return {EX_CANTCREAT, "cannot listen on unix:" + path +
                              ": another file has this name; give a path that does not exist, as "
                              "in " +
                              option_ + " unix:/run/quoit.sock"};
  }
  if (exists) {
    if (stays_answered(address))
      return {EX_UNAVAILABLE, "cannot listen on unix:" + path + ": a server answers there"};
    ::unlink(path.c_str());
  }
  if (::bind(socket.get(), address.get(), address.size) != 0) {
    const std::string begin = "cannot create the socket " + path + ": ";
    return {EX_CANTCREAT, begin + uring::error_text(errno)};
  }
  unix_paths_.push_back(path);
  if (::listen(socket.get(), backlog) != 0) return bind_failure(option_, path, errno);
  std::vector<uring::Fd> sockets;
  sockets.push_back(std::move(socket));
  const ListenAddress listen{.unix_path = path};
  add(std::move(sockets), listen, key_of(text_of(listen)), ListeningSocket::Owner::this_process);
  return {};
}

// Adds the sockets of the next address: `listen` with the port that the kernel has chosen, and
// `address` as the configuration has it.
void Listeners::add(std::vector<uring::Fd> sockets, const ListenAddress& listen,
                    const std::string& address, ListeningSocket::Owner owner) {
  const auto endpoint = static_cast<std::uint8_t>(sockets_.size());
  std::deque<ListeningSocket>& added = sockets_.emplace_back();
  for (uring::Fd& socket : sockets) {
    added.emplace_back(std::move(socket), endpoint, owner, speaks_tls(listen));
  }
  addresses_.push_back(address);
  urls_.push_back(url_of(listen, speaks_tls(listen)));
}

void Listeners::own_taken_paths() {
  for (std::string& path : taken_paths_) unix_paths_.push_back(std::move(path));
  taken_paths_.clear();
}

std::vector<Listeners::Offered> Listeners::offered() const {
  std::vector<Offered> all;
  for (const std::deque<ListeningSocket>& of_address : sockets_) {
    for (const ListeningSocket& socket : of_address) {
      const std::string path = address_of(socket.fd()).unix_path;
      const bool removes_path = !path.empty() && std::find(unix_paths_.begin(), unix_paths_.end(),
                                                           path) != unix_paths_.end();
      all.push_back({.socket = socket.fd(),
                     .endpoint = socket.endpoint(),
                     .address = addresses_[socket.endpoint()],
                     .removes_path = removes_path,
                     .is_shared = socket.is_shared()});
    }
  }
  return all;
}

namespace {

// Whether a socket is a unix socket with that path. Allocates nothing.
bool is_bound_to(int socket, const std::string& path) {
  Address address;
  socklen_t size = sizeof address.storage;
  if (::getsockname(socket, address.get(), &size) != 0) return false;
  const auto& at = reinterpret_cast<const sockaddr_un&>(address.storage);
  return address.storage.ss_family == AF_UNIX && path == at.sun_path;
}

}  // namespace

void Listeners::hand_over(const std::vector<bool>& uses) {
  std::size_t next = 0;
  for (std::deque<ListeningSocket>& of_address : sockets_) {
    for (ListeningSocket& socket : of_address) {
      if (!uses[next++]) continue;
      std::erase_if(unix_paths_,
                    [&socket](const std::string& path) { return is_bound_to(socket.fd(), path); });
      socket.hand_over();
    }
  }
}

// Each socket has a worker and each worker a socket, also where their numbers differ.
std::vector<ListeningSocket*> Listeners::of_worker(unsigned index) {
  std::vector<ListeningSocket*> own;
  for (std::deque<ListeningSocket>& of_address : sockets_) {
    for (std::size_t i = index % of_address.size(); i < of_address.size(); i += workers_) {
      of_address[i].add_worker();
      own.push_back(&of_address[i]);
    }
  }
  return own;
}

}  // namespace server
