// Looking up rows of the table.
#include "apps/options/table.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

TEST(Tables, are_looked_up_by_name_and_letter) {
  EXPECT_EQ(find_option(sample::server, "max-head")->metavar, "BYTES");
  EXPECT_EQ(find_option(sample::server, "max_head"), nullptr);
  EXPECT_EQ(find_option(sample::server, ""), nullptr);
  EXPECT_EQ(find_short_option(sample::server, 'w')->name, "writable");
  EXPECT_EQ(find_short_option(sample::server, 'W'), nullptr);
  EXPECT_EQ(find_short_option(sample::server, '\0'), nullptr);
}

TEST(Tables, know_verbs_in_any_letter_case) {
  EXPECT_EQ(find_verb(sample::client, "put"), 1);
  EXPECT_EQ(find_verb(sample::client, "GET"), 0);
  EXPECT_EQ(find_verb(sample::client, "gets"), no_verb);
  EXPECT_EQ(find_verb(sample::server, "get"), no_verb);
}

TEST(Tables, say_which_verb_takes_an_option) {
  const Option& output = *find_option(sample::client, "output");
  EXPECT_TRUE(belongs_to(output, 0));
  EXPECT_FALSE(belongs_to(output, 1));
  EXPECT_TRUE(belongs_to(output, no_verb));
  EXPECT_TRUE(belongs_to(*find_option(sample::client, "verbose"), 1));
}

TEST(Tables, list_the_choices_of_an_option) {
  EXPECT_EQ(choices_of(*find_option(sample::server, "durability")),
            (std::vector<std::string_view>{"none", "data", "full"}));
  EXPECT_TRUE(choices_of(*find_option(sample::server, "workers")).empty());
}

TEST(Tables, name_options_for_people_and_for_the_environment) {
  EXPECT_EQ(variable_of(*find_option(sample::server, "not-found")), "QUOIT_NOT_FOUND");
  EXPECT_EQ(variable_of(*find_option(sample::server, "root")), "QUOIT_ROOT");
  EXPECT_EQ(label_of(*find_option(sample::server, "not-found")), "--not-found");
  EXPECT_EQ(label_of(*find_option(sample::server, "root")), "ROOT");
}

}  // namespace
}  // namespace options
