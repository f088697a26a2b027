// The client that each list of addresses announces, in both fields.
#include "apps/server/plan/forwarded.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

// The text of the client that `lines` announce to a server that trusts 10.0.0.0/8, ::1 and unix
// sockets. The request came from 10.0.0.1.
std::string client_in(std::string_view lines, ForwardedField field) {
  Trust trust;
  for (const char* network : {"10.0.0.0/8", "::1", "unix"}) add_network(network, trust);
  const lab::Request request(lab::head_of("GET", "/", lines));
  PeerText text{};
  write_peer(client_of(request.head, field, trust, parse_peer("10.0.0.1").value()), text);
  return text.data();
}

std::string by_x_forwarded_for(std::string_view value) {
  return client_in("X-Forwarded-For: " + std::string(value) + "\r\n",
                   ForwardedField::x_forwarded_for);
}

std::string by_forwarded(std::string_view value) {
  return client_in("Forwarded: " + std::string(value) + "\r\n", ForwardedField::forwarded);
}

TEST(XForwardedFor, announces_the_last_address_that_is_not_trusted) {
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1, 192.0.2.2"), "192.0.2.2");
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1, 10.0.0.2, ::1"), "192.0.2.1");
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1, 192.0.2.2, 10.0.0.2"), "192.0.2.2");
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1,,\t192.0.2.2 ,"), "192.0.2.2");
  EXPECT_EQ(by_x_forwarded_for("::ffff:192.0.2.1, ::ffff:10.0.0.9"), "192.0.2.1");
}

TEST(XForwardedFor, of_trusted_addresses_alone_announces_the_first_one) {
  EXPECT_EQ(by_x_forwarded_for("10.0.0.3, 10.0.0.2"), "10.0.0.3");
}

TEST(XForwardedFor, is_read_over_all_its_lines) {
  const std::string lines = "X-Forwarded-For: 192.0.2.1\r\nA: b\r\nX-Forwarded-For: 10.0.0.2\r\n";
  EXPECT_EQ(client_in(lines, ForwardedField::x_forwarded_for), "192.0.2.1");
}

TEST(XForwardedFor, may_have_ports) {
  EXPECT_EQ(by_x_forwarded_for("192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(by_x_forwarded_for("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(by_x_forwarded_for("[2001:db8::1]:4711"), "2001:db8::1");
  EXPECT_EQ(by_x_forwarded_for("[2001:db8::1]"), "2001:db8::1");
}

TEST(XForwardedFor, with_an_entry_that_is_no_address_announces_the_one_behind_it) {
  for (const char* entry :
       {"unknown", "_hidden", "\"192.0.2.1\"", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456",
        "[2001:db8::1", "[192.0.2.1]", "[2001:db8::1]x", "192.0.2.1 192.0.2.2", "for=192.0.2.1"}) {
    EXPECT_EQ(by_x_forwarded_for(entry), "10.0.0.1") << entry;
    EXPECT_EQ(by_x_forwarded_for("192.0.2.9, " + std::string(entry) + ", 10.0.0.2"), "10.0.0.2");
  }
}

TEST(XForwardedFor, is_read_from_its_end_for_a_bounded_number_of_entries) {
  std::string value = "192.0.2.1";
  for (std::size_t i = 1; i < most_forwarded_entries; ++i) value += ", 10.0.0.2";
  EXPECT_EQ(by_x_forwarded_for(value), "192.0.2.1");
  EXPECT_EQ(by_x_forwarded_for(value + ", 10.0.0.3"), "10.0.0.2");
}

TEST(Forwarded, announces_the_last_address_that_is_not_trusted) {
  EXPECT_EQ(by_forwarded("for=192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("for=192.0.2.1, for=10.0.0.2"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("by=10.0.0.1;For=\"192.0.2.1:80\";proto=http"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("for=192.0.2.1; proto=http; by=203.0.113.43"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("for=\"[2001:db8::1]:4711\""), "2001:db8::1");
  EXPECT_EQ(by_forwarded("for=\"[2001:db8::1]:_port\""), "2001:db8::1");
  EXPECT_EQ(by_forwarded("for=192.0.2.1;host=\"a;b\", for=10.0.0.2"), "192.0.2.1");
}

TEST(Forwarded, with_an_entry_that_is_no_address_announces_the_one_behind_it) {
  for (const char* entry :
       {"for=unknown", "for=_hidden", "for=\"_hidden\"", "for=2001:db8::1", "for=\"2001:db8::1\"",
        "proto=http", "for=192.0.2.1;for=192.0.2.2", "for=\"192.0.2.1", "for=\"192.0.2\\.1\"",
        "for", "for=", "for= 192.0.2.1", "=192.0.2.1", "for=192.0.2.1 x", "for=\"192.0.2.1\"x",
        "192.0.2.1", "for=192.0.2.1;=", "for=192.0.2.1;;proto=http"}) {
    EXPECT_EQ(by_forwarded(entry), "10.0.0.1") << entry;
  }
  EXPECT_EQ(by_forwarded("for=192.0.2.9, for=unknown, for=10.0.0.2"), "10.0.0.2");
}

TEST(AnnouncedClients, cannot_be_hidden_by_an_open_quote_of_a_client) {
  EXPECT_EQ(by_x_forwarded_for("\"a, 192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_x_forwarded_for("\"a\\, 192.0.2.1, 10.0.0.2"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("for=\"a, for=192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_forwarded("for=\"a\\\", for=192.0.2.1, for=10.0.0.2"), "192.0.2.1");
}

TEST(AnnouncedClients, come_from_the_field_that_is_believed_alone) {
  const std::string lines = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\n";
  EXPECT_EQ(client_in(lines, ForwardedField::x_forwarded_for), "192.0.2.1");
  EXPECT_EQ(client_in(lines, ForwardedField::forwarded), "192.0.2.2");
  EXPECT_EQ(client_in("", ForwardedField::x_forwarded_for), "10.0.0.1");
  EXPECT_EQ(client_in("Forwarded: for=192.0.2.2\r\n", ForwardedField::x_forwarded_for), "10.0.0.1");
}

}  // namespace
}  // namespace server
