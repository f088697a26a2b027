// Asked: which paths were asked for lately, in 16 KiB.
//
// Two bits of a small table stand for a path; when a table has taken as many as it can tell apart,
// it becomes the older of two, and the oldest is cleared. So a path is known for the next 4096
// others that are asked for at least, whatever the order: where each has one slot, two paths that
// share it and come in turn would never be known. Of a hundred that were not asked for, three are
// taken for one that was. Covered by tests/server/files/asked_lately_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace server {

class Asked {
 public:
  static constexpr std::size_t least_known = 4096;

  // Says whether the path of this hash was asked for lately, and notes that it is.
  bool again(std::uint64_t hash) {
    const bool is_young = young_.has(hash);
    const bool is_known = is_young || old_.has(hash);
    if (is_young) return true;
    if (count_ == least_known) {
      old_ = std::exchange(young_, Table{});
      count_ = 0;
    }
    young_.add(hash);
    ++count_;
    return is_known;
  }

 private:
  struct Table {
    static constexpr std::size_t bits = 65536;

    static std::size_t one(std::uint64_t hash) { return hash % bits; }
    static std::size_t other(std::uint64_t hash) { return hash / bits % bits; }
    bool test(std::size_t bit) const { return (words[bit / 64] >> bit % 64 & 1) != 0; }
    void set(std::size_t bit) { words[bit / 64] |= std::uint64_t{1} << bit % 64; }

    bool has(std::uint64_t hash) const { return test(one(hash)) && test(other(hash)); }
    void add(std::uint64_t hash) {
      set(one(hash));
      set(other(hash));
    }

    std::array<std::uint64_t, bits / 64> words{};
  };

  Table young_;
  Table old_;
  std::size_t count_ = 0;  // of paths in the young one
};

}  // namespace server
