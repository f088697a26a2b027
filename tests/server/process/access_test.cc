// Which addresses passwords would travel to in clear.
#include "apps/server/process/access.h"

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Access, KnowsAddressesToWhichPasswordsTravelInClear) {
  for (const char* url : {"http://0.0.0.0:80/", "http://192.0.2.1:8080/", "http://[::]:8080/",
                          "http://[2001:db8::1]/", "http://12.7.0.1/"}) {
    EXPECT_TRUE(carries_passwords_in_clear(url)) << url;
  }
  for (const char* url : {"http://127.0.0.1:80/", "http://127.1.2.3/", "http://[::1]:8080/",
                          "unix:/run/quoit.sock", "https://192.0.2.1/"}) {
    EXPECT_FALSE(carries_passwords_in_clear(url)) << url;
  }
}

}  // namespace
}  // namespace server
