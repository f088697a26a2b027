// Scratch: memory of an exchange for intermediate results, so that serving allocates none.
//
// The text buffer has one user at a time, which is asserted: a plan, whose texts it contains until
// the response is finished, or a function that needs a path or directory entries (ScratchText).
// Covered by tests/server/connection/scratch_test.cc.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "apps/server/plan/intent.h"
#include "apps/server/plan/multipart.h"
#include "parser/fields.h"

namespace server {

class Scratch {
 public:
  static constexpr std::size_t text_bytes = 16384;

  std::array<char, path_buffer_bytes> path;          // of Intent::path
  std::array<char, path_buffer_bytes> destination;   // of Intent::destination
  std::array<http1::ByteRange, most_ranges> ranges;  // of Plan::ranges
  Boundary boundary;                                 // of Plan::boundary

  // Returns the text buffer for the texts of a plan, which keeps it until end_plan(). A second plan
  // for a request may replace the first one.
  std::span<char> text_for_plan() {
    assert(use_ != Use::function);
    use_ = Use::plan;
    return text_;
  }
  void end_plan() {
    assert(use_ != Use::function);
    use_ = Use::none;
  }

 private:
  friend class ScratchText;
  enum class Use : std::uint8_t { none, plan, function };

  std::array<char, text_bytes> text_;
  Use use_ = Use::none;
};

// Reserves the text buffer for one function until this object is destroyed.
class ScratchText {
 public:
  explicit ScratchText(Scratch& scratch) : scratch_(scratch) {
    assert(scratch.use_ == Scratch::Use::none);
    scratch.use_ = Scratch::Use::function;
  }
  ~ScratchText() { scratch_.use_ = Scratch::Use::none; }
  ScratchText(const ScratchText&) = delete;
  ScratchText& operator=(const ScratchText&) = delete;

  char* data() const { return scratch_.text_.data(); }
  std::span<char> bytes() const { return scratch_.text_; }

 private:
  Scratch& scratch_;
};

}  // namespace server
