// Covered by tests/client/jobs/sync_test.cc.
#include "apps/client/jobs/compare.h"

#include <ctime>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <utility>

#include "apps/client/command/sha256.h"
#include "apps/client/local/file_digest.h"
#include "apps/client/net/exchange.h"
#include "apps/options/whole_number.h"
#include "parser/date.h"
#include "parser/fields.h"
#include "uring/result.h"

namespace client {

namespace {

// The version that the response is of. A weak tag never matches: RFC 9110 13.1.1.
Condition version_in(const http1::ResponseHead& head, std::optional<std::int64_t> modified) {
  const std::string_view tag = head.value_of(http1::FieldName::etag);
  const std::optional<http1::EntityTag> read = http1::parse_entity_tag(tag);
  if (read && !read->is_weak) return {.tag = std::string(tag)};
  return {.unchanged_since = modified};
}

// Says whether the file here is a regular one of the size that the response announces; `modified`
// becomes its time.
bool has_equal_size(const Job& job, const http1::ResponseHead& head, std::int64_t& modified) {
  struct stat facts {};
  if (::lstat(job.file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  modified = facts.st_mtim.tv_sec;
  // Apache leaves Content-Length out of the response to HEAD where it is 0.
  const bool has_length =
      head.has(http1::FieldName::content_length) || head.has(http1::FieldName::transfer_encoding);
  const std::string_view length = http1::trim(head.value_of(http1::FieldName::content_length));
  const auto size = options::whole_number<std::uint64_t>(has_length ? length : "0");
  return size && *size == static_cast<std::uint64_t>(facts.st_size);
}

// Compares the file here, which has the size of the server's, with the digest of the response.
uring::Task<ExitCode> compare_digests(Channel& channel, const Job& job, const Url& where,
                                      Comparison& result) {
  const std::optional<Sha256> announced = announced_sha256(channel.head);
  if (!announced) {
    co_return channel.fail(ExitCode::digest_mismatch,
                           where.text() +
                               ": the server offers no SHA-256 to compare the file with; "
                               "leave --checksum out");
  }
  FileDigest digest;
  const int error = co_await read_file_into(channel.io, digest, job.file);
  if (channel.session.stopping()) co_return channel.fail(cancelled(channel, channel.io));
  if (error != 0) {
    co_return channel.fail(ExitCode::read_error,
                           "cannot read " + job.file + ": " + uring::error_text(error));
  }
  result = digest.finish() == announced ? Comparison::equal : Comparison::differs;
  co_return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> compare(Channel& channel, const Job& job, Compared& compared) {
  Url where = job.where;
  const bool by_digest = channel.session.settings.compares_digests && job.verb != Verb::remove;
  const Request request{.method = http1::Method::head, .wants_digest = by_digest};
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;
  const http1::ResponseHead& head = channel.head;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const std::optional<std::int64_t> modified =
      http1::parse_date(head.value_of(http1::FieldName::last_modified), now);
  ExitReason problem = unrequested(head, http1::Method::head, channel.session.settings, where);
  const bool is_absent = head.status() == 404 && job.verb != Verb::get;
  if (!problem && !is_absent && head.status_class() != 2) problem = refused(head, where);
  if (is_absent) {
    compared = {.result = Comparison::absent, .condition = {.is_absent = true}};
  } else {
    std::int64_t own_time = 0;
    const bool is_alike = has_equal_size(job, head, own_time);
    const bool is_equal = is_alike && (by_digest || own_time == modified);
    compared.result = is_equal ? Comparison::equal : Comparison::differs;
    compared.condition = version_in(head, modified);
  }
  ExitCode code = problem ? channel.fail(std::move(problem)) : ExitCode::ok;
  if (code == ExitCode::ok && by_digest && compared.result == Comparison::equal) {
    const ExitCode hashed = co_await compare_digests(channel, job, where, compared.result);
    code = hashed;
  }
  co_await skip_body(channel);
  co_return code;
}

}  // namespace client
