// Space for an upload is looked for again while another worker may hold deleted files open.
#include <string>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::put;

class Space : public lab::WritingAnywhere {
 protected:
  // Sends an upload for which there is no space at first.
  int begin_upload() {
    world.engine.set_free_bytes(100);
    const int socket = world.connect();
    EXPECT_EQ(world.say(socket, put("/new", std::string(1000, 'x'))), "");
    return socket;
  }
};
WHEREVER_FILES_LIE(Space);

TEST_P(Space, that_another_worker_gives_back_soon_is_used) {
  world.shared.workers = 2;
  world.site.reserve = 1;
  const int socket = begin_upload();
  world.engine.set_free_bytes(10'000);
  world.pass(200);
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 201 "));
  EXPECT_EQ(world.root.get("new").size(), 1000U);
}

TEST_P(Space, that_does_not_come_in_a_tenth_of_a_second_is_not_awaited) {
  world.shared.workers = 2;
  world.site.reserve = 1;
  const int socket = begin_upload();
  for (int i = 0; i < 5; ++i) world.pass(200);
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 507 "));
}

TEST_P(Space, is_not_awaited_by_the_only_worker) {
  world.site.reserve = 1;
  world.engine.set_free_bytes(100);
  EXPECT_EQ(status(put("/new", std::string(1000, 'x'))), "507");
}

}  // namespace
}  // namespace server
