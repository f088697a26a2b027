// Listeners: the listening sockets of all workers.
//
// Each worker has a TCP socket of its own for each address: with SO_REUSEPORT the kernel
// distributes connections over the sockets, and workers share no accept queue. The workers share a
// unix socket. Used by the main thread; workers accept from the sockets.
// Covered by tests/end_to_end/listen_test.cc.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/config/address.h"
#include "apps/server/listen/listening_socket.h"
#include "apps/server/listen/passed_socket.h"
#include "uring/fd.h"

namespace server {

class Listeners {
 public:
  // `option`: the option with which a person gives the addresses, for messages.
  explicit Listeners(std::string option = "--listen") : option_(std::move(option)) {}
  ~Listeners();  // removes the unix sockets that open() created
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Lets the connections of TCP sockets begin with a TLS handshake, but for addresses that are
  // plain. To be called before the sockets are opened.
  void use_tls() { has_tls_ = true; }

  // Opens `addresses` for `workers` threads. Returns why one of them cannot be opened, or nothing.
  // Uses the sockets among `passed` that have one of these addresses, and moves them out. All
  // sockets of an address are used, however many workers there are, because the kernel distributes
  // connections over them. Call own_taken_paths() once their old owner has left.
  options::ExitReason open(const std::vector<ListenAddress>& addresses, unsigned workers,
                           std::span<PassedSocket> passed = {});
  // Uses these sockets, which stay those of a service manager.
  void open_inherited(std::vector<PassedSocket> sockets, unsigned workers);
  // From now on the destructor removes the unix sockets that their old owner would have removed.
  void own_taken_paths();

  // The number of addresses.
  std::size_t size() const { return sockets_.size(); }

  // A socket that another process may use.
  struct Offered {
    int socket;
    std::uint8_t endpoint;
    std::string address;  // as the configuration has it, behind the option if not --listen
    bool removes_path;    // this object removes the file of the unix socket
    bool is_shared;       // a service manager has it, too
  };
  // All sockets, for a server that takes the place of this one.
  std::vector<Offered> offered() const;
  // States which of the offered sockets the other server uses, in their order: it accepts from
  // them, and removes their paths. To be called before workers stop.
  void hand_over(const std::vector<bool>& uses);

  // The sockets of worker `index`, at least one for each address, which this object owns. To be
  // called once for each worker, before workers run.
  std::vector<ListeningSocket*> of_worker(unsigned index);

  // The addresses as a person types them into a client: "https://127.0.0.1:8080/" or
  // "unix:/run/quoit.sock".
  const std::vector<std::string>& urls() const { return urls_; }

 private:
  options::ExitReason open_tcp(const ListenAddress& address, unsigned workers);
  options::ExitReason open_unix(const std::string& path);

  std::string key_of(const std::string& address) const;
  bool use_passed(const std::string& address, bool is_plain, std::span<PassedSocket> passed);
  void add(std::vector<uring::Fd> sockets, const ListenAddress& listen, const std::string& address,
           ListeningSocket::Owner owner);
  bool speaks_tls(const ListenAddress& listen) const {
    return has_tls_ && !listen.is_plain && listen.unix_path.empty();
  }

  const std::string option_;
  // For each address the sockets of all workers, or the one that they share.
  std::vector<std::deque<ListeningSocket>> sockets_;
  unsigned workers_ = 1;
  bool has_tls_ = false;
  std::vector<std::string> urls_;
  std::vector<std::string> addresses_;    // of each endpoint
  std::vector<std::string> unix_paths_;   // to be removed
  std::vector<std::string> taken_paths_;  // to be removed once their old owner has left
};

}  // namespace server
