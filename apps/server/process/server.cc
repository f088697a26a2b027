// The main thread: it opens what is shared, starts the workers and waits for signals.
// Covered by tests/end_to_end/listen_test.cc and stop_test.cc.
#include "apps/server/process/server.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include "apps/server/files/mime.h"
#include "apps/server/files/sweep.h"
#include "apps/server/listen/listener.h"
#include "apps/server/log/access_log.h"
#include "apps/server/process/worker.h"
#include "uring/monotonic.h"

namespace server {

namespace {

unsigned usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

// Raises the limit of open files as far as allowed, and says what it is.
std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// A connection holds up to three descriptors at once: its socket, and a file and its directory
// while it writes; up to three more for the moment of publishing, which is 503 where none are left.
// Some are kept for logs, rings and listeners.
std::uint64_t connections_for(std::uint64_t files) {
  constexpr std::uint64_t kept = 64;
  constexpr std::uint64_t most = 1'000'000;
  return std::clamp<std::uint64_t>(files > kept ? (files - kept) / 3 : 1, 1, most);
}

class Server {
 public:
  explicit Server(const Config& config)
      : config_(config), shared_{.mime = mime_, .claims = claims_} {}

  options::ExitReason start();
  void wait_for_end();

 private:
  options::ExitReason open_root();
  options::ExitReason open_log(const std::string& path, std::unique_ptr<AccessLog>& log,
                               AccessLog*& shared);
  void count_addresses(std::uint64_t connections);
  options::ExitReason open_events();
  options::ExitReason start_workers(unsigned count);
  void say_ready() const;
  void take_signal();
  void report_accepting();
  void report_counters();
  void take_notices();
  bool all_ended() const;

  const Config& config_;
  Mime mime_;
  Claims claims_;
  Shared shared_;
  uring::Fd root_;
  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<AccessLog> head_log_;
  std::unique_ptr<AddressCounts> addresses_;
  Listeners listeners_;
  uring::Fd signals_;  // signal descriptor
  uring::Fd events_;   // event descriptor: a worker is ready, or has ended
  uring::Fd notices_;  // event descriptor: a worker pauses accepting, or goes on
  std::int64_t pause_said_us_ = 0;
  bool pause_is_said_ = false;
  std::list<Worker> workers_;
  Sweeper sweeper_;
  int stop_signals_ = 0;
};

options::ExitReason Server::open_root() {
  root_.reset(::open(config_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root_.valid()) {
    shared_.root = root_.get();
    return {};
  }
  const std::string begin = "cannot serve " + config_.root + ": ";
  if (errno == ENOENT) return {EX_NOINPUT, begin + "there is no such directory"};
  if (errno == ENOTDIR) return {EX_NOINPUT, begin + "it is not a directory"};
  return {errno == EACCES ? EX_NOPERM : EX_NOINPUT, begin + std::strerror(errno)};
}

options::ExitReason Server::open_log(const std::string& path, std::unique_ptr<AccessLog>& log,
                                     AccessLog*& shared) {
  log = std::make_unique<AccessLog>(path, config_.log_format);
  const int error = log->open();
  if (error != 0)
    return {EX_CANTCREAT, "cannot write the log " + path + ": " + AccessLog::open_error(error)};
  shared = log.get();
  return {};
}

void Server::count_addresses(std::uint64_t connections) {
  if (config_.max_from_address == 0) return;
  std::uint64_t secret = 0;
  if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) secret = 0x9e3779b97f4a7c15;
  addresses_ = std::make_unique<AddressCounts>(config_.max_from_address, connections, secret);
  shared_.addresses = addresses_.get();
}

// Signals come through a descriptor, to this thread only: they are blocked before any other exists.
options::ExitReason Server::open_events() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
  events_.reset(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  notices_.reset(::eventfd(0, EFD_CLOEXEC));
  if (signals_.valid() && events_.valid() && notices_.valid()) return {};
  return {EX_OSERR, std::string("cannot make event descriptors: ") + std::strerror(errno)};
}

options::ExitReason Server::start_workers(unsigned count) {
  const auto io = uring::engine_choice(config_.io).value();  // the options were checked
  for (unsigned i = 0; i < count; ++i) {
    Worker& worker = workers_.emplace_back(shared_, io, listeners_.of_worker(i));
    if (options::ExitReason reason = worker.start(events_.get(), notices_.get())) return reason;
    std::uint64_t ready = 0;
    [[maybe_unused]] const ssize_t got = ::read(events_.get(), &ready, sizeof ready);
    if (worker.exit_reason()) return worker.exit_reason();
  }
  return {};
}

void Server::say_ready() const {
  const std::string& reason = workers_.front().engine_reason();
  if (!reason.empty()) std::fprintf(stderr, "quoitd: serving by epoll: %s\n", reason.c_str());
  char* path = ::realpath(config_.root.c_str(), nullptr);
  std::fprintf(stderr, "quoitd %s serves %s (%s), %zu worker%s on %s\n", QUOIT_VERSION,
               path ? path : config_.root.c_str(), config_.site.writable ? "writable" : "read-only",
               workers_.size(), workers_.size() == 1 ? "" : "s",
               workers_.front().engine_name().c_str());
  std::free(path);
  for (const std::string& url : listeners_.urls()) {
    std::fprintf(stderr, "quoitd: listening on %s\n", url.c_str());
  }
}

options::ExitReason Server::start() {
  const unsigned count = config_.workers > 0 ? config_.workers : usable_cpus();
  const std::uint64_t files = raise_file_limit();
  const std::uint64_t most =
      config_.max_connections > 0 ? config_.max_connections : connections_for(files);
  shared_.most_connections = std::max<std::uint64_t>(1, most / count);
  shared_.cache_bytes = config_.cache_bytes;
  shared_.endpoints.assign(config_.listen.size(),
                           Endpoint{.site = std::make_shared<const Site>(config_.site)});
  count_addresses(std::max<std::uint64_t>(most, count));
  mime_.read("/etc/mime.types");
  if (options::ExitReason reason = open_root()) return reason;
  if (options::ExitReason reason = open_events()) return reason;
  if (config_.access_log != "off") {
    options::ExitReason reason = open_log(config_.access_log, access_log_, shared_.access_log);
    if (reason) return reason;
  }
  if (!config_.log_heads.empty()) {
    options::ExitReason reason = open_log(config_.log_heads, head_log_, shared_.head_log);
    if (reason) return reason;
  }
  if (options::ExitReason reason = listeners_.open(config_.listen, count)) return reason;
  if (options::ExitReason reason = start_workers(count)) {
    for (Worker& worker : workers_) worker.abort();
    return reason;
  }
  if (config_.site.writable) sweeper_.start(root_.get());
  say_ready();
  return {};
}

bool Server::all_ended() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.ended(); });
}

// The first SIGTERM or SIGINT asks, the second insists.
void Server::take_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGUSR2) {
    for (Worker& worker : workers_) worker.report();
    return;
  }
  if (info.ssi_signo == SIGHUP || info.ssi_signo == SIGUSR1) {
    if (access_log_) access_log_->reopen();
    if (head_log_) head_log_->reopen();
    return;
  }
  ++stop_signals_;
  for (Worker& worker : workers_) stop_signals_ == 1 ? worker.drain() : worker.abort();
}

// Says that connections have to wait, and why, at most every ten seconds; and when they need not.
void Server::report_accepting() {
  int error = 0;
  std::uint64_t failed = 0;
  for (const Worker& worker : workers_) {
    if (worker.accept_error() != 0) error = worker.accept_error();
    failed += worker.failed_accepts();
  }
  constexpr std::int64_t interval_us = 10'000'000;
  const std::int64_t now_us = uring::monotonic_us();
  if (error != 0 && (pause_said_us_ == 0 || now_us - pause_said_us_ >= interval_us)) {
    std::fprintf(
        stderr, "quoitd: accepting connections pauses: %s; %s\n", std::strerror(error),
        error == EMFILE ? "it goes on when some have ended; see 'ulimit -n'" : "it is tried again");
    pause_said_us_ = now_us;
    pause_is_said_ = true;
  } else if (error == 0 && std::exchange(pause_is_said_, false)) {
    std::fprintf(stderr, "quoitd: accepting connections again; it was tried %llu times in vain\n",
                 static_cast<unsigned long long>(failed));
  }
}

// What SIGUSR2 asked for, a line for each worker.
void Server::report_counters() {
  int number = 0;
  for (Worker& worker : workers_) {
    const std::string report = worker.take_report();
    if (!report.empty()) std::fprintf(stderr, "quoitd: worker %d:%s\n", number, report.c_str());
    ++number;
  }
}

void Server::take_notices() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(notices_.get(), &count, sizeof count);
  report_accepting();
  report_counters();
}

void Server::wait_for_end() {
  std::int64_t grace_ends_us = 0;
  while (!all_ended()) {
    std::int64_t patience_ms = -1;
    if (stop_signals_ == 1) {
      if (grace_ends_us == 0) {
        grace_ends_us = uring::monotonic_us() + config_.grace_ms * 1000;
      }
      patience_ms = std::max<std::int64_t>(0, (grace_ends_us - uring::monotonic_us()) / 1000 + 1);
    }
    std::array<pollfd, 3> ready{{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = events_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = notices_.get(), .events = POLLIN, .revents = 0}}};
    const int count = ::poll(ready.data(), ready.size(), static_cast<int>(patience_ms));
    if (count == 0) {  // the grace period is over
      ++stop_signals_;
      for (Worker& worker : workers_) worker.abort();
    }
    if (ready[0].revents != 0) take_signal();
    if (ready[2].revents != 0) take_notices();
    if (ready[1].revents != 0) {
      std::uint64_t one = 0;
      [[maybe_unused]] const ssize_t got = ::read(events_.get(), &one, sizeof one);
    }
  }
  sweeper_.stop();
  for (Worker& worker : workers_) worker.join();
  listeners_.close();
  if (access_log_) access_log_->stop();
  if (head_log_) head_log_->stop();
}

}  // namespace

options::ExitReason run_server(const Config& config) {
  Server server(config);
  if (options::ExitReason reason = server.start()) return reason;
  server.wait_for_end();
  return {};
}

}  // namespace server
