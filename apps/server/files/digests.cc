// Reading and hashing on a thread, and the cache. Covered by tests/server/files/digests_test.cc.
#include "apps/server/files/digests.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <span>

#include "apps/crypto/digest.h"
#include "apps/server/files/file_system.h"
#include "parser/splitmix64.h"

namespace server {

using uring::Fault;

namespace {

using Stream = crypto::DigestStream;

Stream::Algorithm algorithm_of(const Digest& digest) {
  return digest.algorithm == DigestAlgorithm::sha_256 ? Stream::Algorithm::sha_256
                                                      : Stream::Algorithm::sha_512;
}

struct Hash final : uring::Work {
  Hash(int of, std::uint64_t from, std::uint64_t to, Digest& result)
      : file(of), begin(from), end(to), digest(result) {}

  void run() noexcept override {
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
  Fault fault = Fault::none;
};

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
  if (!digests || end - begin <= most_inline_bytes) {
    hash.run();
    co_return hash.fault;
  }
  const bool was_run = co_await uring::run_on(io, digests->threads, hash);
  co_return was_run ? hash.fault : Fault::try_again;
}

uring::Task<Fault> digest_file(uring::Io& io, Digests* digests, int file, std::uint64_t size,
                               Digest& digest) {
  struct stat before {};
  if (!describe_file(file, before)) co_return uring::fault_of(errno);
  if (digests && digests->cache.find(before, digest)) co_return Fault::none;
  const Fault fault = co_await digest_part(io, digests, file, 0, size, digest);
  if (fault != Fault::none) co_return fault;
  struct stat after {};
  if (!describe_file(file, after)) co_return uring::fault_of(errno);
  if (!is_same_version(before, after)) co_return Fault::stale;
  // A file that has just changed may change again without another time.
  if (digests && is_settled(after)) digests->cache.insert(after, digest);
  co_return Fault::none;
}

bool digest_bytes(std::string_view bytes, Digest& digest) {
  Stream stream(algorithm_of(digest));
  stream.add(bytes);
  return stream.finish(digest.bytes);
}

}  // namespace server
