// Server: opens the files, sockets and logs that workers share, starts the workers and handles
// signals, on one thread. Covered by tests/end_to_end/{listen,stop,limits,replacement}_test.cc.
#include "apps/server/process/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <list>
#include <memory>
#include <new>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include "apps/server/archive/archives.h"
#include "apps/server/auth/verifier.h"
#include "apps/server/files/digests.h"
#include "apps/server/files/root.h"
#include "apps/server/files/sweep.h"
#include "apps/server/listen/inherited.h"
#include "apps/server/listen/listener.h"
#include "apps/server/log/message.h"
#include "apps/server/process/access.h"
#include "apps/server/process/administration.h"
#include "apps/server/process/control.h"
#include "apps/server/process/notices.h"
#include "apps/server/process/notify.h"
#include "apps/server/process/reload.h"
#include "apps/server/process/resource_limits.h"
#include "apps/server/process/root_watch.h"
#include "apps/server/process/sandbox.h"
#include "apps/server/process/start_checks.h"
#include "apps/server/process/stop_plan.h"
#include "apps/server/process/take_over.h"
#include "apps/server/process/user.h"
#include "apps/server/process/watchdog.h"
#include "apps/server/process/worker.h"
#include "uring/event.h"
#include "uring/monotonic.h"
#include "uring/refusal.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

namespace {

class Server {
 public:
  Server(Config config, const CommandLine& command_line)
      : config_(std::move(config)),
        shared_{.claims = claims_,
                .handshakes = &handshakes_,
                .uploads = &uploads_,
                .digests = &digests_,
                .archives = &archives_},
        reload_(config_, command_line, shared_, workers_, sandbox_) {}
  ~Server() {
    administration_.stop();
    for (Worker& worker : workers_) worker.abort();  // they end, and their destructors wait for it
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Returns why the server cannot start, or nothing.
  ExitReason start();
  // Handles signals until all workers have ended.
  void run();

 private:
  ExitReason open_root();
  void enter_sandbox();
  ExitReason start_verifier();
  ExitReason set_limits(unsigned& workers);
  ExitReason open_events();
  ExitReason open_listeners(unsigned workers);
  ExitReason take_place();
  ExitReason start_workers(unsigned count);
  void announce();
  void notify_ready();
  void handle_stop_signal();
  void handle_signal();
  void advance_control();
  void reload();
  void finish_reload();
  void handle_notices();
  bool have_all_ended() const;
  void stop_workers(StopPlan::Step step);
  void watch_workers();
  void wait_for_events();

  Config config_;            // the current one; a reload replaces it
  const Notifier notifier_;  // the first descriptor that is opened
  Watchdog watchdog_{take_watchdog_interval()};
  User user_;
  Sandbox sandbox_;
  uring::EngineOptions engine_options_;
  Claims claims_;
  Shared shared_;
  Root root_;
  InheritedSockets inherited_;
  Listeners listeners_;
  Administration administration_{shared_, workers_, root_watch_};
  TakeOver take_over_;
  Control control_{listeners_, administration_.listeners(), config_.control};
  bool stop_waits_ = false;  // a signal to stop waits for the end of a replacement
  uring::Fd signals_;        // signal descriptor
  uring::Fd state_event_;    // semaphore: 1 for each worker that is ready, and that has ended
  uring::Fd notice_event_;   // event descriptor: accepting pauses or resumes, or a report is ready
  Reload reload_;            // it has the logs, to which workers append
  std::unique_ptr<Verifier> verifier_;    // null: there are no users and no tokens
  uring::WorkThreads handshakes_{2, 64};  // those with RSA keys
  Digests digests_;
  Archives archives_;
  UploadRegistry uploads_;
  std::list<Worker> workers_;
  bool is_refused_ = false;     // the last reload was refused
  bool is_reloading_ = false;   // a generation is published, and not yet adopted by all workers
  bool reloads_again_ = false;  // SIGHUP has come meanwhile
  Refusals refusals_;
  Notices notices_{workers_, refusals_};
  RootWatch root_watch_{root_, workers_};
  Sweeper sweeper_;
  StopPlan stop_{config_.drain_delay_ms, config_.grace_ms};
  std::uint64_t files_ = 0;  // the limit of open files
};

ExitReason Server::open_root() {
  const int error = root_.open(config_.root);
  shared_.root = root_.fd();
  shared_.served_root = &root_;
  if (error == 0) return {};
  const std::string begin = "cannot serve " + config_.root + ": ";
  if (error == ENOENT) return {EX_NOINPUT, begin + "there is no such directory"};
  if (error == ENOTDIR) return {EX_NOINPUT, begin + "it is not a directory"};
  return {error == EACCES ? EX_NOPERM : EX_NOINPUT, begin + uring::error_text(error)};
}

// Sets the limits that follow from the limit of open files. Fails if that is too low for `workers`,
// which is lowered where it was not set by a person.
ExitReason Server::set_limits(unsigned& workers) {
  files_ = raise_file_limit();
  const unsigned logs =
      (config_.access_log != "off" ? 1U : 0U) + (config_.log_heads.empty() ? 0U : 1U);
  const std::vector<PassedSocket>& files = inherited_.files;
  const std::size_t addresses = files.empty() ? config_.listen.size() : files.size();
  const bool has_admin = config_.admin || !inherited_.admin.empty();
  const unsigned admin = has_admin ? Administration::most_descriptors : 0;
  const auto needed = [&] { return needed_files(workers, addresses, logs, admin); };
  while (config_.workers == 0 && workers > 1 && needed() > files_) --workers;
  if (needed() > files_) {
    return {EX_OSERR, "the limit of open files is " + std::to_string(files_) + ", and this needs " +
                          std::to_string(needed()) + "; raise it, as with 'ulimit -n " +
                          std::to_string(needed()) + "'"};
  }
  shared_.cache_open_files = cached_files_for(files_, workers);
  constexpr std::uint64_t most_refused = 64;
  shared_.most_refused = std::clamp<std::uint64_t>(files_ / 3 / workers, 1, most_refused);
  return {};
}

// Opens the descriptors that wait_for_events() polls. Signals are blocked while there is no other
// thread yet, so that all threads block them and signalfd(2) alone receives them.
ExitReason Server::open_events() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
  state_event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  notice_event_.reset(::eventfd(0, EFD_CLOEXEC));
  refusals_.notify(notice_event_.get());
  shared_.refusals = &refusals_;
  if (signals_.valid() && state_event_.valid() && notice_event_.valid()) return {};
  return {EX_OSERR, std::string("cannot make event descriptors: ") + uring::error_text(errno)};
}

ExitReason Server::start_workers(unsigned count) {
  const auto engine = uring::engine_choice(config_.io).value();  // the options were checked
  for (unsigned i = 0; i < count; ++i) {
    Worker& worker = workers_.emplace_back(shared_, engine, listeners_.of_worker(i),
                                           engine_options_, administration_.counters_of(i));
    if (ExitReason reason = worker.start(state_event_.get(), notice_event_.get())) return reason;
    uring::take_event(state_event_.get());
    if (worker.start_failure()) return worker.start_failure();
  }
  return {};
}

// Opens the addresses of --listen, or uses the sockets of a service manager, or those of the server
// whose place this one takes.
ExitReason Server::open_listeners(unsigned workers) {
  if (!config_.tls_certificates.empty()) listeners_.use_tls();
  if (inherited_.files.empty())
    return listeners_.open(config_.listen, workers, take_over_.sockets());
  listeners_.open_inherited(std::move(inherited_.files), workers);
  return {};
}

// Takes the place of the living server, where there is one, and accepts. Everything that can fail
// comes before: until now the other server has accepted.
ExitReason Server::take_place() {
  if (ExitReason reason = take_over_.finish()) return reason;
  listeners_.own_taken_paths();
  if (take_over_.has_control_socket()) {
    ExitReason reason = control_.open(take_over_.take_control_socket());
    if (reason) return reason;
  }
  for (Worker& worker : workers_) worker.begin_accepting();
  return {};
}

// Restricts this thread, and with it all threads that start from now on.
void Server::enter_sandbox() {
  if (config_.sandbox) {
    if (config_.io != "epoll") engine_options_.advice = uring::advice_if_refused();
    engine_options_.ring.permitted = uring::all_op_codes & ~uring::bit_of(uring::OpCode::connect);
  }
  sandbox_.enter(config_, shared_.root);
  if (sandbox_.restricts_files()) root_.confine();
}

// Makes the place where passwords are checked, where there are users or tokens.
ExitReason Server::start_verifier() {
  if (!config_.site.has_accounts) return {};
  verifier_ = std::make_unique<Verifier>();
  shared_.verifier = verifier_.get();
  return verifier_->start();
}

// Opens what may need root first, and all else as the user that serves. No thread is started before
// the process has its final user and rights.
ExitReason Server::start() {
  unsigned count = config_.workers > 0 ? config_.workers : usable_cpus();
  if (ExitReason reason = take_inherited_sockets(inherited_)) return reason;
  if (ExitReason reason = check_inherited(inherited_, config_)) return reason;
  if (ExitReason reason = set_limits(count)) return reason;
  shared_.workers = count;
  if (!config_.user.empty()) {
    if (ExitReason reason = find_user(config_.user, user_)) return reason;
  }
  if (ExitReason reason = open_events()) return reason;
  if (ExitReason reason = reload_.start(files_, user_)) return reason;
  if (!config_.control.empty()) {
    if (ExitReason reason = take_over_.begin(config_.control)) return reason;
  }
  if (ExitReason reason =
          administration_.open(config_, count, std::move(inherited_.admin), take_over_.sockets()))
    return reason;
  if (ExitReason reason = open_listeners(count)) return reason;
  if (!config_.control.empty() && !take_over_.has_control_socket()) {
    if (ExitReason reason = control_.open({})) return reason;
  }
  if (ExitReason reason = become_user(user_)) return reason;
  if (ExitReason reason = open_root()) return reason;
  if (ExitReason reason = check_writable(config_, shared_.root)) return reason;
  check_pages(config_.site, shared_.root);
  if (ExitReason reason = reload_.start_accounts()) return reason;
  if (config_.site.has_accounts || !config_.tls_certificates.empty()) protect_memory();
  enter_sandbox();
  reload_.start_logs();
  if (ExitReason reason = administration_.start(!take_over_.has_control_socket())) return reason;
  if (ExitReason reason = start_verifier()) return reason;
  if (ExitReason reason = start_workers(count)) return reason;
  if (ExitReason reason = root_watch_.start()) return reason;
  sandbox_.complete(workers_.front().lacks_restrictions());
  if (ExitReason reason = take_place()) return reason;
  sweeper_.start(config_.site, root_.fd(), uploads_);
  administration_.set_started();
  announce();
  return {};
}

// A server that has taken another one's place must not end for want of memory for these texts.
void Server::announce() {
  try {
    administration_.print_address();
    print_ready(config_, workers_, listeners_, sandbox_.missing());
    warn_about_clear_passwords(config_, listeners_.urls());
  } catch (const std::bad_alloc&) {
    print_message(Severity::warning, "not enough memory to print the addresses");
  }
  notify_ready();
}

// Reports to the service manager that the start or a reload is over.
void Server::notify_ready() {
  try {
    notifier_.ready(is_refused_ ? reload_.text() : ready_status(config_, listeners_));
  } catch (const std::bad_alloc&) {
    notifier_.ready("serving");
  }
}

bool Server::have_all_ended() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.has_ended(); });
}

// A server that stops has no place to give: another one that starts makes its own sockets.
void Server::stop_workers(StopPlan::Step step) {
  if (step == StopPlan::Step::none) return;
  control_.close();
  for (Worker& worker : workers_) step == StopPlan::Step::drain ? worker.drain() : worker.abort();
}

// While another server is about to take this one's place, the first signal waits for it, so that no
// socket is shut down that the other one has.
void Server::handle_stop_signal() {
  administration_.set_draining();
  if (!stop_.has_begun() && !stop_waits_) {
    const std::int64_t replacement_ms = control_.is_busy() ? config_.grace_ms : 0;
    notifier_.stopping("finishing requests",
                       replacement_ms + config_.drain_delay_ms + config_.grace_ms);
  }
  if (control_.is_busy() && !std::exchange(stop_waits_, true)) {
    control_.hurry(uring::monotonic_ms() + config_.grace_ms);
    return;
  }
  if (std::exchange(stop_waits_, false)) stop_workers(stop_.on_signal(uring::monotonic_us()));
  stop_workers(stop_.on_signal(uring::monotonic_us()));
}

// Continues a replacement. The place where this process learns that another one has replaced it.
void Server::advance_control() {
  const Control::Event event = control_.advance(uring::monotonic_ms());
  if (event == Control::Event::none) return;
  const int process = control_.successor();
  if (event == Control::Event::replaced) {
    administration_.retire();
    for (Worker& worker : workers_) worker.retire();
    stop_workers(stop_.on_replaced(uring::monotonic_us()));
    notifier_.main_process(process);
    print_message(Severity::info, "process %d has taken over; this one finishes its requests",
                  process);
    return;
  }
  print_message(Severity::warning, "process %d has not taken over, and this one goes on", process);
  if (std::exchange(stop_waits_, false)) stop_workers(stop_.on_signal(uring::monotonic_us()));
}

// Reads the configuration again and lets the workers adopt it; finish_reload() follows when all of
// them have. A reload that is refused opens the logs again nevertheless, for logrotate.
void Server::reload() {
  if (stop_.has_begun()) return reload_.reopen_logs();
  reloads_again_ = is_reloading_;
  if (is_reloading_) return;
  is_reloading_ = true;
  notifier_.reloading();
  is_refused_ = reload_.publish() == Reload::Outcome::refused;
  if (is_refused_) reload_.reopen_logs();
  if (reload_.is_adopted()) finish_reload();
}

// The workers use the configuration that reload() has published, or it was refused.
void Server::finish_reload() {
  is_reloading_ = false;
  administration_.record_reload(!is_refused_, config_);
  print_message(is_refused_ ? Severity::error : Severity::info, "%s", reload_.text().c_str());
  notify_ready();
  stop_.set_times(config_.drain_delay_ms, config_.grace_ms);
  sweeper_.start(config_.site, root_.fd(), uploads_);
  if (reloads_again_) reload();
}

void Server::handle_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGUSR2) {
    for (Worker& worker : workers_) worker.request_report();
    return;
  }
  if (info.ssi_signo == SIGUSR1) return reload_.reopen_logs();
  if (info.ssi_signo == SIGHUP) {
    root_.request_check();
    return reload();
  }
  handle_stop_signal();
}

void Server::handle_notices() {
  uring::take_event(notice_event_.get());
  notices_.print();
  const bool none_accepts = std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.has_stopped_accepting();
  });
  if (none_accepts) control_.confirm();
  if (is_reloading_ && reload_.is_adopted()) finish_reload();
}

// Reports to the service manager that all workers respond, where it is time for that.
void Server::watch_workers() {
  const bool all_respond = std::all_of(workers_.begin(), workers_.end(),
                                       [](const Worker& worker) { return worker.has_heartbeat(); });
  if (!watchdog_.step(uring::monotonic_us(), all_respond)) return;
  notifier_.alive();
  for (Worker& worker : workers_) worker.request_heartbeat();
}

// Waits until a signal, a worker or a step of the end has to be handled, and does so.
void Server::wait_for_events() {
  std::array<pollfd, 4> ready{{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                               {.fd = state_event_.get(), .events = POLLIN, .revents = 0},
                               {.fd = notice_event_.get(), .events = POLLIN, .revents = 0},
                               {.fd = control_.fd(), .events = POLLIN, .revents = 0}}};
  const std::int64_t now_us = uring::monotonic_us();
  const int report_ms = sooner(watchdog_.left_ms(now_us), refusals_.left_ms(now_us));
  const int step_ms = sooner(stop_.wait_ms(now_us), control_.wait_ms(now_us / 1000));
  ::poll(ready.data(), ready.size(), sooner(step_ms, report_ms));
  watch_workers();
  // Before the reports are taken: an event that comes later wakes the next call.
  if (ready[2].revents != 0) handle_notices();
  notices_.print_refusals();
  stop_workers(stop_.on_time(uring::monotonic_us()));
  if (ready[3].revents != 0 || control_.wait_ms(uring::monotonic_ms()) == 0) advance_control();
  if (ready[0].revents != 0) handle_signal();
  if (ready[1].revents != 0) uring::take_event(state_event_.get());
}

void Server::run() {
  while (!have_all_ended()) {
    try {
      wait_for_events();
    } catch (const std::bad_alloc&) {
      print_message(Severity::error, "not enough memory to handle a signal or to print a message");
    }
  }
  control_.confirm();  // workers that ended at once may not have been seen without accepting
  sweeper_.stop();
  root_watch_.stop();
  for (Worker& worker : workers_) worker.join();
  administration_.stop();
  reload_.stop_logs();
}

}  // namespace

ExitReason run_server(Config config, const CommandLine& command_line) {
  Server server(std::move(config), command_line);
  if (ExitReason reason = server.start()) return reason;
  server.run();
  return {};
}

}  // namespace server
