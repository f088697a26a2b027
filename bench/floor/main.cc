// floor PORT ROOT: the benchmark's lower bound; see floor.h. `bench_load site ROOT` creates ROOT.
#include <cstdlib>

#include "bench/floor/floor.h"

int main(int count, char** arguments) {
  if (count != 3) return 64;
  floor_server::Floor server(arguments[2], static_cast<std::uint16_t>(std::atoi(arguments[1])));
  server.run();
}
