// Fuzzes http1 and picohttpparser: each message that http1 accepts, picohttpparser accepts too.
//
// The input is parsed as a request, as a response and as a chunked body. Where http1 accepts,
// picohttpparser has to accept too, with equal method, target, version, status, reason, names,
// values and size, or equal data and an equal end of the body. The comparison leaves out
//   - a status line without the space after the status: a leniency of http1, switched off here
//   - minor versions above 1, which http1 treats as 1 (RFC 9110 2.5)
//   - white space after a value and before a reason: versions of picohttpparser trim differently
//   - folded values of responses: picohttpparser returns each line of them separately
//
// http1 refuses many messages that picohttpparser accepts. Each such refusal must have one of the
// reasons in stricter_*, below: picohttpparser does not interpret fields; it accepts LF for CR LF,
// all bytes but control bytes in method and target, a fold, and any bytes in chunk lines and
// trailers.
// Covered by the replay of the corpora of request, response and chunked, where Debian's
// libh2o-evloop-dev is installed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fuzz/bytes.h"
#include "fuzz/picohttpparser.h"
#include "fuzz/require.h"
#include "parser/chunked.h"
#include "parser/error.h"
#include "parser/limits.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using http1::Error;
using http1::Progress;

constexpr http1::Limits limits = {.lenient = {.status_without_space = false}};

// ---- reasons to refuse what picohttpparser accepts
// --------------------------------------------------

constexpr Error stricter_lines[] = {
    Error::bare_lf,          // it accepts LF alone as a line end
    Error::too_many_fields,  // the limit of http1 is lower than the capacity given to it
    Error::head_too_large,   // it has no limit
    Error::obs_fold,         // it returns the lines of a fold
};

// picohttpparser leaves the interpretation of fields to its caller.
constexpr Error stricter_meaning[] = {
    Error::content_length_invalid, Error::content_length_too_large, Error::content_length_repeated,
    Error::coding_invalid,         Error::coding_repeated,          Error::coding_unsupported,
    Error::coding_in_http_1_0,     Error::length_and_coding,        Error::connection_invalid};

constexpr Error stricter_requests[] = {
    Error::bad_method_byte,      // it accepts any byte but controls, and an empty method
    Error::method_too_long,      // no limit
    Error::target_missing,       // it accepts an empty target
    Error::bad_target_byte,      // it accepts any byte but controls
    Error::bad_target_escape,    // it does not check escapes
    Error::target_too_long,      // no limit
    Error::target_form_invalid,  // it does not check the form
    Error::host_missing,        Error::host_repeated, Error::host_invalid};

constexpr Error stricter_responses[] = {
    Error::bad_status,  // it accepts a status that begins with 0
};

constexpr Error stricter_bodies[] = {
    Error::bad_chunk_size,             // it skips all bytes after the digits
    Error::bad_chunk_extension,        // likewise
    Error::chunk_extension_too_large,  // no limit, or one for the whole body
    Error::chunk_overhead_too_large,   // likewise
    Error::bare_lf,                    // LF alone ends sizes, data and trailers
    Error::bare_cr,                    // it skips CRs before the LF
    Error::chunk_end_missing,          // likewise after the data
    Error::trailer_too_large,          // it skips trailers without parsing them
    Error::too_many_fields,
    Error::trailer_forbidden,
    Error::space_before_first_field,
    Error::obs_fold,
    Error::name_missing,
    Error::bad_name_byte,
    Error::space_before_colon,
    Error::colon_missing,
    Error::bad_value_byte};

bool is_one_of(std::span<const Error> errors, Error error) {
  return std::find(errors.begin(), errors.end(), error) != errors.end();
}

// ---- heads --------------------------------------------------------------------------------------

// picohttpparser's result for a head. `first` is the method or the reason.
struct Peer {
  int size = 0;
  std::string_view first;
  std::string_view target;
  int status = 0;
  int minor_version = -1;
  phr_header fields[http1::max_fields];
  std::size_t field_count = http1::max_fields;
};

void read(std::string_view bytes, const http1::RequestHead&, Peer& peer) {
  const char* method = nullptr;
  const char* target = nullptr;
  std::size_t method_size = 0;
  std::size_t target_size = 0;
  peer.size =
      phr_parse_request(bytes.data(), bytes.size(), &method, &method_size, &target, &target_size,
                        &peer.minor_version, peer.fields, &peer.field_count, 0);
  peer.first = {method, method_size};
  peer.target = {target, target_size};
}

void read(std::string_view bytes, const http1::ResponseHead&, Peer& peer) {
  const char* reason = nullptr;
  std::size_t reason_size = 0;
  peer.size = phr_parse_response(bytes.data(), bytes.size(), &peer.minor_version, &peer.status,
                                 &reason, &reason_size, peer.fields, &peer.field_count, 0);
  peer.first = {reason, reason_size};
}

std::string_view without_space_behind(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string_view without_space_before(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

void require_same_start(const http1::RequestHead& head, const Peer& peer) {
  require(head.method_text() == peer.first, "picohttpparser reads the same method");
  require(head.target() == peer.target, "picohttpparser reads the same target");
}

void require_same_start(const http1::ResponseHead& head, const Peer& peer) {
  require(head.status() == peer.status, "picohttpparser reads the same status");
  require(without_space_before(head.reason()) == without_space_before(peer.first),
          "picohttpparser reads the same reason");
}

bool has_folds(const Peer& peer) {
  const std::span<const phr_header> fields = std::span(peer.fields).first(peer.field_count);
  return std::any_of(fields.begin(), fields.end(),
                     [](const phr_header& field) { return field.name == nullptr; });
}

template <class Head>
void require_same_head(const Head& head, const Peer& peer) {
  require(peer.size > 0, "picohttpparser accepts each head that http1 accepts");
  require(head.size() == static_cast<std::size_t>(peer.size), "with the same end");
  const int minor_version = head.version() == http1::Version::http_1_0 ? 0 : 1;
  require(std::min(peer.minor_version, 1) == minor_version,
          "picohttpparser reads the same version");
  require_same_start(head, peer);
  if (has_folds(peer)) return;
  require(head.field_count() == peer.field_count, "picohttpparser reads as many fields");
  for (std::size_t at = 0; at < peer.field_count; ++at) {
    const phr_header& theirs = peer.fields[at];
    const http1::Field ours = head.field(at);
    require(ours.name == std::string_view(theirs.name, theirs.name_len),
            "picohttpparser reads the same names");
    require(ours.value == without_space_behind({theirs.value, theirs.value_len}),
            "picohttpparser reads the same values");
  }
}

Progress parse(std::string_view bytes, http1::RequestHead& head) {
  return http1::parse_request(bytes, head, limits);
}
Progress parse(std::string_view bytes, http1::ResponseHead& head) {
  return http1::parse_response(bytes, head, http1::Method::get, limits);
}

template <class Head>
void check_head(std::string_view input, std::span<const Error> stricter) {
  const fuzz::Block bytes(input);
  Head head;
  const Progress progress = parse(bytes.view(), head);
  Peer peer;
  read(bytes.view(), head, peer);
  if (progress == Progress::done) return require_same_head(head, peer);
  if (peer.size <= 0) return;
  require(progress == Progress::failed,
          "http1 decides about each head that is complete for picohttpparser");
  const Error error = head.failure().error;
  const bool has_reason = is_one_of(stricter_lines, error) || is_one_of(stricter_meaning, error) ||
                          is_one_of(stricter, error);
  require(has_reason, "there is a reason to refuse what picohttpparser accepts");
}

// ---- chunked bodies -----------------------------------------------------------------------------

void check_body(std::string_view input) {
  fuzz::Block ours(input);
  http1::ChunkedDecoder decoder(limits);
  const http1::ChunkedDecoder::Result result = decoder.decode(ours.data(), input.size());

  fuzz::Block theirs(input);
  phr_chunked_decoder peer = {};
  peer.consume_trailer = 1;
  std::size_t data_size = input.size();
  const ssize_t left = phr_decode_chunked(&peer, theirs.data(), &data_size);

  if (result.progress == Progress::done) {
    require(left >= 0, "picohttpparser accepts each body that http1 accepts");
    require(input.size() - static_cast<std::size_t>(left) == result.used, "with the same end");
    require(theirs.view().substr(0, data_size) == ours.view().substr(0, result.data),
            "picohttpparser reads the same data");
  } else if (left >= 0) {
    require(result.progress == Progress::failed,
            "http1 decides about each body that is complete for picohttpparser");
    require(is_one_of(stricter_bodies, result.failure.error),
            "there is a reason to refuse a body that picohttpparser accepts");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  check_head<http1::RequestHead>(input, stricter_requests);
  check_head<http1::ResponseHead>(input, stricter_responses);
  check_body(input);
  return 0;
}
