// Addresses of --listen: which texts are read, and which are refused.
#include "apps/server/config/address.h"

#include <optional>

#include <gtest/gtest.h>

namespace server {
namespace {

struct ListenRow {
  const char* text;
  const char* host;
  std::uint16_t port;
  const char* unix_path = "";
  bool any_family = false;
  bool is_plain = false;
};

TEST(Addresses, to_listen_on_are_read) {
  for (const ListenRow& row : {
           ListenRow{"127.0.0.1:8080", "127.0.0.1", 8080},
           ListenRow{"0.0.0.0:80", "0.0.0.0", 80},
           ListenRow{"[::1]:8080", "::1", 8080},
           ListenRow{"[::]:0", "::", 0},
           ListenRow{":65535", "", 65535, "", true},
           ListenRow{"localhost:1", "127.0.0.1", 1},
           ListenRow{"unix:/run/quoit.sock", "", 0, "/run/quoit.sock"},
           ListenRow{"unix:a:1", "", 0, "a:1"},
           ListenRow{"http:127.0.0.1:8081", "127.0.0.1", 8081, "", false, true},
           ListenRow{"http::8081", "", 8081, "", true, true},
       }) {
    const std::optional<ListenAddress> address = parse_listen(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->host, row.host) << row.text;
    EXPECT_EQ(address->port, row.port) << row.text;
    EXPECT_EQ(address->unix_path, row.unix_path) << row.text;
    EXPECT_EQ(address->any_family, row.any_family) << row.text;
    EXPECT_EQ(address->is_plain, row.is_plain) << row.text;
  }
}

TEST(Addresses, that_are_none_are_refused) {
  for (const char* text :
       {"", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", ":-1", ":+1", ": 1", ":1 ",
        ":0x50", "::1:8080", "[::1]", "[::1:8080", "unix:", "http://127.0.0.1:80", "[]:80"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace server
