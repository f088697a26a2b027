// The order of the attempts to connect, by tables.
#include "apps/client/net/addresses.h"

#include <netinet/in.h>

#include <gtest/gtest.h>

namespace client {
namespace {

// An address for each letter, with its place as the port: 4 is IPv4, 6 is IPv6.
std::vector<Address> addresses(std::string_view families) {
  std::vector<Address> made;
  for (const char family : families) {
    Address& address = made.emplace_back();
    address.storage.ss_family = family == '4' ? AF_INET : AF_INET6;
    // The port is at one place in both families.
    reinterpret_cast<sockaddr_in&>(address.storage).sin_port =
        static_cast<in_port_t>(made.size() - 1);
  }
  return made;
}

std::vector<int> order(std::string_view families) {
  std::vector<int> places;
  for (const Address& address : in_order_of_attempts(addresses(families))) {
    places.push_back(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
  }
  return places;
}

TEST(Attempts, AlternateTheFamilies) {
  using Places = std::vector<int>;
  EXPECT_EQ(order(""), Places{});
  EXPECT_EQ(order("4"), Places{0});
  EXPECT_EQ(order("64"), (Places{0, 1}));
  EXPECT_EQ(order("46"), (Places{0, 1}));
  EXPECT_EQ(order("6644"), (Places{0, 2, 1, 3}));
  EXPECT_EQ(order("66664"), (Places{0, 4, 1, 2, 3}));
  EXPECT_EQ(order("4466"), (Places{0, 2, 1, 3}));
  EXPECT_EQ(order("444"), (Places{0, 1, 2}));
}

TEST(Attempts, AreBounded) {
  EXPECT_EQ(order("444444444444444444446").size(), 16U);
  EXPECT_EQ(order("444444444444444444446")[1], 20) << "the other family is among them";
}

}  // namespace
}  // namespace client
