// Digests: the digests of files, computed on threads and cached.
//
// SHA-256 of a file of 1 GiB takes about half a second, so that a thread computes it and no worker
// is held. A digest of a whole file is cached by device, inode, size and both times of the file,
// which change with its content. Where a client has announced the SHA-256 of a whole file and it
// was right, an extended attribute of the file has it, too, unless the file is so small that
// hashing it costs less. A server that was restarted then need not read the file. Used by all
// workers. Covered by tests/server/files/digests_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "apps/server/plan/digest_fields.h"
#include "uring/io.h"
#include "uring/mutex.h"
#include "uring/task.h"
#include "uring/work_threads.h"

namespace server {

// A part of at most this many bytes is read and hashed by the worker itself, which takes less time
// than waking a thread twice.
inline constexpr std::uint64_t most_inline_bytes = 16384;

class DigestCache {
 public:
  // Safe on every thread. find() returns false where the digest of that version of the file by
  // Digest::algorithm is not cached. insert() does nothing where memory is exhausted.
  bool find(const struct stat& status, Digest& digest) const EXCLUDES(mutex_);
  void insert(const struct stat& status, const Digest& digest) EXCLUDES(mutex_);

 private:
  struct Entry {
    dev_t device = 0;
    ino_t inode = 0;  // 0: the entry is empty
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    Digest digest;
  };
  // A file has its place in one set, in which the oldest entry is replaced. 4096 digests take half
  // a megabyte, which is allocated with the first one.
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 1024;

  static std::size_t set_of(const struct stat& status);
  static bool is_of(const Entry& entry, const struct stat& status, DigestAlgorithm algorithm);

  mutable uring::Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
  std::size_t next_ GUARDED_BY(mutex_) = 0;  // of the ways of a set: the next that is replaced
};

struct Digests {
  // One thread may read a large file from a slow disk; the other one serves smaller files
  // meanwhile.
  uring::WorkThreads threads{2, 256};
  DigestCache cache;
};

// Computes the digest by Digest::algorithm of the bytes from offset `begin` to offset `end` of
// `file`, which is open for reading and stays open until this returns. `digests` null: on the
// worker, without a cache. Fault::try_again: as many digests are being computed as may.
// Fault::device_error: the file has become shorter, or cannot be read. Fault::out_of_memory: the
// library has no memory. Fault::stale: the file was changed meanwhile.
uring::Task<uring::Fault> digest_part(uring::Io& io, Digests* digests, int file,
                                      std::uint64_t begin, std::uint64_t end, Digest& digest);

// The digest of a whole file of `size` bytes, from the cache where it has it, or from the extended
// attribute of the file (plan/digest_attribute.h).
uring::Task<uring::Fault> digest_file(uring::Io& io, Digests* digests, int file, std::uint64_t size,
                                      Digest& digest);

// Keeps the sha-256 of a complete file, which is open for writing and has its final size and
// modification time, in its extended attribute; a thread does that, because it may wait for the
// disk. Does nothing for a file that the worker would hash itself. Where the attribute cannot be
// written, for example on a file system without
// extended attributes, the digest is computed when it is wanted.
uring::Task<> store_digest(uring::Io& io, Digests* digests, int file, const Digest& digest);

// Computes the digest of bytes in memory. False: the library has no memory.
bool digest_bytes(std::string_view bytes, Digest& digest);

}  // namespace server
