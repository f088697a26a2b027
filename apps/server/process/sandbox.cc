// The layers in their order, and the list of directories. Covered by
// tests/end_to_end/sandbox_test.cc and tests/server/process/escape_test.cc.
#include "apps/server/process/sandbox.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <vector>

#include "apps/server/files/mime.h"
#include "apps/server/process/landlock.h"
#include "apps/server/process/seccomp_filter.h"
#include "uring/result.h"

namespace server {

namespace {

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? real.get() : path;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The directory of a file, to be allowed so that the file can be opened after another one has taken
// its name: a rule of the file itself would hold for the old one. The root of the machine is no
// such directory, because that would allow everything.
std::string place_of(const std::string& file) {
  std::string directory = real_path(directory_of(file));
  return directory == "/" ? file : directory;
}

void allow_place_of(const std::string& file, Landlock::Rights rights, Landlock& rules) {
  rules.allow(place_of(file), rights);
}

// The place of a log, which is opened again after a rotation; a device or a pipe is not replaced.
// Empty: the log is off, or standard output.
std::string place_of_log(const std::string& path) {
  struct stat status {};
  if (path.empty() || path == "-" || path == "off") return {};
  const bool is_replaced = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  return is_replaced ? place_of(real_path(path)) : real_path(path);
}

bool is_within(const std::string& place, const std::string& directory) {
  return place == directory || place.starts_with(directory + "/");
}

void allow_files(const Config& config, int root, Landlock& rules) {
  rules.allow(root, config.site.writable ? Landlock::change : Landlock::read);
  rules.allow(system_mime_types, Landlock::read_file);
  for (const std::string& file :
       {config.config_file, config.users, config.tokens, config.tls_client_authorities,
        config.tls_revocations, config.tls_ticket_keys}) {
    if (file.empty()) continue;
    // The path may be a link, and either may be replaced.
    allow_place_of(file, Landlock::read_file, rules);
    allow_place_of(real_path(file), Landlock::read_file, rules);
  }
  // The links of certbot lead from one directory to another.
  for (const std::vector<std::string>* const files : {&config.tls_certificates, &config.tls_keys}) {
    for (const std::string& file : *files) {
      allow_place_of(file, Landlock::read_file, rules);
      allow_place_of(real_path(file), Landlock::read_file, rules);
    }
  }
  // Unix sockets are removed at the end.
  if (!config.control.empty()) allow_place_of(config.control, Landlock::remove_file, rules);
  std::vector<ListenAddress> addresses = config.listen;
  if (config.admin) addresses.push_back(*config.admin);
  for (const ListenAddress& address : addresses) {
    if (address.unix_path.empty()) continue;
    allow_place_of(address.unix_path, Landlock::remove_file, rules);
  }
}

// Whether this process has one thread; true where /proc is not there to tell.
bool is_single_threaded() {
  struct stat status {};
  constexpr nlink_t links_of_none = 2;  // a directory has a link for each directory in it
  return ::stat("/proc/self/task", &status) != 0 || status.st_nlink <= links_of_none + 1;
}

// Why the kernel has no Landlock, for people.
std::string refusal_of_landlock(int error) {
  if (error == EOPNOTSUPP) return "it is disabled at boot (see lsm= of the kernel)";
  if (error == ENOSYS) return "this kernel or container has none";
  return uring::error_text(error);
}

}  // namespace

void Sandbox::add_missing(const std::string& text) {
  if (!missing_.empty()) missing_ += "; ";
  missing_ += text;
}

void Sandbox::enter(const Config& config, int root) {
  is_on_ = config.sandbox;
  if (!is_on_) return;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    add_missing("no_new_privs (" + uring::error_text(errno) + ")");
  }
  if (is_instrumented) return;
  assert(is_single_threaded());
  ::tzset();  // reads /etc/localtime
  Landlock rules;
  allow_files(config, root, rules);
  for (const std::string& log : {config.access_log, config.log_heads}) {
    const std::string place = place_of_log(log);
    if (place.empty()) continue;
    rules.allow(place, Landlock::append);
    log_places_.push_back(place);
  }
  restricts_files_ = rules.enter();
  may_write_ = config.site.writable || !restricts_files_;
  if (!restricts_files_) {
    add_missing("Landlock (" + refusal_of_landlock(errno) + ")");
  } else if (!rules.unrestricted().empty()) {
    add_missing("Landlock for " + rules.unrestricted() + " (this kernel's is version " +
                std::to_string(rules.version()) + ")");
  }
}

bool Sandbox::allows_log(const std::string& path) const {
  const std::string place = place_of_log(path);
  return !restricts_files_ || place.empty() ||
         std::any_of(log_places_.begin(), log_places_.end(),
                     [&](const std::string& allowed) { return is_within(place, allowed); });
}

options::ExitReason Sandbox::check_change(const Config& next) const {
  if (!may_write_ && next.site.writable) {
    return {EX_CONFIG,
            "--writable needs a restart of quoitd, because the sandbox of a read-only "
            "server allows no writing"};
  }
  for (const std::string& log : {next.access_log, next.log_heads}) {
    if (allows_log(log)) continue;
    return {EX_CONFIG, "the log " + log +
                           " needs a restart of quoitd, because the sandbox allows " +
                           "only the directories of the logs that it was started with"};
  }
  return {};
}

void Sandbox::complete(bool lacks_ring_restrictions) {
  if (!is_on_) return;
  if (lacks_ring_restrictions) add_missing("restricted rings (this kernel has none)");
  if (is_instrumented) return;
  if (const int error = enter_call_filter(); error != 0) {
    add_missing("seccomp (" + uring::error_text(error) + ")");
  }
}

}  // namespace server
