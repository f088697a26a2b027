// Walking over the entries from the last one. Covered by tests/server/plan/forwarded_test.cc and
// fuzz/forwarded_fuzzer.cc.
#include "apps/server/plan/forwarded.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "parser/fields.h"

namespace server {

namespace {

using http1::FieldName;

// The last entries of a list, as a ring.
class LastEntries {
 public:
  void add(std::string_view entry) { entries_[count_++ % entries_.size()] = entry; }
  std::size_t size() const { return std::min(count_, entries_.size()); }
  // The entry at that distance from the last one, which has the distance 0.
  std::string_view from_end(std::size_t distance) const {
    return entries_[(count_ - 1 - distance) % entries_.size()];
  }

 private:
  std::array<std::string_view, most_forwarded_entries> entries_;
  std::size_t count_ = 0;
};

// Adds the entries of one field line. Quotes do not protect a comma: an open quote, which a client
// has written, would else hide the entries that proxies have appended. A quoted value with a comma
// has no address, or is not needed.
void add_entries(std::string_view line, LastEntries& entries) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(','), line.size());
    const std::string_view entry = http1::trim(line.substr(0, end));
    if (!entry.empty()) entries.add(entry);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

// A port behind an address: up to five digits, or an obfuscated one (RFC 7239 section 6.2). It
// has no use here.
bool is_port(std::string_view text) {
  if (text.starts_with('_')) return http1::is_token(text);
  return text.size() <= 5 && http1::parse_decimal(text).has_value();
}

// Reads "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]" or "[2001:db8::1]:80".
std::optional<Peer> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    const bool is_whole = rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    return is_whole && host.find(':') != host.npos ? parse_peer(host) : std::nullopt;
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return std::nullopt;
  return parse_peer(text.substr(0, colon));
}

// An entry of X-Forwarded-For is an address without brackets, or, as some proxies write it, one
// with a port.
std::optional<Peer> parse_x_forwarded_for(std::string_view entry) {
  const std::optional<Peer> address = parse_peer(entry);
  return address ? address : parse_node(entry);
}

// Takes the next "name=value" and its semicolon off `rest`, RFC 7239 section 4; white space around
// the semicolon, which some proxies write, is dropped. A quoted value loses its quotes. False:
// malformed, or quoted with a backslash, which no address needs.
bool take_pair(std::string_view& rest, std::string_view& name, std::string_view& value) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return false;
  name = rest.substr(0, equals);
  rest.remove_prefix(equals + 1);
  const bool is_quoted = rest.starts_with('"');
  const std::size_t end = is_quoted ? rest.find('"', 1) : std::min(rest.find(';'), rest.size());
  if (end == std::string_view::npos) return false;
  value = is_quoted ? rest.substr(1, end - 1) : rest.substr(0, end);
  if (!is_quoted) value = value.substr(0, value.find_last_not_of(" \t") + 1);
  rest = http1::trim(rest.substr(is_quoted ? end + 1 : end));
  if (!rest.empty() && rest.front() != ';') return false;
  if (!rest.empty()) rest = http1::trim(rest.substr(1));
  return http1::is_token(name) && value.find('\\') == value.npos &&
         (is_quoted || http1::is_token(value));
}

// The address of the parameter `for`; empty if there is none, or more than one.
std::optional<Peer> parse_forwarded(std::string_view entry) {
  std::optional<Peer> client;
  bool is_named = false;
  while (!entry.empty()) {
    std::string_view name;
    std::string_view value;
    if (!take_pair(entry, name, value)) return std::nullopt;
    if (!http1::equal_ignoring_case(name, "for")) continue;
    if (is_named) return std::nullopt;
    is_named = true;
    client = parse_node(value);
  }
  return client;
}

}  // namespace

Peer client_of(const http1::RequestHead& head, ForwardedField field, const Trust& trust,
               const Peer& peer) {
  const bool is_standard = field == ForwardedField::forwarded;
  LastEntries entries;
  for (const http1::Field& line :
       head.fields(is_standard ? FieldName::forwarded : FieldName::x_forwarded_for)) {
    add_entries(line.value, entries);
  }
  Peer last = peer;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view entry = entries.from_end(i);
    const std::optional<Peer> client =
        is_standard ? parse_forwarded(entry) : parse_x_forwarded_for(entry);
    if (!client) return last;
    last = *client;
    if (!trust.contains(last)) return last;
  }
  return last;
}

}  // namespace server
