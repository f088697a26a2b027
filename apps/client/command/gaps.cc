// Covered by tests/client/command/gaps_test.cc.
#include "apps/client/command/gaps.h"

#include <algorithm>

#include "parser/fields.h"

namespace client {

Gaps::Gaps(std::uint64_t size, std::span<const ByteRange> done) : size_(size) {
  std::uint64_t at = 0;
  for (const ByteRange& range : done) {
    if (range.begin > at) gaps_.push_back({.range = {.begin = at, .end = range.begin}});
    at = range.end;
  }
  if (at < size) gaps_.push_back({.range = {.begin = at, .end = size}});
}

std::uint64_t Gaps::left() const {
  std::uint64_t bytes = 0;
  for (const Gap& gap : gaps_) bytes += gap.range.size();
  return bytes;
}

std::vector<ByteRange> Gaps::done() const {
  std::vector<ByteRange> ranges;
  std::uint64_t at = 0;
  for (const Gap& gap : gaps_) {
    if (gap.range.begin > at) ranges.push_back({.begin = at, .end = gap.range.begin});
    at = gap.range.end;
  }
  if (at < size_) ranges.push_back({.begin = at, .end = size_});
  return ranges;
}

bool Gaps::take(unsigned owner) {
  // The bytes that a gap can give away: all of it, or the half that its owner can do without.
  const auto offer_of = [](const Gap& gap) {
    const std::uint64_t bytes = gap.range.size();
    if (!gap.owner) return bytes;
    return bytes >= 2 * least_half_bytes ? bytes / 2 : 0;
  };
  const auto best = std::max_element(
      gaps_.begin(), gaps_.end(),
      [&](const Gap& left, const Gap& right) { return offer_of(left) < offer_of(right); });
  if (best == gaps_.end() || offer_of(*best) == 0) return false;
  if (!best->owner) {
    best->owner = owner;
    return true;
  }
  const std::uint64_t middle = best->range.end - offer_of(*best);
  const Gap half{.range = {.begin = middle, .end = best->range.end}, .owner = owner};
  best->range.end = middle;
  gaps_.insert(best + 1, half);
  return true;
}

// The position of the owner's gap; gaps_.size() where it has none.
std::size_t Gaps::position_of(unsigned owner) const {
  const auto found = std::find_if(gaps_.begin(), gaps_.end(),
                                  [owner](const Gap& gap) { return gap.owner == owner; });
  return static_cast<std::size_t>(found - gaps_.begin());
}

ByteRange Gaps::of(unsigned owner) const {
  const auto found = gaps_.begin() + static_cast<std::ptrdiff_t>(position_of(owner));
  return found == gaps_.end() ? ByteRange{} : found->range;
}

void Gaps::fill(unsigned owner, std::uint64_t count) {
  const auto found = gaps_.begin() + static_cast<std::ptrdiff_t>(position_of(owner));
  if (found == gaps_.end()) return;
  found->range.begin += std::min(count, found->range.size());
  if (found->range.size() == 0) gaps_.erase(found);
}

void Gaps::release(unsigned owner) {
  const auto found = gaps_.begin() + static_cast<std::ptrdiff_t>(position_of(owner));
  if (found == gaps_.end()) return;
  found->owner.reset();
  if (found == gaps_.begin()) return;
  const auto before = found - 1;
  if (!before->owner || before->range.end != found->range.begin) return;
  before->range.end = found->range.end;
  gaps_.erase(found);
}

std::string ranges_text(std::span<const ByteRange> ranges) {
  std::string text;
  for (const ByteRange& range : ranges) {
    if (!text.empty()) text += ',';
    text += std::to_string(range.begin) + '-' + std::to_string(range.end - 1);
  }
  return text.empty() ? "none" : text;
}

std::optional<std::vector<ByteRange>> parse_ranges(std::string_view text, std::uint64_t size) {
  std::vector<ByteRange> ranges;
  if (text == "none") return ranges;
  while (true) {
    const std::string_view one = text.substr(0, text.find(','));
    const std::size_t dash = std::min(one.find('-'), one.size());
    const std::optional<std::uint64_t> first = http1::parse_decimal(one.substr(0, dash));
    const std::optional<std::uint64_t> last =
        http1::parse_decimal(one.substr(std::min(dash + 1, one.size())));
    if (!first || !last || *last < *first || *last >= size) return {};
    const bool is_behind = ranges.empty() || *first > ranges.back().end;
    if (!is_behind || ranges.size() == most_done_ranges) return {};
    ranges.push_back({.begin = *first, .end = *last + 1});
    if (one.size() == text.size()) return ranges;
    text.remove_prefix(one.size() + 1);
  }
}

}  // namespace client
