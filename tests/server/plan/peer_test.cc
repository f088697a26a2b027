// Reading and writing the texts of addresses.
#include "apps/server/plan/peer.h"

#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

std::string rewritten(std::string_view text) {
  const std::optional<Peer> peer = parse_peer(text);
  if (!peer) return "none";
  PeerText written{};
  written.fill('?');
  write_peer(*peer, written);
  return written.data();
}

TEST(PeerText, is_read_and_written_alike) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1"}) {
    EXPECT_EQ(rewritten(text), text);
  }
}

TEST(PeerText, of_another_form_is_written_in_the_usual_one) {
  EXPECT_EQ(rewritten("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(rewritten("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(rewritten("::FFFF:c000:201"), "192.0.2.1");
}

TEST(PeerText, that_is_no_address_is_refused) {
  for (const std::string_view text : {"",
                                      " ",
                                      "192.0.2",
                                      "192.0.2.1.",
                                      "192.0.2.256",
                                      "192.0.2.01",
                                      "0x7f.0.0.1",
                                      "127.1",
                                      " 192.0.2.1",
                                      "192.0.2.1 ",
                                      "192.0.2.1:80",
                                      "[::1]",
                                      "::1%lo",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "12345::",
                                      "unix",
                                      "localhost",
                                      "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.255"}) {
    EXPECT_EQ(rewritten(text), "none") << text;
  }
  EXPECT_EQ(rewritten(std::string_view("192.0.2.1\0", 10)), "none");
  EXPECT_EQ(rewritten(std::string(100, '1')), "none");
}

TEST(PeerText, of_no_address_is_unix) {
  PeerText text{};
  write_peer(Peer{}, text);
  EXPECT_STREQ(text.data(), "unix");
}

}  // namespace
}  // namespace server
