// Values of Authorization.
#include "apps/client/command/credentials.h"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Credentials, AreNameAndPasswordInBase64) {
  // RFC 7617 2.
  EXPECT_EQ(basic_credentials("Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  // RFC 4648 10.
  EXPECT_EQ(basic_credentials("f:"), "Basic Zjo=");
  EXPECT_EQ(basic_credentials("fo:"), "Basic Zm86");
  EXPECT_EQ(basic_credentials("foo:"), "Basic Zm9vOg==");
}

TEST(Credentials, HaveAnEmptyPasswordWhereThereIsNone) {
  EXPECT_EQ(basic_credentials("alice"), basic_credentials("alice:"));
}

TEST(Credentials, AreATokenAsItIs) { EXPECT_EQ(bearer_credentials("a-b_c"), "Bearer a-b_c"); }

}  // namespace
}  // namespace client
