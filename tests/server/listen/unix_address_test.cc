// Paths that fit into an address, and one that does not.
#include "apps/server/listen/unix_address.h"

#include <string>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(UnixAddress, has_the_path_and_its_nul) {
  sockaddr_un address{};
  const std::string longest(107, 'a');
  for (const std::string& path : {std::string("/run/a"), longest}) {
    EXPECT_TRUE(make_unix_address(path, address));
    EXPECT_EQ(address.sun_family, AF_UNIX);
    EXPECT_EQ(std::string(static_cast<const char*>(address.sun_path)), path);
  }
}

TEST(UnixAddress, does_not_exist_for_a_longer_path) {
  sockaddr_un address{};
  EXPECT_FALSE(make_unix_address(std::string(108, 'a'), address));
}

}  // namespace
}  // namespace server
