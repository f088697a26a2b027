// A second, slow recogniser of messages, written from the ABNF, with which the parser must agree.
//
// It processes whole texts by splitting and comparing, and shares no code with parser/: where the
// two disagree, one of them has misread an RFC. It finds a parser that is too strict, which no
// other oracle detects. It models only those limits that short inputs can reach.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace grammar {

using Text = std::string_view;

struct Rules {
  bool browser_target_bytes = true;
  bool status_without_space = true;
};

inline bool in(Text set, char byte) { return set.find(byte) != Text::npos; }
inline bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
inline char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}
inline bool is_alpha(char byte) { return lower(byte) >= 'a' && lower(byte) <= 'z'; }
inline bool is_hex(char byte) { return is_digit(byte) || in("abcdef", lower(byte)); }
inline bool is_tchar(char byte) {
  return is_alpha(byte) || is_digit(byte) || in("!#$%&'*+-.^_`|~", byte);
}
inline bool is_value_byte(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return code == '\t' || (code >= ' ' && code <= '~') || code >= 0x80;
}
inline bool is_unreserved(char byte) {
  return is_alpha(byte) || is_digit(byte) || in("-._~", byte);
}

template <class Is>
bool all(Text text, Is is) {
  return std::all_of(text.begin(), text.end(), is);
}
inline bool is_token(Text text) { return !text.empty() && all(text, is_tchar); }

inline bool same(Text text, Text in_lower_case) {
  return std::equal(text.begin(), text.end(), in_lower_case.begin(), in_lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

inline Text trim(Text text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == Text::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

inline std::vector<Text> split(Text text, char at) {
  std::vector<Text> parts;
  for (std::size_t end = 0; end != Text::npos;) {
    end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end != Text::npos) text.remove_prefix(end + 1);
  }
  return parts;
}

// dec-octet "." dec-octet "." dec-octet "." dec-octet
inline bool is_ipv4(Text text) {
  const std::vector<Text> octets = split(text, '.');
  return octets.size() == 4 && std::all_of(octets.begin(), octets.end(), [](Text octet) {
           const bool fits = octet.size() < 3 || octet <= Text("255");
           const bool is_canonical = octet == "0" || !octet.starts_with('0');
           return !octet.empty() && octet.size() <= 3 && all(octet, is_digit) && fits &&
                  is_canonical;
         });
}

// IPv6address of RFC 3986 3.2.2: at most one "::", which stands for one group or more.
inline bool is_ipv6(Text text) {
  int groups = 0;
  int gaps = 0;
  const std::vector<Text> parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_first = i == 0;
    const bool is_last = i + 1 == parts.size();
    if (parts[i].empty()) {
      const bool is_edge = (is_first && parts.size() > 2 && parts[1].empty()) ||
                           (is_last && parts.size() > 2 && parts[i - 1].empty());
      if (!is_edge) ++gaps;
      if ((is_first || is_last) && !is_edge) return false;
    } else if (parts[i].size() <= 4 && all(parts[i], is_hex)) {
      ++groups;
    } else if (is_last && is_ipv4(parts[i])) {
      groups += 2;
    } else {
      return false;
    }
  }
  return (gaps == 0 && groups == 8) || (gaps == 1 && groups <= 7);
}

// uri-host [ ":" port ], without IPvFuture, and without "%" and "," in a reg-name
inline bool is_authority(Text text, bool needs_port) {
  Text port;
  Text host = text;
  const bool is_literal = text.starts_with('[');
  const std::size_t end = is_literal ? text.find(']') : text.find(':');
  if (is_literal && end == Text::npos) return false;
  if (end != Text::npos) {
    host = text.substr(0, is_literal ? end + 1 : end);
    port = text.substr(host.size());
  }
  const bool has_port = port.size() > 1;
  if (!port.empty() && port.front() != ':') return false;
  if (has_port) port.remove_prefix(1);
  std::uint64_t number = 0;
  for (const char digit : port.substr(has_port ? 0 : port.size())) {
    if (!is_digit(digit)) return false;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    if (number > 65535) return false;
  }
  // More digits than any decimal number of this library has: leading zeros.
  if (has_port && port.size() > 19) return false;
  if (needs_port && !has_port) return false;
  if (is_literal) return is_ipv6(host.substr(1, host.size() - 2));
  return !host.empty() &&
         all(host, [](char byte) { return is_unreserved(byte) || in("!$&'()*+;=", byte); });
}

// *( pchar / more ), with pct-encoded as the only place of "%"
inline bool is_path(Text text, Text more) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_unreserved(text[i]) && !in("!$&'()*+,;=:@", text[i]) && !in(more, text[i])) {
      return false;
    }
  }
  return true;
}

inline bool is_query(Text text, const Rules& rules) {
  if (!rules.browser_target_bytes) return is_path(text, "/?");
  return all(
      text, [](char byte) { return is_unreserved(byte) || in("!$&'()*+,;=:@/?%|^[]`{}\\", byte); });
}

enum class Form { none, origin, other };

// request-target, RFC 9112 3.2
inline Form form_of(Text method, Text target, const Rules& rules) {
  if (method == "CONNECT") return is_authority(target, true) ? Form::other : Form::none;
  if (target == "*") return method == "OPTIONS" ? Form::other : Form::none;
  Text path = target.substr(0, target.find('?'));
  const bool has_query = path.size() < target.size();
  if (has_query && !is_query(target.substr(path.size() + 1), rules)) return Form::none;
  const Text more = rules.browser_target_bytes ? "/|^[]" : "/";
  if (target.starts_with('/')) return is_path(path, more) ? Form::origin : Form::none;
  for (const Text scheme : {Text("http://"), Text("https://")}) {
    if (!same(path.substr(0, scheme.size()), scheme)) continue;
    path.remove_prefix(scheme.size());
    const std::size_t slash = std::min(path.find('/'), path.size());
    const bool valid =
        is_authority(path.substr(0, slash), false) && is_path(path.substr(slash), more);
    return valid ? Form::other : Form::none;
  }
  return Form::none;
}

// The fields about framing and routing, collected line by line.
struct Seen {
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
};

inline bool is_length(Text value) {
  constexpr Text most = "9223372036854775807";
  const bool fits = value.size() < most.size() || (value.size() == most.size() && value <= most);
  return !value.empty() && all(value, is_digit) && fits;
}

inline bool is_field(Text text, bool is_1_0, Form form, Seen& seen) {
  const std::size_t colon = text.find(':');
  if (colon == Text::npos || !is_token(text.substr(0, colon))) return false;
  if (!all(text.substr(colon + 1), is_value_byte)) return false;
  const Text name = text.substr(0, colon);
  const Text value = trim(text.substr(colon + 1));
  if (same(name, "content-length")) return ++seen.lengths == 1 && is_length(value);
  if (same(name, "transfer-encoding")) {
    return ++seen.codings == 1 && !is_1_0 && same(value, "chunked");
  }
  if (same(name, "connection")) {
    const std::vector<Text> options = split(value, ',');
    return std::all_of(options.begin(), options.end(),
                       [](Text option) { return trim(option).empty() || is_token(trim(option)); });
  }
  if (form == Form::none || !same(name, "host")) return true;  // Form::none: a response
  if (++seen.hosts > 1) return false;
  return value.empty() ? form != Form::origin : is_authority(value, false);
}

// Splits off the text before the next CR LF; false if there is none, or a CR or LF before it.
inline bool next_line(Text& rest, Text& line) {
  const std::size_t end = rest.find_first_of("\r\n");
  if (end == Text::npos || rest.substr(end, 2) != "\r\n") return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

// *( field-line CRLF ) CRLF; true if they are complete and allow the message.
inline bool take_fields(Text& rest, bool is_1_0, Form form) {
  constexpr std::size_t most_fields = 100;
  Seen seen;
  Text line;
  for (std::size_t count = 0; next_line(rest, line); ++count) {
    if (line.empty()) {
      const bool has_host = form == Form::none || is_1_0 || seen.hosts == 1;
      return has_host && (seen.lengths == 0 || seen.codings == 0);
    }
    if (count == most_fields || !is_field(line, is_1_0, form, seen)) return false;
  }
  return false;
}

// HTTP-version of major version 1
inline bool is_version(Text text) {
  return text.size() == 8 && text.starts_with("HTTP/1.") && is_digit(text.back());
}

// Returns the size of the request head that the bytes begin with; 0 if there is none.
inline std::size_t request_head(Text bytes, const Rules& rules) {
  constexpr std::size_t longest_method = 32;
  Text rest = bytes;
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  Text line;
  if (!next_line(rest, line)) return 0;
  const std::vector<Text> parts = split(line, ' ');
  if (parts.size() != 3 || !is_token(parts[0]) || parts[0].size() > longest_method) return 0;
  const Form form = form_of(parts[0], parts[1], rules);
  if (form == Form::none || !is_version(parts[2])) return 0;
  return take_fields(rest, parts[2].back() == '0', form) ? bytes.size() - rest.size() : 0;
}

// Returns the size of the response head that the bytes begin with; 0 if there is none.
inline std::size_t response_head(Text bytes, const Rules& rules) {
  Text rest = bytes;
  Text line;
  if (!next_line(rest, line) || !is_version(line.substr(0, 8))) return 0;
  const Text status = line.substr(8, 4);
  const bool is_status =
      status.size() == 4 && status[0] == ' ' && status[1] != '0' && all(status.substr(1), is_digit);
  if (!is_status) return 0;
  const Text reason = line.substr(12);
  if (reason.empty() ? !rules.status_without_space : reason.front() != ' ') return 0;
  if (!all(reason, is_value_byte)) return 0;
  return take_fields(rest, line[7] == '0', Form::none) ? bytes.size() - rest.size() : 0;
}

// Splits off a quoted-string, RFC 9110 5.6.4.
inline bool take_quoted(Text& rest) {
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (rest[i] == '\\') ++i;
    if (i < rest.size() && !is_value_byte(rest[i])) return false;
  }
  return false;
}

// chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] )
inline bool is_extensions(Text text) {
  constexpr std::size_t longest = 256;
  if (text.size() > longest) return false;
  const auto take_token = [&text] {
    const auto end = std::find_if_not(text.begin(), text.end(), is_tchar);
    const auto size = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(size);
    return size != 0;
  };
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    if (!take_token()) return false;
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const bool has_value = text.starts_with('"') ? take_quoted(text) : take_token();
    if (!has_value) return false;
  }
  return true;
}

// trailer-section CRLF
inline bool take_trailers(Text& rest) {
  constexpr int most_fields = 32;
  constexpr Text forbidden[] = {"connection", "content-length",    "host",   "te",
                                "trailer",    "transfer-encoding", "upgrade"};
  Text line;
  for (int count = 0; next_line(rest, line); ++count) {
    if (line.empty()) return true;
    const Text name = line.substr(0, line.find(':'));
    const bool is_field = name.size() < line.size() && is_token(name) &&
                          all(line.substr(name.size() + 1), is_value_byte);
    const bool is_forbidden = std::any_of(std::begin(forbidden), std::end(forbidden),
                                          [name](Text one) { return same(name, one); });
    if (!is_field || is_forbidden || count == most_fields) return false;
  }
  return false;
}

// Returns the size of the chunked body that the bytes begin with, and its data; 0 if there is none.
inline std::size_t chunked_body(Text bytes, std::vector<char>& data) {
  constexpr std::size_t most_digits = 16;
  Text rest = bytes;
  Text line;
  while (next_line(rest, line)) {
    const auto end = std::find_if_not(line.begin(), line.end(), is_hex);
    const Text digits = line.substr(0, static_cast<std::size_t>(end - line.begin()));
    if (digits.empty() || digits.size() > most_digits) return 0;
    if (!is_extensions(line.substr(digits.size()))) return 0;
    std::uint64_t size = 0;
    for (const char digit : digits) {
      const int value = is_digit(digit) ? digit - '0' : lower(digit) - 'a' + 10;
      size = size * 16 + static_cast<std::uint64_t>(value);
    }
    if (size == 0) return take_trailers(rest) ? bytes.size() - rest.size() : 0;
    if (size >= rest.size() || rest.substr(size, 2) != "\r\n") return 0;
    data.insert(data.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    rest.remove_prefix(size + 2);
  }
  return 0;
}

}  // namespace grammar
