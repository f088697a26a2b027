// Heads are shown without credentials.
#include "apps/client/command/private_fields.h"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(ShownHead, MarksLinesAndMasksSecrets) {
  EXPECT_EQ(shown_head("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic QWxh\r\n"
                       "Proxy-Authorization: token\r\nCookie: a=b; c=d\r\n\r\n",
                       '>'),
            "> GET / HTTP/1.1\n> Host: h\n> Authorization: Basic ***\n"
            "> Proxy-Authorization: ***\n> Cookie: ***\n");
  EXPECT_EQ(shown_head("HTTP/1.1 200 OK\r\nset-cookie: session=1\r\n\r\n", '<'),
            "< HTTP/1.1 200 OK\n< set-cookie: ***\n");
}

TEST(PrivateFields, AreTheFieldsWithCredentials) {
  EXPECT_TRUE(is_private(http1::FieldName::authorization));
  EXPECT_TRUE(is_private(http1::FieldName::proxy_authorization));
  EXPECT_TRUE(is_private(http1::FieldName::cookie));
  EXPECT_FALSE(is_private(http1::FieldName::host));
}

}  // namespace
}  // namespace client
