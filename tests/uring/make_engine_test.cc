// Choosing an engine: the requested one is made, and another only with a reason. Refused rings are
// tested in tests/end_to_end/, whose programs run under a seccomp filter.
#include "uring/make_engine.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(EngineChoices, HaveTheNamesOfTheOption) {
  EXPECT_EQ(engine_choice("auto"), EngineChoice::automatic);
  EXPECT_EQ(engine_choice("ring"), EngineChoice::ring);
  EXPECT_EQ(engine_choice("epoll"), EngineChoice::epoll);
  EXPECT_FALSE(engine_choice(""));
  EXPECT_FALSE(engine_choice("Epoll"));
}

TEST(EngineChoices, MakeTheRequestedEngine) {
  const MadeEngine epoll = make_engine(EngineChoice::epoll, {.epoll = {.file_threads = 3}});
  ASSERT_TRUE(epoll.engine);
  EXPECT_EQ(epoll.engine->describe(), "epoll (up to 3 file threads)");
  EXPECT_EQ(epoll.why, "") << "no reason is needed";
  EXPECT_EQ(describe_engine(EngineChoice::epoll), "on epoll (up to 4 file threads)");
  const MadeEngine ring = make_engine(EngineChoice::ring, {});
  if (!ring.engine) GTEST_SKIP() << ring.why;
  EXPECT_EQ(ring.engine->describe().rfind("io_uring (", 0), 0U);
  EXPECT_EQ(describe_engine(EngineChoice::ring), "on " + ring.engine->describe());
}

TEST(EngineChoices, PreferTheRing) {
  const bool has_ring = make_engine(EngineChoice::ring, {}).engine != nullptr;
  const MadeEngine made = make_engine(EngineChoice::automatic, {});
  ASSERT_TRUE(made.engine);
  EXPECT_EQ(made.engine->describe().rfind("io_uring (", 0) == 0, has_ring);
  EXPECT_EQ(made.why.empty(), has_ring);
}

// Exhausted descriptors are no refusal: epoll would lack them as well.
TEST(EngineChoices, DoNotFallBackWhenDescriptorsAreShort) {
  if (!make_engine(EngineChoice::ring, {}).engine) GTEST_SKIP() << "no ring here";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const MadeEngine none = make_engine(EngineChoice::automatic, {});
  const MadeEngine no_epoll = make_engine(EngineChoice::epoll, {});
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(none.engine);
  EXPECT_NE(none.why.find("ulimit -n"), std::string::npos) << none.why;
  EXPECT_FALSE(no_epoll.engine);
  EXPECT_NE(no_epoll.why.find("no epoll engine"), std::string::npos) << no_epoll.why;
}

}  // namespace
}  // namespace uring
