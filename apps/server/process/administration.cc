// Covered by tests/end_to_end/admin_test.cc.
#include "apps/server/process/administration.h"

#include <cerrno>
#include <iterator>
#include <sys/eventfd.h>
#include <time.h>
#include <utility>

#include "apps/server/log/message.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

AdminSources Administration::sources() {
  AdminSources sources{.published = published_.get()};
  for (const std::unique_ptr<WorkerCounters>& counters : counters_) {
    sources.workers.push_back(counters.get());
  }
  sources.wake = [this](std::size_t worker) {
    std::next(workers_.begin(), static_cast<std::ptrdiff_t>(worker))->request_counters();
  };
  sources.facts = [this] { return facts(); };
  return sources;
}

ExitReason Administration::open(const Config& config, unsigned workers,
                                std::vector<PassedSocket> inherited,
                                std::span<PassedSocket> passed) {
  if (inherited.empty() && !config.admin) return {};
  published_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!published_.valid()) {
    return {EX_OSERR, std::string("no event descriptor: ") + uring::error_text(errno)};
  }
  shared_.counters_event = published_.get();
  reserve_.store(config.site.writable ? config.site.reserve : 0);
  for (unsigned i = 0; i < workers; ++i) counters_.push_back(std::make_unique<WorkerCounters>());
  if (config.admin) {
    if (ExitReason reason = listeners_.open({*config.admin}, 1, passed)) return reason;
  } else {
    listeners_.open_inherited(std::move(inherited), 1);
  }
  server_ = std::make_unique<AdminServer>(sources());  // opens files that the sandbox forbids
  return {};
}

ExitReason Administration::start(bool accepts) {
  if (!server_) return {};
  if (ExitReason reason = server_->start(listeners_.of_worker(0).front()->fd())) return reason;
  if (accepts) server_->begin_accepting();
  return {};
}

WorkerCounters* Administration::counters_of(unsigned worker) const {
  return counters_.empty() ? nullptr : counters_[worker].get();
}

// Allocates no memory: the place of another server may have been taken. The name of an engine is
// short.
void Administration::set_started() {
  if (!server_) return;
  const std::string_view name = workers_.front().engine_name();
  engine_ = name.substr(0, name.find(' '));
  is_started_.store(true);
  listeners_.own_taken_paths();
  server_->begin_accepting();
}

void Administration::print_address() const {
  if (!server_) return;
  print_message(Severity::info, "admin listener on %s", listeners_.urls().front().c_str());
}

void Administration::record_reload(bool succeeded, const Config& config) {
  if (!succeeded) {
    ++refused_reloads_;
    return;
  }
  ++reloads_;
  reloaded_seconds_.store(::time(nullptr));
  reserve_.store(config.site.writable ? config.site.reserve : 0);
}

void Administration::retire() {
  if (server_) server_->retire();
}

void Administration::stop() {
  if (server_) server_->stop();
}

// Called on the admin thread.
ProcessFacts Administration::facts() const {
  ProcessFacts facts;
  const bool is_started = is_started_.load();
  const std::uint64_t reserve = reserve_.load();
  facts.disk_free_bytes = root_watch_.free_bytes();
  const std::int64_t free = facts.disk_free_bytes;
  if (is_started) facts.engine = engine_;
  facts.reloads = Reloads{.succeeded = reloads_.load(),
                          .refused = refused_reloads_.load(),
                          .last_success_seconds = static_cast<double>(reloaded_seconds_.load())};
  for (const AccessLog* log : {shared_.access_log, shared_.head_log}) {
    if (!log) continue;
    facts.log_lines_lost += log->lost_lines();
    facts.readiness.log_is_failing |= log->is_failing();
  }
  facts.readiness.is_starting = !is_started;
  facts.readiness.is_draining = is_draining_.load();
  facts.readiness.has_no_space =
      reserve > 0 && free >= 0 && static_cast<std::uint64_t>(free) <= reserve;
  facts.readiness.root_is_missing = shared_.served_root->is_missing();
  return facts;
}

}  // namespace server
