// Gaps: the parts of a file that several connections still have to get.
//
// Each connection fills a gap of its own from its beginning on. One that has none takes the largest
// gap without an owner, or the second half of the largest of another connection, whichever has
// more bytes: no connection waits while another has much to do, whatever their speeds are.
//
// Pure. Covered by tests/client/command/gaps_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace client {

// The bytes [begin, end) of a file.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

// A smaller gap is not divided: a further request would take as long.
inline constexpr std::uint64_t least_half_bytes = 1024 * 1024;
// More parts than these are not read from a record.
inline constexpr std::size_t most_done_ranges = 1000;

class Gaps {
 public:
  // Those of a file of `size` bytes that has the bytes of `done`, which are sorted and disjoint.
  explicit Gaps(std::uint64_t size, std::span<const ByteRange> done = {});

  // No byte is missing.
  [[nodiscard]] bool empty() const { return gaps_.empty(); }
  // The missing bytes.
  [[nodiscard]] std::uint64_t left() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The bytes that are there, sorted and disjoint.
  [[nodiscard]] std::vector<ByteRange> done() const;

  // Gives a gap to the connection `owner`, which has none. False: there is nothing worth it.
  [[nodiscard]] bool take(unsigned owner);
  // The rest of the owner's gap; empty where it is filled. Its end may come nearer.
  [[nodiscard]] ByteRange of(unsigned owner) const;
  // The first `count` bytes of the owner's gap are there, or all of it where it has fewer.
  void fill(unsigned owner, std::uint64_t count);
  // The owner gives its gap back; it becomes the end of an owned gap right before it.
  void release(unsigned owner);

 private:
  struct Gap {
    ByteRange range = {};
    std::optional<unsigned> owner = {};
  };

  [[nodiscard]] std::size_t position_of(unsigned owner) const;

  std::uint64_t size_;
  std::vector<Gap> gaps_;  // sorted, disjoint, none empty
};

// Ranges as a text: "0-1048575,4194304-5242879", or "none".
[[nodiscard]] std::string ranges_text(std::span<const ByteRange> ranges);
// Nothing where the text is none of these: sorted, with bytes between them that are missing, and
// within a file of `size` bytes.
[[nodiscard]] std::optional<std::vector<ByteRange>> parse_ranges(std::string_view text,
                                                                 std::uint64_t size);

}  // namespace client
