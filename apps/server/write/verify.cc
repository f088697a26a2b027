// Reading and comparing digests. Covered by tests/server/write/verify_test.cc.
#include "apps/server/write/verify.h"

#include <algorithm>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/digests.h"

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// Plans the response to the problem of a digest of `head`.
void answer_digest_problem(Connection& c, const http1::Head& head, DigestProblem problem) {
  if (problem == DigestProblem::malformed) return answer(c, 400, malformed_digests);
  const std::span<char> text = c.exchange->scratch.text_for_plan();
  answer_problem(c, 400, write_digest_problem(head, problem, text.first(digest_problem_bytes)));
}

}  // namespace

bool refuse_digests(Connection& c) {
  const http1::RequestHead& head = c.exchange->request.head;
  if (!announces_digests(head)) return false;
  const DigestProblem problem = read_digests(head).problem;
  if (problem == DigestProblem::none) return false;
  answer_digest_problem(c, head, problem);
  return true;
}

bool add_trailer_digests(Connection& c, const Trailers& trailers, AnnouncedDigests& announced) {
  if (trailers.empty()) return true;
  http1::RequestHead head;
  if (!trailers.read(head)) {
    answer(c, 400, "the trailer section is malformed");
    return false;
  }
  if (!announces_digests(head)) return true;
  const AnnouncedDigests more = read_digests(head);
  if (more.problem != DigestProblem::none) {
    answer_digest_problem(c, head, more.problem);
    return false;
  }
  for (const AnnouncedDigest& one : more.all()) announced.values[announced.count++] = one;
  return true;
}

// Where the part is the file, a digest that both fields announce is computed once.
uring::Task<bool> verify_digests(Connection& c, const AnnouncedDigests& announced,
                                 const StoredContent& stored) {
  const bool is_whole = stored.is_whole();
  AnnouncedDigests mismatched;
  Digest actual;
  bool is_known = false;  // `actual` is the digest of the whole file
  for (const AnnouncedDigest& one : announced.all()) {
    const bool is_of_file = is_whole || one.field == FieldName::repr_digest;
    if (!is_of_file || !is_known || actual.algorithm != one.digest.algorithm) {
      actual.algorithm = one.digest.algorithm;
      const std::uint64_t begin = is_of_file ? 0 : stored.content_begin;
      const std::uint64_t end = is_of_file ? stored.size : stored.content_end;
      const Fault fault =
          co_await digest_part(c.io, c.worker.shared.digests, stored.file, begin, end, actual);
      if (fault != Fault::none) {
        answer(c, 503, "the digest of the upload could not be computed; send it again");
        co_return false;
      }
      is_known = is_of_file;
    }
    if (std::ranges::equal(actual.value(), one.digest.value())) continue;
    mismatched.values[mismatched.count++] = one;
  }
  if (mismatched.count == 0) co_return true;
  const std::span<char> text = c.exchange->scratch.text_for_plan();
  answer_problem(c, 400, write_mismatch(mismatched.all(), text.first(digest_problem_bytes)));
  co_return false;
}

std::optional<Digest> sha_256_of_file(const AnnouncedDigests& verified,
                                      const StoredContent& stored) {
  for (const AnnouncedDigest& one : verified.all()) {
    const bool is_of_file = one.field == FieldName::repr_digest || stored.is_whole();
    if (is_of_file && one.digest.algorithm == DigestAlgorithm::sha_256) return one.digest;
  }
  return std::nullopt;
}

}  // namespace server
