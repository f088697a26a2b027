// Setting options, and reading what they are set to.
#include "apps/options/values.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

using Texts = std::vector<std::string>;

ExitReason set(Values& values, const char* name, Texts texts) {
  return values.set(*find_option(values.program(), name), std::move(texts),
                    {.source = Source::command_line});
}

TEST(NewValues, are_the_defaults_of_the_table) {
  const Values values(sample::server);
  EXPECT_EQ(values.text("root"), ".");
  EXPECT_EQ(values.texts("listen"), Texts{"127.0.0.1:8080"});
  EXPECT_FALSE(values.flag("writable"));
  EXPECT_EQ(values.text("durability"), "none");
  EXPECT_EQ(values.text("not-found"), "");
  EXPECT_TRUE(values.texts("header").empty());
  EXPECT_EQ(values.bytes("max-head"), 16384U);
  EXPECT_EQ(values.count("max-fields"), 100U);
  EXPECT_EQ(values.milliseconds("grace"), 10'000);
  for (const Setting& setting : values.all()) EXPECT_FALSE(setting.is_given());
}

TEST(SetValues, are_read_by_kind) {
  Values values(sample::server);
  EXPECT_FALSE(set(values, "writable", {"Yes"}));
  EXPECT_FALSE(set(values, "max-head", {"32K"}));
  EXPECT_FALSE(set(values, "workers", {"4"}));
  EXPECT_FALSE(set(values, "grace", {"0.5"}));
  EXPECT_FALSE(set(values, "durability", {"full"}));
  EXPECT_FALSE(set(values, "listen", {":1", ":2"}));
  EXPECT_FALSE(set(values, "not-found", {""}));
  EXPECT_TRUE(values.flag("writable"));
  EXPECT_EQ(values.text("writable"), "true");
  EXPECT_EQ(values.bytes("max-head"), 32768U);
  EXPECT_EQ(values.count("workers"), 4U);
  EXPECT_EQ(values.milliseconds("grace"), 500);
  EXPECT_EQ(values.text("durability"), "full");
  EXPECT_EQ(values.texts("listen"), (Texts{":1", ":2"}));
  EXPECT_TRUE(values.is_given("not-found"));
  EXPECT_FALSE(values.is_given("root"));
}

TEST(SetValues, of_a_list_may_be_none) {
  Values values(sample::server);
  EXPECT_FALSE(set(values, "index", {""}));
  EXPECT_TRUE(values.texts("index").empty());
  EXPECT_FALSE(set(values, "header", {}));
  EXPECT_TRUE(values.texts("header").empty());
  EXPECT_EQ(set(values, "listen", {}).text,
            "--listen has no value; give ADDRESS:PORT or unix:PATH, as in --listen :8080");
}

TEST(SetValues, that_are_wrong_change_nothing) {
  Values values(sample::server);
  EXPECT_EQ(set(values, "grace", {"1", "2"}).text,
            "--grace has 2 values, and takes one; give seconds from 0.001 to 86400, as in --grace "
            "2.5");
  EXPECT_EQ(set(values, "grace", {"soon"}).text,
            "--grace: 'soon' is no number of seconds; give seconds from 0.001 to 86400, as in "
            "--grace 2.5");
  EXPECT_TRUE(set(values, "listen", {":1", ""}));
  EXPECT_FALSE(values.is_given("grace"));
  EXPECT_FALSE(values.is_given("listen"));
  EXPECT_EQ(values.texts("listen"), Texts{"127.0.0.1:8080"});
}

TEST(ChangedOptions, are_those_whose_values_differ_wherever_they_come_from) {
  Values before(sample::server);
  Values after(sample::server);
  EXPECT_TRUE(changed_options(before, after).empty());
  const Option* const head = find_option(sample::server, "max-head");
  ASSERT_FALSE(before.set(*head, {"16K"}, {.source = Source::file}));  // the default
  EXPECT_TRUE(changed_options(before, after).empty());
  ASSERT_FALSE(after.set(*head, {"32K"}, {.source = Source::environment}));
  EXPECT_EQ(changed_options(before, after), std::vector{head});
}

}  // namespace
}  // namespace options
