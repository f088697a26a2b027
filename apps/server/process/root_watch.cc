// The loop of the thread, and its messages. Covered by tests/end_to_end/root_test.cc.
#include "apps/server/process/root_watch.h"

#include <array>
#include <cstdint>
#include <new>
#include <poll.h>
#include <sysexits.h>
#include <system_error>
#include <unistd.h>

#include "apps/server/log/message.h"
#include "uring/engine.h"
#include "uring/event.h"
#include "uring/monotonic.h"
#include "uring/result.h"

namespace server {

namespace {

// How often the path of ROOT is compared, the free space is measured, and idle files are closed.
constexpr int interval_ms = 1000;
// The least time between two readings of the mount table, which takes a millisecond on a machine
// with thousands of mounts.
constexpr int mount_pause_ms = 100;

}  // namespace

options::ExitReason RootWatch::start() {
  mounts_.has_changed_below(root_.fd());
  measure_space();
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return {EX_OSERR, "cannot start a thread: " + uring::error_text(error.code().value())};
  }
  return {};
}

void RootWatch::stop() {
  is_stopping_.store(true);
  root_.request_check();
  if (thread_.joinable()) thread_.join();
}

void RootWatch::request(Worker::FileRequest request) {
  for (Worker& worker : workers_) worker.request(request);
}

void RootWatch::check_root() {
  const char* const path = root_.path().c_str();
  const Root::Change change = root_.check();
  switch (change) {
    case Root::Change::none: return;
    case Root::Change::replaced:
      print_message(Severity::warning, "%s leads to another directory, which is served from now on",
                    path);
      break;
    case Root::Change::missing:
      print_message(Severity::error, "%s cannot be served: %s; requests get 503 until it is back",
                    path, uring::error_text(root_.error()).c_str());
      break;
    case Root::Change::forbidden:
      print_message(Severity::error,
                    "%s leads to another directory, which the sandbox keeps quoitd from reading; "
                    "requests get 503: start quoitd again, or use --sandbox off",
                    path);
      break;
    case Root::Change::back: print_message(Severity::info, "%s is served again", path); break;
  }
  request(Worker::change_root);
}

void RootWatch::measure_space() {
  free_bytes_.store(uring::Engine::measure_free_bytes(root_.fd()), std::memory_order_relaxed);
}

void RootWatch::close_idle_files() {
  for (Worker& worker : workers_) {
    if (worker.has_open_files()) worker.request(Worker::close_idle_files);
  }
}

void RootWatch::run() {
  std::int64_t closed_us = 0;  // when close_idle_files() was called last
  while (!is_stopping_.load()) {
    std::array<pollfd, 2> ready{{{.fd = root_.requests(), .events = POLLIN, .revents = 0},
                                 {.fd = mounts_.fd(), .events = POLLPRI, .revents = 0}}};
    ::poll(ready.data(), ready.size(), interval_ms);
    uring::take_event(root_.requests());
    const bool has_news = ready[1].revents != 0;
    try {
      check_root();
      if (has_news && mounts_.has_changed_below(root_.fd())) request(Worker::invalidate_files);
    } catch (const std::bad_alloc&) {
      request(Worker::invalidate_files);  // any of them may be outdated
    }
    const std::int64_t now_us = uring::monotonic_us();
    if (now_us - closed_us >= interval_ms * 1000) {
      close_idle_files();
      measure_space();
      closed_us = now_us;
    }
    if (has_news) ::poll(ready.data(), 1, mount_pause_ms);
  }
}

}  // namespace server
