// Random ids, and ids of connections.
#include "apps/server/connection/request_ids.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

TEST(RequestIds, are_different_hexadecimal_texts) {
  RequestIds ids;
  std::set<std::string> made;
  for (int i = 0; i < 1000; ++i) {  // more than one drawing of random bytes
    std::array<char, made_id_bytes> text{};
    ids.make(text);
    const std::string id(text.data(), text.size());
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    made.insert(id);
  }
  EXPECT_EQ(made.size(), 1000U);
}

class KeptIds : public lab::InWorld {};

TEST_F(KeptIds, belong_to_one_connection) {
  RequestIds ids;
  Connection one(world.worker, world.worker.connections, -1);
  Connection two(world.worker, world.worker.connections, -1);
  EXPECT_EQ(ids.kept(one), "");
  ids.keep(one, "first");
  ids.keep(one, "second");
  EXPECT_EQ(ids.kept(one), "second");
  EXPECT_EQ(ids.kept(two), "");
  ids.drop(one);
  EXPECT_EQ(ids.kept(one), "");
}

}  // namespace
}  // namespace server
