// Which networks are read, and which addresses they contain.
#include "apps/server/plan/trust.h"

#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

Trust trust_of(std::initializer_list<std::string_view> networks) {
  Trust trust;
  for (const std::string_view text : networks) EXPECT_EQ(add_network(text, trust), "") << text;
  return trust;
}

bool contains(std::string_view network, std::string_view address) {
  return trust_of({network}).contains(parse_peer(address).value());
}

TEST(Trust, contains_the_addresses_of_a_network) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.0.0.0"));
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(contains("10.0.0.0/8", "9.255.255.255"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("192.0.2.4/30", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.4/30", "192.0.2.8"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Trust, contains_a_single_address) {
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(contains("192.0.2.1/32", "::ffff:192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_FALSE(contains("::1", "::2"));
}

TEST(Trust, of_all_addresses_of_one_family_contains_none_of_the_other) {
  EXPECT_TRUE(contains("0.0.0.0/0", "255.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "192.0.2.1"));
  EXPECT_FALSE(contains("::/0", "::ffff:192.0.2.1"));
}

TEST(Trust, of_unix_sockets_contains_their_peers_alone) {
  EXPECT_TRUE(trust_of({"unix"}).contains(Peer{}));
  EXPECT_FALSE(contains("unix", "127.0.0.1"));
  EXPECT_FALSE(trust_of({"0.0.0.0/0", "::/0"}).contains(Peer{}));
}

TEST(Trust, of_several_networks_contains_the_addresses_of_each) {
  const Trust trust = trust_of({"unix", "10.0.0.0/8", "::1"});
  EXPECT_TRUE(trust.contains(Peer{}));
  EXPECT_TRUE(trust.contains(parse_peer("10.1.2.3").value()));
  EXPECT_TRUE(trust.contains(parse_peer("::1").value()));
  EXPECT_FALSE(trust.contains(parse_peer("192.0.2.1").value()));
  EXPECT_FALSE(Trust().contains(Peer{}));
}

TEST(Trust, refuses_what_is_no_network) {
  for (const std::string_view text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8",
        "::/129", "10.0.0.1/8", "2001:db8::1/64", "::ffff:10.0.0.0/104", "localhost",
        "unix:", "10.0.0.0/8,11.0.0.0/8", "[::1]", "10.0.0.0/8/8", "10/8"}) {
    Trust trust;
    EXPECT_NE(add_network(text, trust), "") << text;
    EXPECT_TRUE(trust.networks.empty()) << text;
  }
}

}  // namespace
}  // namespace server
