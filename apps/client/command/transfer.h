// The decisions of a download that may need more than one response: which bytes to request, what a
// response means beside the bytes that are there, and what follows the end of a response.
//
// A download is a Transfer: how many bytes of which version of the file are there. It goes on with
// a Range and an If-Range by a strong validator, so that a server that has another version
// meanwhile sends that one whole; a response that claims to continue the bytes is compared with
// them before its first byte is taken. Bytes that do not fit are thrown away, and the download
// begins anew: no file is ever put together from two versions.
//
// Pure: no I/O and no clock. RFC 9110 13.1.5, 14, 15.3.7. Covered by
// tests/client/command/transfer_test.cc, and by the fuzz target transfer, which plays servers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/gaps.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/retry.h"
#include "parser/message.h"

namespace client {

// A version of a file on a server, as far as its response tells.
struct Version {
  std::string validator = {};              // a strong ETag in quotes, or a date; empty: none
  std::optional<std::uint64_t> size = {};  // of the whole file, in bytes
};

struct Transfer {
  Version version = {};     // of the bytes that are there
  std::uint64_t held = 0;   // how many bytes are there, from the first of the file on
  bool can_restart = true;  // false: the bytes are in a stream, which takes none back
  bool is_trusted = false;  // --continue: the user says that the bytes begin the file
  unsigned restarts = 0;    // how often bytes were thrown away
  unsigned retries = 0;     // since bytes have come to stay
};

// The version that a response with the file, or with a part of it, belongs to. The validator is a
// strong ETag, or, where there is no ETag at all, a Last-Modified that is at least a minute older
// than Date (RFC 9110 8.8.2.2). There is none where the server takes no ranges, or encodes the
// file. `now`, in Unix seconds, reads dates of two digits.
[[nodiscard]] Version version_of(const http1::ResponseHead& head, std::int64_t now);

// The first byte to request; nothing: the whole file. Of a file that is there completely it is the
// last byte, so that the response shows whether the server still has that version.
[[nodiscard]] std::optional<std::uint64_t> range_start(const Transfer& transfer);

enum class Verdict : std::uint8_t {
  begins,     // the body is the whole file
  continues,  // the body is the part of the file from range_start() on, or its beginning
  completes,  // there are no further bytes
  misfits,    // the response claims to continue the bytes, and belongs to others
  refuses     // the response has no file; see its status
};

// The meaning of the final response to a request for the bytes from range_start() on.
[[nodiscard]] Verdict judge(const Transfer& transfer, const http1::ResponseHead& head);

// The size of the body of a response that continues the bytes, by its Content-Range.
[[nodiscard]] std::uint64_t range_size(const http1::ResponseHead& head);

// Prepares the transfer for the body of a response that begins the file, or continues it. The bytes
// are at range_start() afterwards.
void begin_body(Transfer& transfer, Verdict verdict, const Version& version);

enum class RangeVerdict : std::uint8_t {
  fits,     // the body is of the version, and begins where the range does
  differs,  // the response is of something else: no byte of the file can be trusted
  refuses   // the response has no file; see its status
};

// The meaning of the final response to a request for a range of a file of that version, whose size
// is known. A part of the range that begins where it does fits.
[[nodiscard]] RangeVerdict judge_range(const Version& version, const ByteRange& range,
                                       const http1::ResponseHead& head);

// A response that brought less is not worth another request at once: a server that cuts each
// connection after some bytes would be asked without a pause.
inline constexpr std::uint64_t brisk_bytes = 65536;

// How one request and its response ended.
struct Outcome {
  Failure failure = {};      // ExitCode::ok: the response is complete
  std::uint64_t moved = 0;   // bytes of the file that came
  bool is_complete = false;  // all bytes of the file are there
  bool misfits = false;      // see Verdict::misfits
  bool is_slow = false;      // it was slower than --speed-limit
};

enum class Next : std::uint8_t { finish, ask, give_up };

struct Step {
  Next next = Next::give_up;
  std::int64_t pause_ms = 0;  // before the next request
  bool is_retry = false;      // it is one of those that --retry allows
  bool begins_anew = false;   // the bytes that are there are to be thrown away
};

// The rules for the next request.
struct Rules {
  const Settings& settings;
  std::optional<std::int64_t> left_ms = {};  // until --max-time; none: no limit
  std::uint64_t random = 0;                  // any number
};

// Decides after a response, and updates the transfer. A download that has a validator goes on by
// itself after a response that brought bytes, unless they came too slowly. A response that brought
// none is a failure like that of any other job: --retry decides. A response that misfits, and a new
// version, lead back to the first byte, a few times.
[[nodiscard]] Step next_step(Transfer& transfer, const Outcome& outcome, const Rules& rules);

}  // namespace client
