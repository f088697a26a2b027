// Upload: the state of one PUT, from its head to the published file.
//
// put() owns it; temporary.h, parents.h and publish.h work on it. Covered by
// tests/server/write/put_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "apps/server/plan/digest_fields.h"
#include "apps/server/plan/put_terms.h"
#include "apps/server/plan/temporary_name.h"
#include "apps/server/plan/trailers.h"
#include "apps/server/write/target.h"

namespace server {

// Invariant: at most one of has_name and is_nameless is set, and only while the temporary file
// exists. close_upload() closes all descriptors.
struct Upload {
  // The head of the request that began the upload, which has the conditions for publishing it.
  const http1::RequestHead* conditions = nullptr;
  PutTerms terms;
  Found before;     // the look-up of the path when the upload began; without a descriptor
  Target target;    // the temporary file is in its directory
  int file = -1;    // the temporary file
  int parent = -1;  // the directory of the new name, opened by publish(); may be target.directory
  DirectoryId parent_id;
  // The offset in the path of the first directory that this upload has made, plus one; 0: none.
  std::size_t made_from = 0;
  bool is_short = false;         // the whole body is received before the temporary file is created
  bool is_read = false;          // the temporary file may be read, to verify a digest
  Trailers trailers;             // the trailer section of the body, once that is complete
  std::optional<Digest> digest;  // the verified sha-256 of the whole file
  std::optional<std::int64_t> mtime_ns;  // the modification time that publish() has set
  std::uint64_t position = 0;            // the offset in the file of the next bytes
  std::uint64_t bytes_before = 0;        // of a resumable upload, from earlier requests
  // The most bytes that the body may have, and the number that it must have, by the length of the
  // whole that a request has announced.
  std::uint64_t most_bytes = http1::max_length;
  std::optional<std::uint64_t> exact_bytes;
  bool has_name = false;     // the temporary file has the name `name`
  bool is_nameless = false;  // the temporary file has no name (O_TMPFILE)
  TemporaryName name{};
};

}  // namespace server
