// A trailer section that arrives in pieces is read like the fields of a head.
#include "apps/server/plan/trailers.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace server {
namespace {

using http1::FieldName;

TEST(Trailers, without_fields_take_no_memory) {
  Trailers trailers;
  EXPECT_TRUE(trailers.add(""));
  EXPECT_TRUE(trailers.empty());
}

TEST(Trailers, are_read_alike_in_all_pieces) {
  const std::string section = "Repr-Digest: a\r\nX: y\r\nrepr-digest:b\r\n";
  for (std::size_t cut = 0; cut <= section.size(); ++cut) {
    Trailers trailers;
    ASSERT_TRUE(trailers.add(std::string_view(section).substr(0, cut)));
    ASSERT_TRUE(trailers.add(std::string_view(section).substr(cut)));
    http1::RequestHead head;
    ASSERT_TRUE(trailers.read(head)) << cut;
    EXPECT_TRUE(head.has_repeated(FieldName::repr_digest));
    EXPECT_EQ(head.value_of(FieldName::repr_digest), "a");
    std::string_view value;
    EXPECT_TRUE(head.find("x", value));
    EXPECT_EQ(value, "y");
  }
}

TEST(Trailers, may_be_as_large_as_the_decoder_lets_them) {
  Trailers trailers;
  for (int i = 0; i < 32; ++i) ASSERT_TRUE(trailers.add("A: " + std::string(1000, 'x') + "\r\n"));
  http1::RequestHead head;
  EXPECT_TRUE(trailers.read(head));
  EXPECT_EQ(head.field_count(), 33U);
}

}  // namespace
}  // namespace server
