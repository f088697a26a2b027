// Checks of files and addresses. Covered by tests/end_to_end/auth_test.cc and
// tests/server/process/access_test.cc.
#include "apps/server/process/access.h"

#include <cstdlib>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "apps/server/auth/read_accounts.h"
#include "apps/server/log/message.h"
#include "apps/server/process/sandbox.h"

namespace server {

namespace {

using options::ExitReason;

// The path without links; as it is where it leads to nothing.
std::string real_path(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  std::string text = real ? real : path;
  std::free(real);
  return text;
}

void warn_about_unknown_names(const Rules& rules, const Accounts* accounts) {
  for (const Rule& rule : rules.all()) {
    const bool is_name = rule.who == Rule::Who::name && !rule.name.starts_with(certificate_prefix);
    if (!is_name || !accounts || accounts->has(rule.name)) continue;
    print_message(Severity::warning, "warning: %s: there is no user and no token of this name",
                  rule.text.c_str());
  }
}

}  // namespace

ExitReason check_place(const Config& config, const std::string& option, const std::string& path) {
  if (path.empty()) return {};
  const std::string root = real_path(config.root);
  const std::string file = real_path(path);
  const bool is_below = root == "/" || file.starts_with(root + "/");
  if (!is_below) return {};
  return {EX_CONFIG, option + " " + path + " is below ROOT, " + root +
                         ", where clients may be able to read it; move it to another directory"};
}

ExitReason load_accounts(const Config& config, std::shared_ptr<const Accounts>& accounts) {
  std::vector<std::string> warnings;
  ExitReason reason = check_place(config, "--users", config.users);
  if (!reason) reason = check_place(config, "--tokens", config.tokens);
  if (!reason) reason = read_accounts(config.users, config.tokens, accounts, warnings);
  if (reason) return reason;
  for (const std::string& warning : warnings) {
    print_message(Severity::warning, "warning: %s", warning.c_str());
  }
  warn_about_unknown_names(config.site.rules, accounts.get());
  return {};
}

ExitReason check_files(const Config& config) {
  std::shared_ptr<const Accounts> accounts;
  return load_accounts(config, accounts);
}

bool carries_passwords_in_clear(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return false;
  const std::string_view host = url.substr(scheme.size());
  return !host.starts_with("127.") && !host.starts_with("[::1]") && !host.starts_with("localhost");
}

void warn_about_clear_passwords(const Config& config, const std::vector<std::string>& urls) {
  if (!config.site.has_accounts || !config.trust.networks.empty()) return;
  for (const std::string& url : urls) {
    if (!carries_passwords_in_clear(url)) continue;
    print_message(
        Severity::warning,
        "warning: passwords travel in clear to %s, where others on the network can read "
        "them; give --tls-cert and --tls-key, or put a proxy with TLS in front and name it with "
        "--trust",
        url.c_str());
    return;
  }
}

// LeakSanitizer reads the memory of its own process as a debugger does, which is refused then.
void protect_memory() {
  constexpr rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (!is_instrumented) ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace server
