// RecentRequests: which paths were requested recently, in 16 KiB: a pair of Bloom filters.
//
// The file cache uses it for admission: once half of the cache is in use, a file is admitted only
// on its second request. Each filter holds 4096 paths with two hash functions. New paths enter the
// younger filter; when it is full it becomes the older one, and the previous older one is cleared.
// A path is therefore recognised for at least the next 4096 other paths, in whatever order they
// arrive. A hash table with one slot for each path would not do: two paths that share a slot and
// alternate would never be recognised. The false-positive rate is about three percent.
// Covered by tests/server/files/recent_requests_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace server {

class RecentRequests {
 public:
  // A filter is full when it holds this many paths.
  static constexpr std::size_t paths_per_filter = 4096;

  // Records a request for the path with this hash. Returns whether the path was recorded before.
  bool record(std::uint64_t hash) {
    if (younger_.may_contain(hash)) return true;
    const bool is_known = older_.may_contain(hash);
    if (count_ == paths_per_filter) {
      older_ = std::exchange(younger_, BloomFilter{});
      count_ = 0;
    }
    younger_.insert(hash);
    ++count_;
    return is_known;
  }

 private:
  // Its two hash functions are the lowest 16 bits of the hash and the 16 bits above them.
  struct BloomFilter {
    static constexpr std::size_t bits = 65536;

    static std::size_t first(std::uint64_t hash) { return hash % bits; }
    static std::size_t second(std::uint64_t hash) { return hash / bits % bits; }
    bool test(std::size_t bit) const { return (words[bit / 64] >> bit % 64 & 1) != 0; }
    void set(std::size_t bit) { words[bit / 64] |= std::uint64_t{1} << bit % 64; }

    bool may_contain(std::uint64_t hash) const { return test(first(hash)) && test(second(hash)); }
    void insert(std::uint64_t hash) {
      set(first(hash));
      set(second(hash));
    }

    std::array<std::uint64_t, bits / 64> words{};
  };

  BloomFilter younger_;
  BloomFilter older_;
  std::size_t count_ = 0;  // of paths in the younger filter
};

}  // namespace server
