// Where the build put the program, and what it works by. Used by get_test.cc, put_test.cc and
// program_test.cc.
#include "tests/client/program.h"

#include <cstdlib>

namespace client {

std::string quoit_path() { return QUOIT_PATH; }

namespace {

// Where the machine refuses the ring, nobody asks for it: the line that says so is tested by
// tests/end_to_end/engine_test.cc, and would stand in what these tests compare.
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
