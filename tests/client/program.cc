// Where the build put the program. Used by get_test.cc, put_test.cc and program_test.cc.
#include "tests/client/program.h"

namespace client {

std::string quoit_path() { return QUOIT_PATH; }

}  // namespace client
