// The order of names as people expect it, and the queries of pages.
#include "apps/server/pages/order.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

using By = ListingOrder::By;

TEST(Names, are_ordered_as_people_expect_it) {
  const std::vector<std::string> sorted = {"",      "(1)",  "1.txt",  "1a",      "2",  "10",
                                           "A",     "b",    "B1",     "b01",     "b2", "b10",
                                           "b10.a", "file", "file 2", "file 10", "z",  "\xc3\xa4"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(precedes_naturally(sorted[i], sorted[j]), i < j) << sorted[i] << " " << sorted[j];
    }
  }
}

TEST(Names, that_differ_only_in_case_or_zeros_have_an_order) {
  for (const auto& [left, right] :
       {std::pair("A", "a"), std::pair("b01", "b1"), std::pair("0", "00")}) {
    EXPECT_NE(precedes_naturally(left, right), precedes_naturally(right, left)) << left;
  }
  EXPECT_FALSE(precedes_naturally("a", "a"));
}

// A number of any length is compared without overflow.
TEST(Names, may_have_long_numbers) {
  const std::string nines(100, '9');
  EXPECT_TRUE(precedes_naturally(nines, "1" + std::string(100, '0')));
  EXPECT_TRUE(precedes_naturally("1", nines));
}

TEST(Queries, ask_for_an_order) {
  EXPECT_EQ(order_of_query(""), (ListingOrder{By::name, false}));
  EXPECT_EQ(order_of_query("sort=name"), (ListingOrder{By::name, false}));
  EXPECT_EQ(order_of_query("sort=-name"), (ListingOrder{By::name, true}));
  EXPECT_EQ(order_of_query("sort=size"), (ListingOrder{By::size, false}));
  EXPECT_EQ(order_of_query("sort=-size"), (ListingOrder{By::size, true}));
  EXPECT_EQ(order_of_query("a=b&sort=-modified&c"), (ListingOrder{By::modified, true}));
  EXPECT_EQ(order_of_query("sort="), (ListingOrder{By::name, false}));
  EXPECT_EQ(order_of_query("sort=colour"), (ListingOrder{By::name, false}));
  EXPECT_EQ(order_of_query("resort=size"), (ListingOrder{By::name, false}));
  EXPECT_EQ(order_of_query("&&sort=--size"), (ListingOrder{By::name, false}));
}

}  // namespace
}  // namespace server
