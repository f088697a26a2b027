// Covered by tests/client/local/credentials_test.cc and tests/client/run_test.cc.
#include "apps/client/local/credentials.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/credentials.h"
#include "apps/client/command/netrc.h"
#include "apps/client/command/option_table.h"
#include "apps/client/local/password.h"
#include "apps/client/local/small_file.h"
#include "apps/options/messages.h"

namespace client {

namespace {

// The largest file of credentials that is read, in bytes.
constexpr std::size_t most_file_bytes = 1 << 20;

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The first line of the file, without white space around it.
ExitReason read_token(const std::string& path, std::string& authorization) {
  std::string text;
  ExitReason reason = read_small_file(path, most_file_bytes, text);
  if (reason) return reason;
  std::string_view token = std::string_view(text).substr(0, text.find('\n'));
  while (!token.empty() && (token.back() == ' ' || token.back() == '\r')) token.remove_suffix(1);
  if (token.empty() || !is_visible(token)) {
    return exit_with(ExitCode::read_error,
                     "the first line of " + options::shown(path) +
                         " is no token: it is empty, or has white space or bytes beyond ASCII");
  }
  authorization = bearer_credentials(token);
  return {};
}

// NAME or NAME:PASSWORD.
ExitReason read_user(const std::string& user, std::string& authorization) {
  if (has_control_byte(user)) {
    return options::usage_error(program, options::no_verb,
                                "--user has a control byte, which cannot be sent");
  }
  std::string whole = user;
  if (user.find(':') == std::string::npos) {
    std::string password;
    ExitReason reason = ask_password_of(user, password);
    if (reason) return reason;
    whole.append(":").append(password);
  }
  authorization = basic_credentials(whole);
  return {};
}

// The path of --netrc-file, or $NETRC, or .netrc in the home directory.
ExitReason read_netrc(const Settings& settings, std::string& text) {
  std::string path = settings.netrc_file;
  if (path.empty()) {
    const char* const named = std::getenv("NETRC");  // NOLINT(concurrency-mt-unsafe)
    const char* const home = std::getenv("HOME");    // NOLINT(concurrency-mt-unsafe)
    path = named ? named : std::string(home ? home : "") + "/.netrc";
  }
  return read_small_file(path, most_file_bytes, text);
}

}  // namespace

ExitReason add_credentials(Plan& plan) {
  const Settings& settings = plan.settings;
  std::string for_all;
  std::string netrc;
  ExitReason reason;
  if (!settings.token_file.empty()) reason = read_token(settings.token_file, for_all);
  if (!reason && !settings.user.empty()) reason = read_user(settings.user, for_all);
  if (!reason && settings.uses_netrc) reason = read_netrc(settings, netrc);
  if (reason) return reason;
  for (Job& job : plan.jobs) {
    if (!for_all.empty()) {
      job.where.authorization = for_all;
    } else if (const std::optional<Login> login = find_login(netrc, job.where.host)) {
      job.where.authorization = basic_credentials(login->name + ":" + login->password);
    }
  }
  return {};
}

}  // namespace client
