// Which digest of which bytes. Covered by tests/server/read/wanted_digests_test.cc.
#include "apps/server/read/wanted_digests.h"

#include <array>
#include <optional>

#include "apps/server/connection/worker_state.h"
#include "apps/server/files/digests.h"
#include "apps/server/plan/append.h"

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// The algorithm of the wanted digest, if the response has the bytes that it is about. A response to
// HEAD has no content.
std::optional<DigestAlgorithm> algorithm_for(const Exchange& x, FieldName field) {
  const bool has_file = x.plan.content == Content::file || x.plan.content == Content::parts;
  const bool is_success = x.plan.status == 200 || x.plan.status == 206;
  if (!has_file || !is_success) return std::nullopt;
  if (field == FieldName::repr_digest) {
    return wanted_digest(x.request.head, FieldName::want_repr_digest);
  }
  if (x.plan.content == Content::parts || x.plan.head_only) return std::nullopt;
  return wanted_digest(x.request.head, FieldName::want_content_digest);
}

// Computes the digest of `length` bytes of the source from `begin` on.
uring::Task<Fault> digest_source(Connection& c, std::uint64_t begin, std::uint64_t length,
                                 Digest& digest) {
  const Source& source = c.exchange->source;
  const CachedFile* const cached = source.cached;
  if (cached && cached->fd < 0) {
    const bool is_computed = digest_bytes(cached->body.substr(begin, length), digest);
    co_return is_computed ? Fault::none : Fault::out_of_memory;
  }
  const int file = cached ? cached->fd : source.file;
  Digests* const digests = c.worker.shared.digests;
  if (begin == 0 && length == c.exchange->plan.facts.size) {
    const Fault whole = co_await digest_file(c.io, digests, file, length, digest);
    co_return whole;
  }
  const Fault part = co_await digest_part(c.io, digests, file, begin, begin + length, digest);
  co_return part;
}

}  // namespace

uring::Task<> add_wanted_digests(Connection& c) {
  Exchange& x = *c.exchange;
  std::string_view lines(x.scratch.text_for_plan().data(), 0);
  for (const FieldName field : {FieldName::repr_digest, FieldName::content_digest}) {
    const std::optional<DigestAlgorithm> algorithm = algorithm_for(x, field);
    if (!algorithm) continue;
    const bool is_whole = field == FieldName::repr_digest || !x.plan.is_partial;
    const std::uint64_t begin = is_whole ? 0 : x.plan.offset;
    const std::uint64_t length = is_whole ? x.plan.facts.size : x.plan.length;
    Digest digest{.algorithm = *algorithm};
    const Fault fault = co_await digest_source(c, begin, length, digest);
    if (fault != Fault::none) continue;
    std::array<char, most_digest_line_bytes> line;
    lines = append(x.scratch.text_for_plan(), lines, write_digest_line(field, digest, line));
  }
  x.plan.more_lines = lines;
}

}  // namespace server
