// Fuzzes the parsers of targets and URLs: the input is parsed as a path, an authority and a URL.
//
// Oracles:
//   - decode_path agrees with a model below that splits and joins; its result is normalised, fits
//     any buffer that is large enough, and encoding and decoding it gives the same path
//   - encode_path writes only safe bytes, and unescaping its result gives the original path
//   - parse_authority accepts the texts that grammar.h recognises and parse_request accepts as
//   Host,
//     and its parts, joined, give the text
//   - parse_url: its parts, joined, give a URL with the same parts; parse_request accepts them
//   - no call allocates
// Covered by the replay of corpus/target in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/bytes.h"
#include "fuzz/grammar.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/limits.h"
#include "parser/parse.h"
#include "parser/scan.h"
#include "parser/target.h"

namespace {

using fuzz::require;
using http1::Error;

bool is_control(char byte) { return (byte >= 0 && byte < 0x20) || byte == 0x7f; }

// Appends the unescaped text; false where a % is not followed by two digits, or where the unescaped
// byte is in `forbidden`.
bool unescape(std::string_view text, std::string_view forbidden, fuzz::Text& bytes) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.append(text[i]);
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = http1::scan::hex_value(text[i + 1]);
    const int low = http1::scan::hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    const char byte = static_cast<char>(high * 16 + low);
    if (forbidden.find(byte) != std::string_view::npos) return false;
    bytes.append(byte);
    i += 2;
  }
  return true;
}

struct Model {
  bool ok = false;
  bool has_trailing_slash = false;
  fuzz::Text path;
};

// RFC 3986 5.2.4 in simple steps: unescape, split at the slashes, remove dot segments, join.
Model model_of(std::string_view raw) {
  Model model;
  fuzz::Text bytes;
  if (raw.empty() || raw.front() != '/' || !unescape(raw, "/", bytes)) return model;
  std::vector<std::string_view> walked;
  std::string_view rest = bytes.view();
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    const bool is_dot = segment.empty() || segment == "." || segment == "..";
    model.has_trailing_slash = is_dot;
    if (segment == ".." && walked.empty()) return model;
    if (segment == "..") walked.pop_back();
    if (!is_dot) walked.push_back(segment);
  }
  for (const char byte : bytes.view()) {
    if (is_control(byte)) return model;
  }
  model.ok = true;
  for (const std::string_view segment : walked) {
    model.path.append('/');
    model.path.append(segment);
  }
  if (walked.empty()) model.path.append('/');
  return model;
}

void check_encoding(std::string_view path) {
  fuzz::Block room(path.size() * 3);
  const std::string_view encoded = http1::encode_path(path, room.room());
  require(encoded.data() != nullptr, "three times the size of the path suffices");
  for (const char byte : encoded) {
    const bool is_escape = byte == '%';
    require(is_escape || http1::scan::is(http1::scan::path_bit, byte), "a path has path bytes");
    require(std::string_view("\"'<>&:|^[]").find(byte) == std::string_view::npos,
            "an encoded path means nothing else in HTML or as a reference");
  }
  fuzz::Text back;
  require(unescape(encoded, "", back) && back.view() == path, "unescaping gives the path back");
  fuzz::Block exact_room(encoded.size());
  require(http1::encode_path(path, exact_room.room()) == encoded,
          "a buffer of the exact size suffices");
  if (encoded.empty()) return;
  fuzz::Block small_room(encoded.size() - 1);
  require(http1::encode_path(path, small_room.room()).data() == nullptr,
          "a buffer one byte smaller does not suffice");
}

void check_path(std::string_view raw) {
  fuzz::Block room(raw.size());
  const http1::DecodedPath decoded = http1::decode_path(raw, room.room());
  const Model model = model_of(raw);
  require(decoded.ok() == model.ok, "the model accepts what decode_path accepts");
  fuzz::Random random(raw);
  fuzz::Block small_room(random.below(raw.size() + 1));
  const http1::DecodedPath squeezed = http1::decode_path(raw, small_room.room());
  if (!decoded.ok()) {
    require(decoded.failure.offset <= raw.size(), "an error has its place in the path");
    require(!squeezed.ok(), "an error does not depend on the size of the buffer");
    return;
  }
  require(decoded.path == model.path.view(), "the model has the same path");
  require(decoded.has_trailing_slash == model.has_trailing_slash, "and the same end");
  require(decoded.path == "/" || decoded.path.data() == room.data(), "the path is in the room");
  require(squeezed.ok() || squeezed.failure.error == Error::path_too_long, "a room can be small");
  require(!squeezed.ok() || squeezed.path == decoded.path,
          "a small room gives the same or nothing");

  fuzz::Block encoded_room(decoded.path.size() * 3);
  const std::string_view encoded = http1::encode_path(decoded.path, encoded_room.room());
  fuzz::Block again_room(encoded.size());
  const http1::DecodedPath again = http1::decode_path(encoded, again_room.room());
  require(again.ok() && again.path == decoded.path, "an encoded path decodes to itself");
  require(again.has_trailing_slash == (decoded.path == "/"), "and has no slash at its end");
}

// A request for `target` to `host`, parsed without a limit for targets.
bool is_accepted(std::string_view target, std::string_view host) {
  const fuzz::Text text = {"GET ", target, " HTTP/1.1\r\nHost: ", host, "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  http1::RequestHead head;
  const http1::Limits limits = {.head_bytes = http1::max_head_bytes,
                                .target_bytes = http1::max_head_bytes};
  const http1::Progress progress = http1::parse_request(bytes.view(), head, limits);
  return progress == http1::Progress::done && head.size() == bytes.view().size() &&
         head.target() == target && head.value_of(http1::FieldName::host) == host;
}

void check_authority(std::string_view text) {
  http1::Authority authority;
  const bool is_valid = http1::parse_authority(text, authority);
  if (text.size() < http1::max_head_bytes / 2) {
    require(is_accepted("/", text) == is_valid, "Host is valid exactly if it is an authority");
  }
  require(grammar::is_authority(text, false) == is_valid, "the grammar recognises the same");
  if (!is_valid) return;
  require(!authority.host.empty(), "a host is not empty");
  const fuzz::Text joined = {authority.is_ipv6 ? "[" : "", authority.host,
                             authority.is_ipv6 ? "]" : "", authority.has_port ? ":" : "",
                             authority.port};
  require(joined.view() == text, "host and port make up the authority");
}

bool same_url(const http1::Url& left, const http1::Url& right) {
  return left.scheme == right.scheme && left.userinfo == right.userinfo &&
         left.authority == right.authority && left.host == right.host && left.port == right.port &&
         left.is_ipv6 == right.is_ipv6 && left.path == right.path && left.query == right.query &&
         left.has_query == right.has_query;
}

void check_url(std::string_view text) {
  http1::Url url;
  if (http1::parse_url(text, url) != Error::none) return;
  http1::Authority authority;
  require(http1::parse_authority(url.authority, authority), "a URL has a valid authority");
  require(authority.host == url.host && authority.is_ipv6 == url.is_ipv6, "with that host");
  require(!url.path.empty() && url.path.front() == '/', "a path begins with a slash");
  const fuzz::Text target = {url.path, url.has_query ? "?" : "", url.query};
  const bool fits = text.size() < http1::max_head_bytes / 4;
  require(!fits || is_accepted(target.view(), url.authority), "a request for a URL is accepted");

  const fuzz::Text joined = {url.scheme == http1::Scheme::https ? "https://" : "http://",
                             url.userinfo, url.userinfo.empty() ? "" : "@", url.authority,
                             target.view()};
  http1::Url again;
  require(http1::parse_url(joined.view(), again) == Error::none, "a URL's parts make up a URL");
  require(same_url(url, again), "that has the same parts");
}

// Each function once, without the oracles, which do allocate.
void check_allocations(std::string_view text) {
  fuzz::Block room(text.size() * 3);
  http1::Authority authority;
  http1::TargetParts parts;
  http1::Url url;
  const fuzz::NoAllocation none;
  (void)http1::decode_path(text, room.room());
  (void)http1::encode_path(text, room.room());
  (void)http1::parse_authority(text, authority);
  (void)http1::split_target(text, http1::Method::get, parts);
  (void)http1::parse_url(text, url);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block input(fuzz::text_of_input(data, size));
  check_allocations(input.view());
  check_path(input.view());
  check_encoding(input.view());
  check_authority(input.view());
  check_url(input.view());
  const fuzz::Text rooted = {"/", input.view()};
  check_path(rooted.view());
  const fuzz::Text url = {"http://", input.view()};
  check_allocations(url.view());
  check_url(url.view());
  return 0;
}
