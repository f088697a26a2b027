// The expected responses of a server, computed from a client's bytes without a connection.
//
// The reference splits the whole stream into requests with the parser and the decoder alone. Model
// tracks the files, computes the response that each request must get, and applies the changes that
// the responses report. It shares no code with the server. Used by connection_fuzzer.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/server/plan/multipart.h"
#include "fuzz/require.h"
#include "fuzz/served_tree.h"
#include "parser/chunked.h"
#include "parser/fields.h"
#include "parser/parse.h"
#include "parser/target.h"

namespace fuzz {

// The configuration of the server in this run: the bits of event C.
struct Setup {
  explicit Setup(std::uint8_t bits)
      : writable((bits & 1) == 0),
        small_bodies((bits & 2) != 0),
        small_heads((bits & 4) != 0),
        has_fallback((bits & 8) != 0),
        dot_files((bits & 16) != 0),
        overloaded((bits & 32) != 0),
        is_durable((bits & 64) != 0) {}

  bool writable;
  bool small_bodies;  // --max-body
  bool small_heads;   // --max-head
  bool has_fallback;  // --fallback
  bool dot_files;     // --dot-files
  bool overloaded;    // beyond --max-connections
  bool is_durable;    // --durability full
  static constexpr std::uint64_t most_body = 1000;
  static constexpr std::size_t most_head = 300;
  static constexpr const char* fallback = "folder/index.html";

  [[nodiscard]] http1::Limits limits() const {
    http1::Limits limits;
    if (small_heads) limits.head_bytes = most_head;
    return limits;
  }
};

// ---- requests of the client --------------------------------------------------------------------

struct Asked {
  http1::RequestHead head;  // views of the stream
  std::string body;         // decoded, as far as received
  bool body_is_whole = true;
  bool body_is_bad = false;  // malformed chunks

  // The body is a byte range of a file.
  [[nodiscard]] bool is_part() const {
    return head.method() == http1::Method::put &&
           (head.has(http1::FieldName::content_range) || head.has(http1::FieldName::range));
  }
  // The byte range in the form of Content-Range; lftp uses Range, with '=' instead of the space.
  [[nodiscard]] std::string part() const {
    if (!head.has(http1::FieldName::range)) {
      return std::string(head.value_of(http1::FieldName::content_range));
    }
    std::string range(head.value_of(http1::FieldName::range));
    std::replace(range.begin(), range.end(), '=', ' ');
    return range;
  }
};

struct Asks {
  std::deque<Asked> all;
  http1::Progress end = http1::Progress::more;  // of the head after them: more or failed
  http1::Error error = http1::Error::none;
  // Of that head, if it was parsed: a response to HEAD has no body.
  http1::Method method = http1::Method::unknown;
};

// Parses the body at the front of `rest`; returns its size in bytes.
inline std::size_t read_body(std::string_view rest, const http1::Limits& limits, Asked& asked) {
  const http1::Body body = asked.head.body();
  if (body.kind == http1::BodyKind::none) return 0;
  if (body.kind == http1::BodyKind::length) {
    asked.body =
        rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(body.length, rest.size())));
    asked.body_is_whole = asked.body.size() == body.length;
    return asked.body.size();
  }
  http1::ChunkedDecoder decoder(limits);
  asked.body = rest;
  const http1::ChunkedDecoder::Result result = decoder.decode(asked.body.data(), rest.size());
  asked.body.resize(result.data);
  asked.body_is_whole = result.progress == http1::Progress::done;
  asked.body_is_bad = result.progress == http1::Progress::failed;
  return result.used;
}

// All requests of a stream, up to the first incomplete one.
inline Asks read_requests(std::string_view stream, const http1::Limits& limits) {
  Asks asks;
  while (true) {
    Asked& asked = asks.all.emplace_back();
    const http1::Progress progress = http1::parse_request(stream, asked.head, limits);
    if (progress != http1::Progress::done) {
      asks.end = progress;
      asks.error = asked.head.failure().error;
      asks.method = asked.head.method();
      asks.all.pop_back();
      return asks;
    }
    stream.remove_prefix(asked.head.size());
    stream.remove_prefix(read_body(stream, limits, asked));
    if (!asked.body_is_whole) return asks;
  }
}

// ---- responses of the server -----------------------------------------------------------------

struct Answer {
  http1::ResponseHead head;
  std::string_view body;
  bool was_invited = false;  // 100 Continue preceded it
};

// Removes the next final response from the front of the stream. False: it is incomplete.
inline bool take_answer(std::string_view& stream, http1::Method method, Answer& answer) {
  std::string_view rest = stream;
  for (int interim = 0;; ++interim) {
    answer.head.reset();
    const http1::Progress progress = http1::parse_response(rest, answer.head, method);
    require(progress != http1::Progress::failed, "the server sends valid responses");
    if (progress == http1::Progress::more) return false;
    rest.remove_prefix(answer.head.size());
    if (answer.head.status() >= 200) break;
    require(answer.head.status() == 100 && interim == 0,
            "there is at most one interim response: 100");
    answer.was_invited = true;
  }
  const http1::Body body = answer.head.body();
  require(body.kind == http1::BodyKind::length || body.kind == http1::BodyKind::none,
          "a response has its length");
  if (rest.size() < body.length) return false;
  answer.body = rest.substr(0, static_cast<std::size_t>(body.length));
  rest.remove_prefix(answer.body.size());
  stream = rest;
  return true;
}

// The boundary of multipart/byteranges; empty for other content types.
inline std::string_view boundary_of(const Answer& answer) {
  constexpr std::string_view type = "multipart/byteranges; boundary=";
  const std::string_view said = answer.head.value_of(http1::FieldName::content_type);
  return said.starts_with(type) ? said.substr(type.size()) : std::string_view();
}

// The response without the fields that may differ when the request is repeated.
inline void append_lasting(const Answer& answer, std::string& text) {
  using http1::FieldName;
  const std::string_view boundary = boundary_of(answer);
  const std::size_t begin = text.size();
  text += std::to_string(answer.head.status());
  for (const http1::Field field : answer.head.fields()) {
    text.append("\n").append(field.name);
    const bool passes = field.id == FieldName::date || field.id == FieldName::etag ||
                        field.id == FieldName::last_modified;
    if (!passes) text.append(":").append(field.value);
  }
  text.append("\n\n").append(answer.body);
  for (std::size_t at = begin; !boundary.empty();) {
    at = text.find(boundary, at);
    if (at == text.npos) break;
    text.replace(at, boundary.size(), boundary.size(), '-');
  }
}

// ---- the files --------------------------------------------------------------------

class Model {
 public:
  Model(const Entries& entries, const Setup& setup) : entries_(entries), setup_(setup) {}

  [[nodiscard]] const Entries& entries() const { return entries_; }

  // Checks the response, and applies the change that it reports. `asked` outlives the model.
  void follow(const Asked& asked, const Answer& answer) {
    check_form(asked, answer);
    const int status = answer.head.status();
    if (setup_.overloaded) return require(status == 503, "beyond the limit every response is 503");
    switch (asked.head.method()) {
      case http1::Method::unknown: return require(status == 501, "an unknown method gets 501");
      case http1::Method::get:
      case http1::Method::head:
      case http1::Method::options: break;
      case http1::Method::put:
      case http1::Method::delete_:
      case http1::Method::mkcol:
      case http1::Method::move:
        if (setup_.writable) break;
        [[fallthrough]];
      default:
        return require(status == 405 && answer.head.has(http1::FieldName::allow),
                       "a method that is not allowed gets 405");
    }
    if (asked.head.expectation() == http1::Expectation::unsupported) {
      return require(status == 417, "an unknown expectation gets 417");
    }
    if (asked.head.target_form() == http1::TargetForm::asterisk) return check_options(answer);
    const Place place = place_of(asked.head);
    if (place.error != http1::Error::none) {
      return require(status == http1::status_of(place.error),
                     "a bad path gets the status of its error");
    }
    switch (asked.head.method()) {
      case http1::Method::options: return check_options(answer);
      case http1::Method::put: return follow_put(place, asked, answer);
      case http1::Method::delete_: return follow_delete(place, asked, answer);
      case http1::Method::mkcol: return follow_mkcol(place, asked, answer);
      case http1::Method::move: return follow_move(place, asked, answer);
      default: return check_read(place, asked, answer);
    }
  }

  // Destination is an absolute path in which nothing is encoded.
  static bool is_plain_destination(const http1::RequestHead& head) {
    using http1::FieldName;
    const std::string_view text = head.value_of(FieldName::destination);
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789/.-";
    return text.starts_with('/') && !text.starts_with("//") &&
           text.find_first_not_of(plain) == std::string_view::npos &&
           !head.has_repeated(FieldName::destination);
  }

  // The decoded path of the Destination of a MOVE, of any host; empty if it has none.
  [[nodiscard]] static std::string destination_of(const http1::RequestHead& head) {
    std::string_view text = head.value_of(http1::FieldName::destination);
    const std::size_t scheme = text.find("://");
    if (scheme != std::string_view::npos && scheme < 6) {
      text.remove_prefix(scheme + 3);
      text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
      if (!text.starts_with('/')) text = "/";
    }
    text = text.substr(0, text.find('?'));
    std::vector<char> room(text.size() + 1);
    const http1::DecodedPath decoded = http1::decode_path(text, room);
    if (!decoded.ok()) return {};
    return decoded.path.size() > 1 ? std::string(decoded.path.substr(1)) : ".";
  }

  // The decoded path of a request for a file; empty if it names none.
  [[nodiscard]] static std::string path_of(const http1::RequestHead& head) {
    if (head.target_form() == http1::TargetForm::asterisk) return {};
    const Place place = place_of(head);
    return place.error == http1::Error::none ? place.path : std::string();
  }

 private:
  struct Place {
    http1::Error error = http1::Error::none;
    std::string path;  // "." for the root
    bool names_folder = false;
  };
  enum class What : std::uint8_t { nothing, file, folder, link, not_below, outside };

  static Place place_of(const http1::RequestHead& head) {
    Place place;
    std::vector<char> room(head.path().size() + 1);
    const http1::DecodedPath decoded = http1::decode_path(head.path(), room);
    place.error = decoded.failure.error;
    if (!decoded.ok()) return place;
    constexpr std::size_t longest_path = 4095;
    if (decoded.path.size() > longest_path) place.error = http1::Error::path_too_long;
    place.path = decoded.path.size() > 1 ? decoded.path.substr(1) : ".";
    place.names_folder = decoded.has_trailing_slash;
    return place;
  }

  [[nodiscard]] What look(std::string_view path) const {
    if (path == ".") return What::folder;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      const auto above = entries_.find(path.substr(0, slash));
      if (above == entries_.end()) return What::nothing;
      if (above->second.kind == Entry::Kind::file) return What::not_below;
      if (above->second.kind == Entry::Kind::link) return What::outside;
    }
    const auto found = entries_.find(path);
    if (found == entries_.end()) return What::nothing;
    switch (found->second.kind) {
      case Entry::Kind::file: return What::file;
      case Entry::Kind::directory: return What::folder;
      default: return What::link;
    }
  }

  [[nodiscard]] bool is_hidden(std::string_view path) const {
    if (path == ".") return false;
    const std::string_view mark = setup_.dot_files ? ".quoit-" : ".";
    return path.starts_with(mark) || path.find("/" + std::string(mark)) != std::string_view::npos;
  }

  static bool is_conditional(const http1::RequestHead& head) {
    using http1::FieldName;
    return head.has(FieldName::if_match) || head.has(FieldName::if_none_match) ||
           head.has(FieldName::if_modified_since) || head.has(FieldName::if_unmodified_since);
  }

  // Checks that apply to every response.
  static void check_form(const Asked& asked, const Answer& answer) {
    using http1::FieldName;
    const http1::ResponseHead& head = answer.head;
    require(head.version() == http1::Version::http_1_1, "the server speaks HTTP/1.1");
    require(head.has(FieldName::date), "a response has a Date");
    const bool needs_length = head.status() != 204 && head.status() != 304;
    require(head.has(FieldName::content_length) == needs_length,
            "Content-Length is present where it belongs");
    require(asked.head.keep_alive() || !head.keep_alive(),
            "a request with close closes the connection");
    const bool was_old = asked.head.version() == http1::Version::http_1_0;
    require(!was_old || head.framing().says_close() || head.framing().says_keep_alive(),
            "a response to HTTP/1.0 says whether the connection persists");
    require(!answer.was_invited || asked.head.expects_continue(),
            "100 is sent only to a client that expects it");
    constexpr std::size_t longest_searched = 65536;
    require(answer.body.size() > longest_searched ||
                answer.body.find(ServedTree::secret) == std::string_view::npos,
            "nothing is read outside the root");
  }

  static void check_options(const Answer& answer) {
    require(answer.head.status() == 204 && answer.head.has(http1::FieldName::allow),
            "OPTIONS gets the allowed methods");
  }

  // ---- GET and HEAD ----

  // Whether the query asks for an archive of a directory, which a server without listings refuses.
  static bool asks_for_archive(const http1::RequestHead& head) {
    std::string_view query = head.query();
    if (query.ends_with('=')) query.remove_suffix(1);
    return query == "tar" || query == "zip";
  }

  void check_read(const Place& place, const Asked& asked, const Answer& answer) const {
    if (place.names_folder && !is_hidden(place.path) && asks_for_archive(asked.head)) {
      return require(answer.head.status() == 403, "an archive is refused");
    }
    const What what = is_hidden(place.path) ? What::nothing : look(place.path);
    if (what == What::outside || what == What::link) {
      return require(answer.head.status() == 403, "a path outside the root gets 403");
    }
    if (what == What::file && !place.names_folder) {
      return check_content(asked, answer, entries_.find(place.path)->second.content);
    }
    if (what != What::folder) return check_missing(asked, answer);
    if (!place.names_folder) {
      return require(answer.head.status() == 301 && answer.head.has(http1::FieldName::location),
                     "a folder without its slash is redirected");
    }
    const std::string index = place.path == "." ? "index.html" : place.path + "/index.html";
    if (look(index) != What::file) return check_missing(asked, answer);
    check_content(asked, answer, entries_.find(index)->second.content);
  }

  void check_missing(const Asked& asked, const Answer& answer) const {
    if (setup_.has_fallback && look(Setup::fallback) == What::file) {
      require(answer.head.status() == 200, "a missing file gets the fallback");
      return check_whole(asked, answer, entries_.find(Setup::fallback)->second.content);
    }
    require(answer.head.status() == 404, "a missing file gets 404");
    constexpr std::string_view page = "404.html";
    if (look(page) == What::file) check_whole(asked, answer, entries_.find(page)->second.content);
  }

  static void check_whole(const Asked& asked, const Answer& answer, std::string_view content) {
    require(answer.head.framing().content_length() == content.size(),
            "the length is that of the file");
    const bool has_body = asked.head.method() == http1::Method::get;
    require(!has_body || answer.body == content, "the body is the file");
  }

  static void check_content(const Asked& asked, const Answer& answer, std::string_view content) {
    const int status = answer.head.status();
    if (is_conditional(asked.head) && (status == 304 || status == 412)) {
      return require(answer.body.empty(), "a response to a condition has no body");
    }
    if (asked.head.method() == http1::Method::get && asked.head.has(http1::FieldName::range)) {
      return check_range(asked, answer, content);
    }
    require(status == 200, "an existing file gets 200");
    check_whole(asked, answer, content);
  }

  static void check_range(const Asked& asked, const Answer& answer, std::string_view content) {
    using http1::FieldName;
    const int status = answer.head.status();
    std::array<http1::ByteRange, server::most_ranges> room;
    const http1::Ranges wanted =
        http1::parse_ranges(asked.head.value_of(FieldName::range), content.size(), room);
    const bool some = wanted.outcome == http1::RangeOutcome::satisfiable;
    const std::span parts =
        std::span(room).first(some ? http1::join_ranges(std::span(room).first(wanted.count)) : 0);
    const bool none = wanted.outcome == http1::RangeOutcome::unsatisfiable;
    const bool counts =
        !asked.head.has_repeated(FieldName::range) && !asked.head.has(FieldName::if_range);
    if (counts) require(status == (some ? 206 : none ? 416 : 200), "a range is served or refused");
    if (status == 200) return check_whole(asked, answer, content);
    if (status == 206 && parts.size() > 1) return check_parts(answer, content, parts);
    const auto said = http1::parse_content_range(answer.head.value_of(FieldName::content_range));
    require(said && said->complete_size == content.size(), "Content-Range has the size");
    if (status == 416)
      return require(none && !said->range, "416 is sent if no range is satisfiable");
    require(status == 206 && parts.size() == 1 && said->range == room[0],
            "206 has the requested range");
    require(answer.body == content.substr(static_cast<std::size_t>(room[0].first),
                                          static_cast<std::size_t>(room[0].size())),
            "the body has the bytes of the range");
  }

  // multipart/byteranges, RFC 9110 14.6: each part has its Content-Range, and nothing lies between.
  static void check_parts(const Answer& answer, std::string_view content,
                          std::span<const http1::ByteRange> parts) {
    require(!boundary_of(answer).empty(), "many ranges are multipart/byteranges");
    const std::string boundary = "\r\n--" + std::string(boundary_of(answer));
    // The CR LF before the first delimiter is optional.
    const std::string body =
        std::string(answer.body.starts_with("\r\n") ? "" : "\r\n").append(answer.body);
    std::string_view rest = body;
    for (const http1::ByteRange& part : parts) {
      require(rest.starts_with(boundary + "\r\n"), "each part begins with the boundary");
      const std::size_t field = rest.find("\r\nContent-Range: ");
      const std::size_t blank = rest.find("\r\n\r\n");
      require(field < blank && blank != rest.npos, "each part has a head");
      const std::size_t value = field + std::string_view("\r\nContent-Range: ").size();
      const std::string_view text = rest.substr(value, rest.find("\r\n", value) - value);
      const auto range = http1::parse_content_range(text);
      require(range && range->range == part && range->complete_size == content.size(),
              "a part has its Content-Range");
      const auto size = static_cast<std::size_t>(part.size());
      require(rest.substr(blank + 4, size) ==
                  content.substr(static_cast<std::size_t>(part.first), size),
              "a part has the bytes of the file");
      rest.remove_prefix(std::min(rest.size(), blank + 4 + size));
    }
    require(rest == boundary + "--\r\n", "the multipart ends after the last part");
  }

  // ---- writing ----

  [[nodiscard]] bool may_be_stored(const Place& place, const Asked& asked) const {
    const bool fits = !setup_.small_bodies || asked.body.size() <= Setup::most_body;
    // A part of a resumable upload is no whole file.
    const bool is_whole = !asked.head.has(http1::FieldName::upload_complete) ||
                          asked.head.value_of(http1::FieldName::upload_complete) == "?1";
    return fits && is_whole && asked.body_is_whole && !place.names_folder && place.path != "." &&
           !is_hidden(place.path) && !has_long_name(place.path);
  }

  static bool has_long_name(std::string_view path) {
    constexpr std::size_t longest_name = 255;
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      if (end - begin > longest_name) return true;
      begin = end + 1;
    }
    return false;
  }

  void follow_put(const Place& place, const Asked& asked, const Answer& answer) {
    const int status = answer.head.status();
    const What what = look(place.path);
    const bool is_free = what == What::nothing || what == What::file;
    const bool may = is_free && may_be_stored(place, asked);
    std::string_view wish;
    const bool has_wishes = asked.is_part() || asked.head.find("X-OC-MTime", wish) ||
                            asked.head.has(http1::FieldName::content_digest) ||
                            asked.head.has(http1::FieldName::repr_digest);
    if (may && !has_wishes && !is_conditional(asked.head)) {
      require(status == 201 || status == 204, "a valid upload is stored");
    }
    if (status >= 400) return;
    require(may, "an invalid upload is refused");
    require(status == (what == What::file ? 204 : 201), "a new file gets 201, a replaced one 204");
    for (std::size_t slash = place.path.find('/'); slash != std::string::npos;
         slash = place.path.find('/', slash + 1)) {
      entries_.try_emplace(place.path.substr(0, slash), Entry{Entry::Kind::directory, {}});
    }
    const std::string_view content = asked.is_part() ? put_part(place.path, asked) : asked.body;
    entries_[place.path] = {.content = content};
  }

  // The content of the file with the byte range applied. Lives as long as the model.
  std::string_view put_part(const std::string& path, const Asked& asked) {
    const auto said = http1::parse_content_range(asked.part());
    require(said && said->range && said->range->size() == asked.body.size(),
            "a partial upload has a valid range");
    const auto found = entries_.find(path);
    std::string& content = parts_.emplace_back();
    if (found != entries_.end()) content = found->second.content;
    const std::uint64_t first = said->range->first;
    require(first <= content.size(), "a partial upload leaves no gap");
    content.replace(static_cast<std::size_t>(first), asked.body.size(), asked.body);
    require(!said->complete_size || content.size() <= *said->complete_size,
            "a partial upload has the size of the file");
    return content;
  }

  void follow_delete(const Place& place, const Asked& asked, const Answer& answer) {
    const What what = look(place.path);
    const bool is_named = what == What::file || what == What::link;
    const bool may =
        !is_hidden(place.path) && place.path != "." &&
        (what == What::folder ? is_empty(place.path) : is_named && !place.names_folder);
    const int status = answer.head.status();
    if (may && !is_conditional(asked.head)) require(status == 204, "an allowed DELETE succeeds");
    if (status >= 400) return;
    require(may && status == 204, "a forbidden DELETE is refused");
    entries_.erase(place.path);
  }

  // The directory above the path exists.
  [[nodiscard]] bool has_folder_above(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos || look(path.substr(0, slash)) == What::folder;
  }

  void follow_mkcol(const Place& place, const Asked& asked, const Answer& answer) {
    const bool has_body = asked.head.body().kind != http1::BodyKind::none;
    const bool may = !has_body && !is_hidden(place.path) && !has_long_name(place.path) &&
                     look(place.path) == What::nothing && has_folder_above(place.path);
    const int status = answer.head.status();
    if (may && !is_conditional(asked.head)) require(status == 201, "an allowed MKCOL succeeds");
    if (status >= 400) return;
    require(may && status == 201, "a forbidden MKCOL is refused");
    entries_[place.path] = {.kind = Entry::Kind::directory, .content = {}};
  }

  void follow_move(const Place& place, const Asked& asked, const Answer& answer) {
    const int status = answer.head.status();
    const std::string to = destination_of(asked.head);
    const What from_kind = look(place.path);
    const What to_kind = to.empty() ? What::outside : look(to);
    const bool is_folder = from_kind == What::folder;
    const bool to_folder = asked.head.value_of(http1::FieldName::destination).ends_with('/');
    const bool is_named =
        is_folder || ((from_kind == What::file || from_kind == What::link) && !place.names_folder);
    const bool is_free = to_kind == What::nothing && has_folder_above(to);
    const bool replaces = is_folder ? to_kind == What::folder && is_empty(to)
                                    : to_kind == What::file || to_kind == What::link;
    const bool may = is_named && (is_free || replaces) && !is_hidden(place.path) &&
                     place.path != "." && !is_hidden(to) && to != "." && to != place.path &&
                     !to.starts_with(place.path + "/") && !has_long_name(to);
    const bool is_usual = is_plain_destination(asked.head) && !is_conditional(asked.head) &&
                          !asked.head.has(http1::FieldName::overwrite);
    if (may && is_usual && (is_folder || !to_folder)) {
      require(status < 300, "an allowed MOVE succeeds");
    }
    if (status >= 400) return;
    require(may, "a forbidden MOVE is refused");
    require(status == (is_free ? 201 : 204), "a new name gets 201, a replaced one 204");
    const bool may_replace = asked.head.value_of(http1::FieldName::overwrite) != "F";
    require(is_free || may_replace, "Overwrite: F replaces nothing");
    entries_.erase(to);
    std::vector<std::pair<std::string, Entry>> moved;
    for (auto at = entries_.lower_bound(place.path); at != entries_.end();) {
      const bool is_below = at->first.starts_with(place.path + "/");
      if (!at->first.starts_with(place.path)) break;
      if (at->first != place.path && !is_below) {
        ++at;
        continue;
      }
      moved.emplace_back(to + at->first.substr(place.path.size()), at->second);
      at = entries_.erase(at);
    }
    for (auto& [path, entry] : moved) entries_[path] = entry;
  }

  [[nodiscard]] bool is_empty(const std::string& folder) const {
    const auto below = entries_.lower_bound(folder + "/");
    return below == entries_.end() || !below->first.starts_with(folder + "/");
  }

  Entries entries_;
  std::deque<std::string> parts_;  // contents of files with partial uploads
  const Setup setup_;
};

}  // namespace fuzz
