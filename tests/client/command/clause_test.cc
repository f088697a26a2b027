// The parser's sentences within quoit's own.
#include "apps/client/command/clause.h"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Clause, HasNeitherCapitalNorFullStop) {
  EXPECT_EQ(clause(http1::Error::head_too_large), "the header section is too large");
  EXPECT_EQ(clause(http1::Error::space_before_first_field),
            "white space stands before the first header field");
}

TEST(Clause, KeepsTheCapitalsOfNames) {
  EXPECT_EQ(clause(http1::Error::content_length_invalid), "Content-Length is not a decimal number");
  EXPECT_EQ(clause(http1::Error::coding_in_http_1_0), "HTTP/1.0 knows no Transfer-Encoding");
}

}  // namespace
}  // namespace client
