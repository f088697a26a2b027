// The text buffer of Scratch: its size, its two kinds of users, and the assertion that there is one
// at a time.
#include "apps/server/connection/scratch.h"

#include <memory>

#include <gtest/gtest.h>

namespace server {
namespace {

// On the heap, as it is in an Exchange.
class TextBuffer : public ::testing::Test {
 protected:
  std::unique_ptr<Scratch> scratch_ = std::make_unique<Scratch>();
};

TEST_F(TextBuffer, is_lent_as_a_whole_to_a_plan_and_to_a_function) {
  EXPECT_EQ(scratch_->text_for_plan().size(), Scratch::text_bytes);
  scratch_->end_plan();
  const ScratchText text(*scratch_);
  EXPECT_EQ(text.bytes().size(), Scratch::text_bytes);
  EXPECT_EQ(text.bytes().data(), text.data());
}

TEST_F(TextBuffer, is_lent_again_after_the_end_of_a_plan_or_of_a_function) {
  for (int i = 0; i < 2; ++i) {
    const std::span<char> of_plan = scratch_->text_for_plan();
    scratch_->end_plan();
    const ScratchText text(*scratch_);
    EXPECT_EQ(text.data(), of_plan.data());
  }
  scratch_->end_plan();  // without a plan
}

TEST_F(TextBuffer, is_lent_to_a_second_plan_in_place_of_the_first_one) {
  EXPECT_EQ(scratch_->text_for_plan().data(), scratch_->text_for_plan().data());
  scratch_->end_plan();
}

#ifndef NDEBUG
TEST_F(TextBuffer, is_not_lent_to_a_function_while_a_plan_has_it) {
  scratch_->text_for_plan();
  EXPECT_DEATH(ScratchText text(*scratch_), "use_");
}

TEST_F(TextBuffer, is_not_lent_to_a_plan_or_a_function_while_a_function_has_it) {
  const ScratchText text(*scratch_);
  EXPECT_DEATH(scratch_->text_for_plan(), "use_");
  EXPECT_DEATH(ScratchText second(*scratch_), "use_");
  EXPECT_DEATH(scratch_->end_plan(), "use_");
}
#endif

}  // namespace
}  // namespace server
