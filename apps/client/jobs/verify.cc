// Covered by tests/client/jobs/verify_test.cc and tests/end_to_end/client_verifies_test.cc.
#include "apps/client/jobs/verify.h"

#include <optional>
#include <utility>

#include "apps/client/local/file_digest.h"
#include "apps/client/net/exchange.h"
#include "parser/fields.h"
#include "uring/result.h"

namespace client {

namespace {

// Problem details have some hundred bytes.
constexpr std::size_t most_problem_bytes = 64 * 1024;
constexpr std::string_view problem_type = "application/problem+json";

ExitCode cannot_read(Channel& channel, ExitCode code, const std::string& name, int error) {
  if (channel.session.stopping()) return channel.fail(cancelled(channel, channel.io));
  return channel.fail(code, "cannot read " + name + " to verify it: " + uring::error_text(error));
}

ExitCode without_memory(Channel& channel) {
  return channel.fail(ExitCode::no_engine, "there is not enough memory to verify a file");
}

}  // namespace

ExitCode note_digest(Channel& channel, const Url& where, bool begins,
                     std::optional<Sha256>& expected) {
  const Settings& settings = channel.session.settings;
  if (!settings.verifies) return ExitCode::ok;
  if (settings.expected_digest) {
    expected = settings.expected_digest;
    return ExitCode::ok;
  }
  if (begins) expected.reset();
  if (const auto announced = announced_sha256(channel.head)) expected = announced;
  if (expected) return ExitCode::ok;
  return channel.fail(ExitCode::digest_mismatch,
                      where.text() +
                          ": the server offers no SHA-256 to verify the file with; give "
                          "it as --verify sha-256=HEX, or leave --verify out");
}

uring::Task<ExitCode> hash_output(Channel& channel, OutputFile& output) {
  if (!output.digest || output.is_stream) co_return ExitCode::ok;
  const int error = co_await read_into(channel.io, *output.digest, output.fd, output.size);
  if (error == 0) co_return ExitCode::ok;
  co_return cannot_read(channel, ExitCode::write_error, output.temporary, error);
}

uring::Task<ExitCode> verify_download(Channel& channel, const Job& job, OutputFile& output,
                                      const std::optional<Sha256>& expected) {
  if (!output.digest || !expected) co_return ExitCode::ok;
  const bool is_open = output.fd >= 0;
  if (is_open) {
    const ExitCode hashed = co_await hash_output(channel, output);
    if (hashed != ExitCode::ok) co_return hashed;
  } else {
    const int error = co_await read_file_into(channel.io, *output.digest, job.file);
    if (error != 0) co_return cannot_read(channel, ExitCode::write_error, job.file, error);
  }
  const std::optional<Sha256> digest = output.digest->finish();
  if (!digest) co_return without_memory(channel);
  if (*digest == *expected) co_return ExitCode::ok;
  const bool is_saved = !is_open || output.is_stream;
  co_return channel.fail(ExitCode::digest_mismatch,
                         job.where.text() + ": the SHA-256 of what has come is " +
                             hex_text(*digest) + ", and not the expected " + hex_text(*expected) +
                             (is_saved ? "; do not use it" : "; nothing was saved: try again"));
}

uring::Task<ExitCode> digest_input(Upload& up) {
  Channel& channel = up.channel;
  const InputFile& input = up.input;
  const Settings& settings = channel.session.settings;
  if (input.is_stream) {
    co_return channel.fail(ExitCode::read_error, "cannot verify " + input.name +
                                                     ": it is a stream, which can be read once; "
                                                     "save it first, or leave --verify out");
  }
  FileDigest digest;
  digest.add(front_of(input));
  const int error = co_await read_into(channel.io, digest, input.fd, input.length);
  if (error != 0) co_return cannot_read(channel, ExitCode::read_error, input.name, error);
  const std::optional<Sha256> found = digest.finish();
  if (!found) co_return without_memory(channel);
  if (settings.expected_digest && *found != *settings.expected_digest) {
    co_return channel.fail(ExitCode::digest_mismatch,
                           "the SHA-256 of " + input.name + " is " + hex_text(*found) +
                               ", and not the expected " + hex_text(*settings.expected_digest) +
                               "; it was not sent");
  }
  up.digest = field_text(*found);
  co_return ExitCode::ok;
}

ExitCode check_stored(Upload& up, const Url& where, bool& is_confirmed) {
  Channel& channel = up.channel;
  is_confirmed = false;
  if (up.digest.empty()) return ExitCode::ok;
  const std::optional<Sha256> stored = announced_sha256(channel.head);
  if (!stored) return ExitCode::ok;
  is_confirmed = field_text(*stored) == up.digest;
  if (is_confirmed) return ExitCode::ok;
  return channel.fail(ExitCode::digest_mismatch,
                      where.text() +
                          ": the server has stored other bytes than were sent, with the "
                          "SHA-256 " +
                          hex_text(*stored) + "; send " + up.input.name + " again");
}

uring::Task<ExitCode> explain_refusal(Channel& channel, const Url& where) {
  const ExitReason refusal = channel.error;
  const std::string_view type = channel.head.value_of(http1::FieldName::content_type);
  if (!http1::equal_ignoring_case(type.substr(0, problem_type.size()), problem_type))
    co_return code_of(refusal);
  BodyReader body(channel.head.body());
  std::string text;
  const ExitCode read = co_await receive_text(channel, body, text, most_problem_bytes);
  if (read != ExitCode::ok || !reports_mismatch(text)) co_return channel.fail(refusal);
  co_return channel.fail(ExitCode::digest_mismatch,
                         where.text() +
                             ": the server received bytes with another digest than the "
                             "announced one, and stored nothing; send the file again");
}

}  // namespace client
