// The expected outcome of a client job, computed from a server's bytes without a connection.
//
// The reference splits the whole stream into heads, redirects and bodies with the parser and the
// decoder alone. Where the correct outcome depends on the time at which bytes arrive, it accepts
// more than one: bytes after a response end the connection if they arrive before the next request,
// and are read as its response otherwise. Used by client_fuzzer.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/url.h"
#include "parser/chunked.h"
#include "parser/parse.h"

namespace fuzz {

using client::ExitCode;
using client::Verb;

// The action of the server after its last byte.
enum class End : std::uint8_t { finishes, stays_silent };

struct Outcomes {
  std::set<ExitCode> codes;
  std::string content;  // of the file, if ok is an outcome of GET
  bool stores = false;  // the job stores a file
  std::string head;     // the final head, if there is one
};

class ClientReference {
 public:
  ClientReference(Verb verb, const client::Url& where, std::string_view stream, End end)
      : verb_(verb), where_(where), rest_(stream), end_(end) {}

  [[nodiscard]] Outcomes read() {
    for (int hops = 0; hops <= most_redirects; ++hops) {
      if (!read_head()) return outcomes_;
      if (!follows()) return finish();
      if (!take_redirect()) return outcomes_;
    }
    outcomes_.codes.insert(ExitCode::too_many_redirects);
    return outcomes_;
  }

  static http1::Method method_of(Verb verb) {
    switch (verb) {
      case Verb::head: return http1::Method::head;
      case Verb::put: return http1::Method::put;
      case Verb::remove: return http1::Method::delete_;
      default: return http1::Method::get;
    }
  }

 private:
  struct Body {
    std::string content;
    bool is_whole = false;
    bool is_bad = false;
    std::size_t used = 0;
  };

  static constexpr int most_redirects = 10;
  static constexpr std::size_t most_interim_bytes = 1024 * 1024;
  static constexpr std::uint64_t most_skipped = 65536;
  static constexpr http1::Limits limits{.head_bytes = http1::max_head_bytes,
                                        .fields = http1::max_fields};

  bool fail(ExitCode code) {
    outcomes_.codes.insert(code);
    return false;
  }

  // The final head, after interim ones. An upload may wait for 100 first, and then for the rest.
  bool read_head() {
    const bool is_empty = rest_.empty();
    std::size_t interim_bytes = 0;
    while (interim_bytes <= most_interim_bytes) {
      head_.reset();
      bytes_ = rest_;
      switch (http1::parse_folded_response(bytes_, head_, method_of(verb_), limits)) {
        case http1::Progress::failed: return fail(ExitCode::weird_reply);
        case http1::Progress::more: return fail_in_head(is_empty);
        case http1::Progress::done: break;
      }
      if (head_.status() == 101) return fail(ExitCode::weird_reply);
      outcomes_.head = bytes_.substr(0, head_.size());
      rest_.remove_prefix(head_.size());
      if (head_.status() >= 200) return true;
      interim_bytes += outcomes_.head.size();
    }
    return fail(ExitCode::weird_reply);
  }

  bool fail_in_head(bool is_empty) {
    if (end_ == End::stays_silent) return fail(ExitCode::timeout);
    if (!is_empty) return fail(ExitCode::receive_error);
    // The client replaces a kept connection that was closed if it can safely repeat the request;
    // in this test no new connection is accepted.
    return fail(verb_ == Verb::put ? ExitCode::empty_reply : ExitCode::cannot_connect);
  }

  [[nodiscard]] bool follows() const {
    if (verb_ != Verb::get && verb_ != Verb::head) return false;
    static const std::set<int> redirects = {301, 302, 303, 307, 308};
    return redirects.contains(head_.status()) && head_.has(http1::FieldName::location);
  }

  // Continues with the next response on this connection; false: the connection ends here.
  bool take_redirect() {
    client::Url next;
    const auto to = head_.value_of(http1::FieldName::location);
    const client::ExitReason reason = client::resolve(where_, to, next);
    if (reason) return fail(client::code_of(reason));
    where_ = next;
    constexpr std::size_t long_target = 16000;
    if (to.size() > long_target) fail(ExitCode::usage);  // longer than the buffer for a request
    const Body body = read_body();
    const bool is_kept =
        head_.keep_alive() && body.is_whole && head_.body().kind != http1::BodyKind::until_close &&
        (head_.body().kind == http1::BodyKind::chunked || head_.body().length <= most_skipped);
    if (!is_kept) return fail(ExitCode::cannot_connect);
    rest_.remove_prefix(body.used);
    if (!rest_.empty() || body.used > most_skipped) fail(ExitCode::cannot_connect);
    return true;
  }

  [[nodiscard]] Body read_body() const {
    const http1::Body kind = head_.body();
    Body body;
    switch (kind.kind) {
      case http1::BodyKind::none: body.is_whole = true; break;
      case http1::BodyKind::length:
        body.used = static_cast<std::size_t>(std::min<std::uint64_t>(kind.length, rest_.size()));
        body.content = rest_.substr(0, body.used);
        body.is_whole = body.used == kind.length;
        break;
      case http1::BodyKind::until_close:
        body.content = rest_;
        body.used = rest_.size();
        body.is_whole = end_ == End::finishes;
        break;
      case http1::BodyKind::chunked: read_chunks(body); break;
    }
    return body;
  }

  void read_chunks(Body& body) const {
    http1::ChunkedDecoder decoder;
    body.content = rest_;
    const auto result = decoder.decode(body.content.data(), body.content.size());
    body.content.resize(result.data);
    body.is_whole = result.progress == http1::Progress::done;
    body.is_bad = result.progress == http1::Progress::failed;
    body.used = result.used;
  }

  // The outcome of the verb for the final response.
  Outcomes finish() {
    const int status_class = head_.status_class();
    // Statuses that these requests do not ask for.
    if (head_.status() == 206 || head_.status() == 226 || head_.status() == 304) {
      fail(ExitCode::weird_reply);
      return outcomes_;
    }
    switch (verb_) {
      case Verb::head: fail(status_class <= 3 ? ExitCode::ok : ExitCode::http_error); break;
      case Verb::remove: fail(status_class == 2 ? ExitCode::ok : ExitCode::http_error); break;
      case Verb::put:
        fail(status_class == 2 ? ExitCode::ok : ExitCode::http_error);
        // A response that came before the whole body was sent confirms nothing.
        if (status_class == 2) fail(ExitCode::weird_reply);
        // A large upload is sent again without Expect, on a connection that is refused here.
        if (head_.status() == 417) fail(ExitCode::cannot_connect);
        break;
      case Verb::get: finish_get(); break;
      case Verb::sync:
      case Verb::ls:             // remote_listing fuzzes its reader
      case Verb::passwd: break;  // it asks no server
    }
    return outcomes_;
  }

  void finish_get() {
    if (head_.status_class() != 2) return outcomes_.codes.insert(ExitCode::http_error), void();
    Body body = read_body();
    if (body.is_whole) {
      outcomes_.codes.insert(ExitCode::ok);
      outcomes_.content = std::move(body.content);
      outcomes_.stores = true;
    } else if (body.is_bad) {
      outcomes_.codes.insert(ExitCode::weird_reply);
    } else {
      const bool is_late = end_ == End::stays_silent;
      outcomes_.codes.insert(is_late ? ExitCode::timeout : ExitCode::partial_file);
      // A download of a known version goes on, on a connection that is refused here.
      const bool has_validator =
          head_.has(http1::FieldName::etag) || head_.has(http1::FieldName::last_modified);
      if (has_validator) outcomes_.codes.insert(ExitCode::cannot_connect);
    }
  }

  const Verb verb_;
  client::Url where_;
  std::string_view rest_;
  const End end_;
  std::string bytes_;  // the bytes of head_, unfolded
  http1::ResponseHead head_;
  Outcomes outcomes_;
};

}  // namespace fuzz
