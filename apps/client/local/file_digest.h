// The SHA-256 of a file that is downloaded or sent.
//
// FileDigest takes bytes as they pass; read_into() adds bytes that are in a file already, in
// pieces, so that other transfers go on in between. Covered by
// tests/client/local/file_digest_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/sha256.h"
#include "apps/crypto/digest.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

// The digest of the first size() bytes of a file.
class FileDigest {
 public:
  FileDigest() { reset(); }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  void add(std::string_view bytes);
  // Takes all bytes back.
  void reset();
  // The digest; nothing may be added after it. Nothing: the library has no memory.
  [[nodiscard]] std::optional<Sha256> finish();

 private:
  std::unique_ptr<crypto::DigestStream> stream_;
  std::uint64_t size_ = 0;
};

// Adds the bytes of the open file from digest.size() up to `end`; a digest of more bytes begins
// anew. Returns 0, or an errno; ESTALE: the file is shorter; ECANCELED: `io` is stopped.
[[nodiscard]] uring::Task<int> read_into(uring::Io& io, FileDigest& digest, int fd,
                                         std::uint64_t end);

// Adds all bytes of the regular file of that name. Returns 0, or an errno.
[[nodiscard]] uring::Task<int> read_file_into(uring::Io& io, FileDigest& digest,
                                              const std::string& name);

}  // namespace client
