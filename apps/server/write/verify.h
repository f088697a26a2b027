// Verifying an upload by the digests that its request announces (RFC 9530).
//
// A digest of the header section that cannot be verified is refused before the body is received;
// one of the trailer section, and a digest that differs, before the file gets its name. Either is a
// 400, with problem details where a type for them is registered. Covered by
// tests/server/write/verify_test.cc and tests/end_to_end/digest_test.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "apps/server/connection/connection.h"
#include "apps/server/plan/digest_fields.h"
#include "apps/server/plan/trailers.h"
#include "uring/task.h"

namespace server {

// To be called before the body is received. True: a digest of the request cannot be verified, and
// the response is planned.
bool refuse_digests(Connection& c);

// Adds the digests that the trailer section announces: those of both sections have to match. False:
// one of the trailer section cannot be verified, and the response is planned.
bool add_trailer_digests(Connection& c, const Trailers& trailers, AnnouncedDigests& announced);

// A complete file, and the part of it that the body of the request is.
struct StoredContent {
  int file = -1;  // open for reading
  std::uint64_t content_begin = 0;
  std::uint64_t content_end = 0;
  std::uint64_t size = 0;

  bool is_whole() const { return content_begin == 0 && content_end == size; }
};

// Compares the digests, those of Content-Digest with that of the part and those of Repr-Digest with
// that of the file, on a thread. False: one differs, or cannot be computed, and the response is
// planned.
uring::Task<bool> verify_digests(Connection& c, const AnnouncedDigests& announced,
                                 const StoredContent& stored);

// The sha-256 of the whole file among digests that verify_digests() has compared.
std::optional<Digest> sha_256_of_file(const AnnouncedDigests& verified,
                                      const StoredContent& stored);

}  // namespace server
