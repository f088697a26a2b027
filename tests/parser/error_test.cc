// Every error has a name, a sentence and a status.
#include "parser/error.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace http1 {
namespace {

TEST(Errors, have_a_sentence_and_a_name_of_their_own) {
  std::set<std::string_view> sentences;
  std::set<std::string_view> names;
  for (std::size_t at = 0; at < error_count; ++at) {
    const auto error = static_cast<Error>(at);
    EXPECT_TRUE(describe(error).ends_with('.')) << name_of(error);
    EXPECT_TRUE(sentences.insert(describe(error)).second) << describe(error);
    EXPECT_TRUE(names.insert(name_of(error)).second) << name_of(error);
  }
}

TEST(Errors, are_400_unless_another_status_says_more) {
  EXPECT_EQ(status_of(Error::none), 200);
  EXPECT_EQ(status_of(Error::bare_lf), 400);
  EXPECT_EQ(status_of(Error::content_length_too_large), 400);
  EXPECT_EQ(status_of(Error::coding_invalid), 400);
  EXPECT_EQ(status_of(Error::target_too_long), 414);
  EXPECT_EQ(status_of(Error::head_too_large), 431);
  EXPECT_EQ(status_of(Error::too_many_fields), 431);
  EXPECT_EQ(status_of(Error::method_too_long), 501);
  EXPECT_EQ(status_of(Error::coding_unsupported), 501);
  EXPECT_EQ(status_of(Error::version_unsupported), 505);
}

TEST(Errors, keep_the_name_they_have_in_the_code) {
  EXPECT_EQ(name_of(Error::none), "none");
  EXPECT_EQ(name_of(Error::obs_fold), "obs_fold");
  EXPECT_EQ(name_of(Error::url_host_invalid), "url_host_invalid");
}

}  // namespace
}  // namespace http1
