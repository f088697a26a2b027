// The protocol of sd_listen_fds(3). Covered by tests/server/listen/inherited_test.cc.
#include "apps/server/listen/inherited.h"

#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <unistd.h>
#include <utility>

#include "apps/options/whole_number.h"

namespace server {

using options::ExitReason;

namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t colon = text.find(':');
    names.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return names;
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

std::optional<InheritedNames> read_listen_variables(const char* pid, const char* count,
                                                    const char* names, pid_t own_pid) {
  if (!pid || !count) return InheritedNames{};
  const std::optional<std::size_t> for_pid = options::whole_number<std::size_t>(pid);
  if (!for_pid) return std::nullopt;
  if (*for_pid != static_cast<std::size_t>(own_pid)) return InheritedNames{};
  const std::optional<std::size_t> number = options::whole_number<std::size_t>(count);
  if (!number || *number > most_inherited) return std::nullopt;
  InheritedNames inherited{.count = *number, .names = {}};
  if (names) inherited.names = split_names(names);
  inherited.names.resize(inherited.count);
  return inherited;
}

ExitReason take_inherited_sockets(InheritedSockets& sockets) {
  // There is one thread yet.
  const char* const pid = std::getenv("LISTEN_PID");        // NOLINT(concurrency-mt-unsafe)
  const char* const count = std::getenv("LISTEN_FDS");      // NOLINT(concurrency-mt-unsafe)
  const char* const names = std::getenv("LISTEN_FDNAMES");  // NOLINT(concurrency-mt-unsafe)
  const auto inherited = read_listen_variables(pid, count, names, ::getpid());
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(variable);  // NOLINT(concurrency-mt-unsafe)
  }
  if (!inherited) {
    return {EX_USAGE,
            "LISTEN_PID and LISTEN_FDS, by which a service manager passes sockets, are no numbers "
            "from 0 to 255; unset them, or correct the service manager"};
  }
  std::map<std::string, std::uint8_t> endpoints;
  for (std::size_t i = 0; i < inherited->count; ++i) {
    const int number = first_descriptor + static_cast<int>(i);
    const std::string problem = problem_of_socket(number);
    if (!problem.empty()) {
      return {EX_USAGE, "descriptor " + std::to_string(number) +
                            ", which a service manager passes, " + problem +
                            "; it needs ListenStream= and Accept=no"};
    }
    uring::Fd socket(number);
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
    const std::string address = text_of(address_of(number));
    const auto next = static_cast<std::uint8_t>(endpoints.size());
    const std::uint8_t endpoint = endpoints.try_emplace(address, next).first->second;
    auto& purpose = inherited->names[i] == "admin" ? sockets.admin : sockets.files;
    purpose.push_back(
        {.socket = std::move(socket), .endpoint = endpoint, .address = address, .is_shared = true});
  }
  return {};
}

}  // namespace server
