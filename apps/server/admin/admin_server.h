// AdminServer: the thread that answers on the admin listener.
//
// It has no engine and shares no lock with workers, so that it answers while all of them hang, and
// it keeps spare descriptors, so that it answers when descriptors have run out. It polls at most 16
// connections, each of which gets one response within limits of 5 s; others wait in the accept
// queue meanwhile. Covered by tests/server/admin/admin_server_test.cc and
// tests/end_to_end/admin_test.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "apps/options/exit_reason.h"
#include "apps/server/admin/answer.h"
#include "apps/server/admin/kernel_reader.h"
#include "apps/server/admin/sources.h"
#include "apps/server/admin/spare_descriptors.h"
#include "apps/server/admin/worker_watch.h"
#include "parser/message.h"
#include "uring/fd.h"
#include "uring/monotonic.h"

namespace server {

// The public functions are for one thread.
class AdminServer {
 public:
  static constexpr std::size_t most_connections = 16;
  // Descriptors that it needs beside the listening socket: two event descriptors, those of
  // KernelReader, and the spare ones.
  static constexpr unsigned most_descriptors =
      2 + KernelReader::most_descriptors + SpareDescriptors::most_spares;

  // The time for a request, and that for its response.
  static constexpr uring::Milliseconds limit_ms = 5000;

  explicit AdminServer(AdminSources sources);
  ~AdminServer() { stop(); }
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Starts the thread, which waits for begin_accepting(). `listener` is a listening socket, which
  // is set to non-blocking mode and outlives stop(). Returns why there is no thread, or nothing.
  options::ExitReason start(int listener);
  // Allocates no memory. A second call does nothing.
  void begin_accepting();
  // Accepts no further connections. The thread ends after the responses to connected clients, which
  // have a second for that at most, so that no request is lost where another process goes on.
  void retire();
  // retire(), and waits for the end of the thread. A second call does nothing.
  void stop();

 private:
  enum class State : std::uint8_t { free, receiving, sending, closing };
  struct Client {
    State state = State::free;
    int fd = -1;
    std::int64_t deadline_us = 0;
    // One byte more than the limit, so that the parser refuses a head that is too large.
    std::array<char, admin_limits.head_bytes + 1> bytes;
    std::size_t filled = 0;
    http1::RequestHead head;
    std::string response;
    std::size_t sent = 0;  // bytes of `response`
  };

  void run();
  void iterate();
  int next_timeout_ms(std::int64_t now_us) const;
  void accept_clients();
  void handle(Client& client);
  void receive(Client& client);
  void send(Client& client);
  void drop(Client& client);
  void release(Client& client);
  Client* free_client();
  bool has_clients() const;
  bool may_accept();
  void begin_farewell();
  std::int64_t deadline_after(std::int64_t duration_us) const;
  void refresh();
  void count();
  const Snapshot& take_snapshot();

  const AdminSources sources_;
  WorkerWatch watch_{sources_};
  const std::int64_t start_seconds_;
  KernelReader kernel_;
  std::atomic<bool> accepts_ = false;
  std::atomic<bool> is_retired_ = false;
  uring::Fd event_;  // event descriptor: one of these two was set
  SpareDescriptors spares_{event_.get()};
  int listener_ = -1;
  std::unique_ptr<std::array<Client, most_connections>> clients_;
  std::unique_ptr<Snapshot> snapshot_;
  std::int64_t ticked_us_ = 0;          // when the workers were last asked without a request
  std::int64_t refreshed_us_ = 0;       // when the last snapshot was taken
  std::int64_t accept_resumes_us_ = 0;  // after a failed accept; 0: there was none
  std::int64_t end_us_ = INT64_MAX;     // of all connections, after retire()
  std::thread thread_;
};

}  // namespace server
