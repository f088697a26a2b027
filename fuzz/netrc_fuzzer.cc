// Fuzzes the reader of .netrc: the input is a host, a name and a password, a line each, and the
// file.
//
// Oracles:
//   - an entry for the host in front of the file is the one that is found, byte for byte
//   - an entry for another host in front of the file changes nothing
//   - a comment behind the file changes nothing
// Covered by the replay of corpus/netrc in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/netrc.h"
#include "fuzz/require.h"

namespace {

using client::find_login;
using client::Login;
using fuzz::require;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string quoted(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string entry(std::string_view host, std::string_view name, std::string_view password) {
  return "machine " + quoted(host) + " login " + quoted(name) + " password " + quoted(password) +
         "\n";
}

bool are_equal(const std::optional<Login>& a, const std::optional<Login>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->name == b->name && a->password == b->password;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of_input(data, size);
  const std::string_view host = take_line(rest);
  const std::string_view name = take_line(rest);
  const std::string_view password = take_line(rest);
  const std::string file(rest);
  const std::optional<Login> login = find_login(file, host);
  const bool is_login = !name.empty() || !password.empty();
  // A word of the file would belong to the entry in front of it.
  const std::string fence = "machine " + quoted(std::string(host) + "-other") + "\n";
  if (is_login) {
    const std::optional<Login> first = find_login(entry(host, name, password) + fence + file, host);
    require(first && first->name == name && first->password == password,
            "the first entry for a host is found as it was written");
  }
  require(are_equal(find_login(entry(std::string(host) + "-other", name, password) + file, host),
                    find_login(fence + file, host)),
          "an entry for another host changes nothing");
  if (file.find('"') == std::string::npos) {
    require(are_equal(find_login(file + "\n# machine h login a password b", host), login),
            "a comment behind the file changes nothing");
  }
  return 0;
}
