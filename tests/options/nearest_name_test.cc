// Guessing mistyped names.
#include "apps/options/nearest_name.h"

#include <vector>

#include <gtest/gtest.h>

namespace options {
namespace {

TEST(Names, that_are_mistyped_are_guessed) {
  const std::vector<std::string_view> names = {"listen",   "max-head", "max-body",
                                               "writable", "get",      "put"};
  struct Row {
    const char* name;
    const char* nearest;
  };
  for (const Row& row : {
           Row{"max_head", "max-head"},
           Row{"writeable", "writable"},
           Row{"lisen", "listen"},
           Row{"lsiten", "listen"},
           Row{"max-bdoy", "max-body"},
           Row{"gte", "get"},
           Row{"pu", "put"},
           Row{"colour", ""},
           Row{"fetch", ""},
           Row{"x", ""},
           Row{"", ""},
           Row{"max-head-of-a-request", ""},
       }) {
    EXPECT_EQ(nearest_name(row.name, names), row.nearest) << row.name;
  }
}

TEST(Names, that_are_equally_near_are_guessed_in_order) {
  const std::vector<std::string_view> names = {"max-bodx", "max-bodz"};
  EXPECT_EQ(nearest_name("max-body", names), "max-bodx");
}

TEST(Names, that_are_no_words_are_not_compared) {
  const std::vector<std::string_view> names = {"listen"};
  EXPECT_EQ(nearest_name(std::string(1'000'000, 'l'), names), "");
}

}  // namespace
}  // namespace options
