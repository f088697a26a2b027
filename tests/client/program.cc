// The program's path in the build, and its engine.
#include "tests/client/program.h"

#include <cstdlib>

namespace client {

std::string quoit_path() { return QUOIT_PATH; }

namespace {

// A proxy of the machine that runs the tests is none of theirs.
class NoProxies : public testing::Environment {
 public:
  void SetUp() override {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
  }
};

[[maybe_unused]] const testing::Environment* const unproxied =
    testing::AddGlobalTestEnvironment(new NoProxies);

// Where the machine refuses io_uring, the tests choose epoll: the line that reports the fallback is
// tested by tests/end_to_end/engine_test.cc, and would change the output that these tests compare.
class EngineOfThisMachine : public testing::Environment {
 public:
  void SetUp() override {
    const Finished ring = test_support::run({quoit_path(), "--io", "ring", "--version"});
    if (ring.out.find("\non io_uring (") == std::string::npos) ::setenv("QUOIT_IO", "epoll", 0);
  }
};

[[maybe_unused]] const testing::Environment* const chosen =
    testing::AddGlobalTestEnvironment(new EngineOfThisMachine);

}  // namespace

}  // namespace client
