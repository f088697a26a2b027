// Reading and hashing on a thread, and the cache. Covered by tests/server/files/digests_test.cc.
#include "apps/server/files/digests.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <sys/xattr.h>

#include "apps/crypto/digest.h"
#include "apps/server/files/file_system.h"
#include "apps/server/plan/digest_attribute.h"
#include "parser/splitmix64.h"

namespace server {

using uring::Fault;

namespace {

using Stream = crypto::DigestStream;

Stream::Algorithm algorithm_of(const Digest& digest) {
  return digest.algorithm == DigestAlgorithm::sha_256 ? Stream::Algorithm::sha_256
                                                      : Stream::Algorithm::sha_512;
}

// Reads the digest of a file with these facts from its attribute. False: there is no valid one. May
// wait for the disk.
bool read_attribute(int file, const FileFacts& facts, Digest& digest) {
  // A longer value is no error: the call then fails.
  std::array<char, most_digest_attribute_bytes> text;
  const ssize_t size = ::fgetxattr(file, digest_attribute_name, text.data(), text.size());
  return size > 0 &&
         read_digest_attribute({text.data(), static_cast<std::size_t>(size)}, facts, digest);
}

struct StoreDigest final : uring::Work {
  StoreDigest(int of, const FileFacts& of_file, const Digest& to_store)
      : file(of), facts(of_file), digest(to_store) {}

  void run() noexcept override {
    std::array<char, most_digest_attribute_bytes> buffer;
    const std::string_view text = write_digest_attribute(facts, digest, buffer);
    (void)::fsetxattr(file, digest_attribute_name, text.data(), text.size(), 0);
  }

  const int file;
  const FileFacts facts;
  const Digest& digest;
};

struct Hash final : uring::Work {
  Hash(int of, std::uint64_t from, std::uint64_t to, Digest& result)
      : file(of), begin(from), end(to), digest(result) {}

  void run() noexcept override {
    if (facts && read_attribute(file, *facts, digest)) return;
    Stream stream(algorithm_of(digest));
    // A piece stays in the cache of the processor between the copy and the hash.
    std::array<char, 65536> piece;
    while (begin < end) {
      const auto most = std::min<std::uint64_t>(piece.size(), end - begin);
      const ssize_t count =
          read_at(file, std::span(piece).first(static_cast<std::size_t>(most)), begin);
      if (count <= 0) {
        fault = Fault::device_error;
        return;
      }
      stream.add({piece.data(), static_cast<std::size_t>(count)});
      begin += static_cast<std::uint64_t>(count);
    }
    if (!stream.finish(digest.bytes)) fault = Fault::out_of_memory;
  }

  const int file;
  std::uint64_t begin;
  const std::uint64_t end;
  Digest& digest;
  std::optional<FileFacts> facts;  // set: the attribute of the file may have the digest
  Fault fault = Fault::none;
};

// Hashes on a thread, or on the worker where that takes less time.
uring::Task<Fault> run(uring::Io& io, Digests* digests, Hash& hash) {
  if (!digests || hash.end - hash.begin <= most_inline_bytes) {
    hash.run();
    co_return hash.fault;
  }
  const bool was_run = co_await uring::run_on(io, digests->threads, hash);
  co_return was_run ? hash.fault : Fault::try_again;
}

bool are_equal(const timespec& left, const timespec& right) {
  return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

}  // namespace

std::size_t DigestCache::set_of(const struct stat& status) {
  return http1::SplitMix64::mix(status.st_ino ^ static_cast<std::uint64_t>(status.st_dev) << 32) %
         sets;
}

bool DigestCache::is_of(const Entry& entry, const struct stat& status, DigestAlgorithm algorithm) {
  return entry.inode == status.st_ino && entry.device == status.st_dev &&
         entry.size == status.st_size && are_equal(entry.modified, status.st_mtim) &&
         are_equal(entry.changed, status.st_ctim) && entry.digest.algorithm == algorithm;
}

bool DigestCache::find(const struct stat& status, Digest& digest) const {
  const uring::MutexLock lock(mutex_);
  if (entries_.empty()) return false;
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(set_of(status) * ways);
  const auto found = std::find_if(first, first + ways, [&](const Entry& entry) {
    return is_of(entry, status, digest.algorithm);
  });
  if (found == first + ways) return false;
  digest = found->digest;
  return true;
}

void DigestCache::insert(const struct stat& status, const Digest& digest) {
  const uring::MutexLock lock(mutex_);
  try {
    if (entries_.empty()) entries_.resize(sets * ways);
  } catch (const std::bad_alloc&) {
    return;
  }
  next_ = (next_ + 1) % ways;
  entries_[set_of(status) * ways + next_] = {.device = status.st_dev,
                                             .inode = status.st_ino,
                                             .size = status.st_size,
                                             .modified = status.st_mtim,
                                             .changed = status.st_ctim,
                                             .digest = digest};
}

uring::Task<Fault> digest_part(uring::Io& io, Digests* digests, int file, std::uint64_t begin,
                               std::uint64_t end, Digest& digest) {
  Hash hash(file, begin, end, digest);
  const Fault fault = co_await run(io, digests, hash);
  co_return fault;
}

uring::Task<Fault> digest_file(uring::Io& io, Digests* digests, int file, std::uint64_t size,
                               Digest& digest) {
  struct stat before {};
  if (!describe_file(file, before)) co_return uring::fault_of(errno);
  if (digests && digests->cache.find(before, digest)) co_return Fault::none;
  Hash hash(file, 0, size, digest);
  const FileFacts facts = facts_in(before);
  const bool is_on_thread = digests && size > most_inline_bytes;
  if (is_on_thread && facts.size == size && digest.algorithm == DigestAlgorithm::sha_256) {
    hash.facts = facts;
  }
  const Fault fault = co_await run(io, digests, hash);
  if (fault != Fault::none) co_return fault;
  struct stat after {};
  if (!describe_file(file, after)) co_return uring::fault_of(errno);
  if (!is_same_version(before, after)) co_return Fault::stale;
  // A file that has just changed may change again without another time.
  if (digests && is_settled(after)) digests->cache.insert(after, digest);
  co_return Fault::none;
}

uring::Task<> store_digest(uring::Io& io, Digests* digests, int file, const Digest& digest) {
  const std::optional<FileFacts> facts = facts_of(file);
  if (!digests || !facts || facts->size <= most_inline_bytes || !facts->has_validators()) co_return;
  StoreDigest store(file, *facts, digest);
  co_await uring::run_on(io, digests->threads, store);
}

bool digest_bytes(std::string_view bytes, Digest& digest) {
  Stream stream(algorithm_of(digest));
  stream.add(bytes);
  return stream.finish(digest.bytes);
}

}  // namespace server
