// Building, checking and publishing the next generation: read publish() first, at the end. Covered
// by tests/server/process/reload_test.cc, reload_memory_test.cc and
// tests/end_to_end/reload_test.cc.
#include "apps/server/process/reload.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <time.h>
#include <type_traits>
#include <utility>
#include <vector>

#include "apps/options/table.h"
#include "apps/server/auth/accounts.h"
#include "apps/server/process/access.h"
#include "apps/server/process/make_generation.h"
#include "apps/server/process/start_checks.h"
#include "apps/server/process/tls_files.h"
#include "parser/fnv1a.h"

namespace server {

using options::ExitReason;
using options::Option;

// The next configuration, and all that it needs, which is not in use yet.
struct Reload::Next {
  Config config;
  std::vector<const Option*> changed;
  std::shared_ptr<const Generation> generation;
  bool is_different = false;
  bool has_other_accounts = false;
  std::vector<std::unique_ptr<LiveGeneration>> of_workers;
  std::optional<LogFile> access_file;  // open; empty: there is no log
  std::optional<LogFile> head_file;
  std::uint64_t hash = 0;
  std::string text;  // for text_
};

namespace {

// The names of options for a person, as "max-body, listing".
std::string names_of(const std::vector<const Option*>& all) {
  std::string names;
  for (const Option* const option : all) {
    names.append(names.empty() ? "" : ", ")
        .append(option->is_operand ? option->metavar : option->name);
  }
  return names;
}

bool has(const std::vector<const Option*>& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(),
                     [name](const Option* option) { return option->name == name; });
}

std::uint64_t hash_of(const options::Values& values) {
  http1::Fnv1a hash;
  for (const options::Setting& setting : values.all()) {
    hash.add(setting.option->name).add_word(setting.texts.size());
    for (const std::string& text : setting.texts) hash.add_word(text.size()).add(text);
  }
  return hash.value();
}

// A pipe cannot be read again: it would seem to be empty, or never end.
ExitReason check_file(const std::string& path) {
  std::error_code error;
  if (path.empty() || std::filesystem::is_regular_file(path, error)) return {};
  if (error || std::filesystem::is_directory(path, error)) return {};  // reading it says so
  return {EX_CONFIG, path +
                         " is a pipe or a device and cannot be read again; to change options "
                         "without a restart, give --config the path of a file"};
}

ExitReason refuse_changes(const std::vector<const Option*>& changed) {
  std::vector<const Option*> refused;
  for (const Option* const option : changed) {
    if (option->needs_new_process) refused.push_back(option);
  }
  if (refused.empty()) return {};
  return {EX_CONFIG, "a change of " + names_of(refused) + " needs a restart of quoitd"};
}

ExitReason open_log(LogFile& file) {
  const int error = file.open();
  if (error == 0) return {};
  return {EX_CANTCREAT, "cannot write the log " + file.path + ": " + AccessLog::open_error(error)};
}

constexpr std::string_view refusal = "the configuration is not reloaded, the old one stays in use";
constexpr std::string_view no_memory = ": there is not enough memory, or no thread can be started";
// The capacity of Reload::text_, so that a lack of memory can be reported without an allocation.
constexpr std::size_t text_bytes = 256;
static_assert(refusal.size() + no_memory.size() < text_bytes);

}  // namespace

Reload::Reload(Config& config, const CommandLine& command_line, Shared& shared,
               std::list<Worker>& workers, const Sandbox& sandbox)
    : config_(config),
      command_line_(command_line),
      shared_(shared),
      workers_(workers),
      sandbox_(sandbox),
      access_log_(config.access_log, config.log_format),
      head_log_(config.log_heads, LogFormat::combined) {
  shared_.access_log = &access_log_;
  shared_.head_log = &head_log_;
  text_.reserve(text_bytes);
}

ExitReason Reload::start(std::uint64_t files, const User& user) {
  files_ = files;
  const std::shared_ptr<Generation> first = make_generation(config_, files, nullptr);
  if (ExitReason reason = load_certificates(config_, nullptr, first->tls)) return reason;
  shared_.generation = first;
  Next next;
  next.config = config_;
  next.generation = shared_.generation;
  ExitReason reason = open_logs(next);
  if (reason) return reason;
  for (std::optional<LogFile>* const file : {&next.access_file, &next.head_file}) {
    if (*file && user.is_set()) (*file)->give_new_to(user.uid, user.gid);
  }
  if (next.access_file) access_log_.change(*std::move(next.access_file));
  if (next.head_file) head_log_.change(*std::move(next.head_file));
  counts_.configuration_hash.store(hash_of(config_.values), std::memory_order_relaxed);
  record_success();
  return {};
}

ExitReason Reload::start_accounts() {
  std::shared_ptr<const Accounts> accounts;
  ExitReason reason = load_accounts(config_, accounts);
  if (reason) return reason;
  auto next = std::make_shared<Generation>(*shared_.generation);
  next->accounts = std::move(accounts);
  shared_.generation = std::move(next);
  return {};
}

void Reload::record_success() {
  counts_.last_success_s.store(::time(nullptr), std::memory_order_relaxed);
}

void Reload::start_logs() {
  if (shared_.generation->logs_requests) access_log_.start();
  if (shared_.generation->logs_heads) head_log_.start();
}

// Opens the files of the logs, also those that have not changed.
ExitReason Reload::open_logs(Next& next) {
  ExitReason reason;
  if (next.generation->logs_requests) {
    next.access_file = {.path = next.config.access_log, .format = next.generation->log_format};
    reason = open_log(*next.access_file);
  }
  if (!reason && next.generation->logs_heads) {
    next.head_file = {.path = next.config.log_heads, .format = std::make_shared<const LogFormat>()};
    reason = open_log(*next.head_file);
  }
  return reason;
}

// Makes the generation of `next.config` with the users, tokens and certificates that their files
// contain now.
ExitReason Reload::make_next_generation(Next& next) {
  std::shared_ptr<const Accounts> accounts;
  ExitReason reason = load_accounts(next.config, accounts);
  if (reason) return reason;
  const std::shared_ptr<const Accounts>& before = shared_.generation->accounts;
  next.has_other_accounts = accounts && before && !(*accounts == *before);
  std::shared_ptr<Generation> generation =
      make_generation(next.config, files_, shared_.generation.get());
  reason = load_certificates(next.config, shared_.generation->tls, generation->tls);
  if (reason) return reason;
  generation->accounts = next.has_other_accounts || !before ? std::move(accounts) : before;
  next.generation = std::move(generation);
  return {};
}

// Builds and checks all of the next generation. Changes nothing that is in use.
ExitReason Reload::prepare(Next& next) {
  ExitReason reason = check_file(config_.values.text("config"));
  if (!reason) reason = read_options(command_line_.count, command_line_.words, next.config);
  if (reason) return reason;
  next.changed = options::changed_options(config_.values, next.config.values);
  reason = refuse_changes(next.changed);
  if (!reason && has(next.changed, "writable")) reason = check_writable(next.config, shared_.root);
  if (!reason) reason = sandbox_.check_change(next.config);
  if (reason) return reason;
  reason = make_next_generation(next);
  if (!reason) reason = open_logs(next);
  if (reason) return reason;
  if (next.access_file) access_log_.start();
  if (next.head_file) head_log_.start();
  const bool has_other_types = next.generation->mime != shared_.generation->mime;
  std::string names = names_of(next.changed);
  if (has_other_types) names.append(names.empty() ? "" : ", ").append("MIME types");
  if (next.has_other_accounts) {
    names.append(names.empty() ? "" : ", ").append("users or tokens");
  }
  if (next.generation->tls != shared_.generation->tls) {
    names.append(names.empty() ? "" : ", ")
        .append(describe_change(*shared_.generation->tls, *next.generation->tls));
  }
  next.is_different = !names.empty();
  next.text.reserve(text_bytes);
  next.text.append("configuration reloaded: ")
      .append(names.empty() ? "nothing" : names)
      .append(" changed");
  next.hash = hash_of(next.config.values);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& live = next.of_workers.emplace_back(std::make_unique<LiveGeneration>(next.generation));
    if (next.generation->gives_request_ids) live->request_ids = std::make_unique<RequestIds>();
  }
  if (has(next.changed, "not-found") || has(next.changed, "fallback")) {
    check_pages(next.config.site, shared_.root);
  }
  return {};
}

// Puts `next` into use. The logs come first: a worker that has adopted a generation needs them.
void Reload::commit(Next& next) noexcept {
  if (next.access_file) access_log_.change(*std::move(next.access_file));
  if (next.head_file) head_log_.change(*std::move(next.head_file));
  text_.swap(next.text);
  counts_.applied.fetch_add(1, std::memory_order_relaxed);
  record_success();
  if (!next.is_different) return;
  counts_.configuration_hash.store(next.hash, std::memory_order_relaxed);
  static_assert(std::is_nothrow_move_assignable_v<Config>);
  std::swap(config_, next.config);
  shared_.generation = next.generation;  // workers have copied it when they started
  auto live = next.of_workers.begin();
  for (Worker& worker : workers_) worker.publish(std::move(*live++));
}

Reload::Outcome Reload::publish() noexcept {
  try {
    Next next;
    ExitReason reason = prepare(next);
    if (!reason) {
      commit(next);
      return next.is_different ? Outcome::published : Outcome::unchanged;
    }
    text_.assign(refusal).append(": ").append(reason.text);
  } catch (const std::exception&) {
    text_.assign(refusal).append(no_memory);  // a lack of memory or of threads
  }
  counts_.refused.fetch_add(1, std::memory_order_relaxed);
  return Outcome::refused;
}

bool Reload::is_adopted() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](Worker& worker) { return worker.has_adopted(); });
}

void Reload::reopen_logs() {
  if (shared_.generation->logs_requests) access_log_.reopen();
  if (shared_.generation->logs_heads) head_log_.reopen();
}

void Reload::stop_logs() {
  access_log_.stop();
  head_log_.stop();
}

}  // namespace server
