// The messages of the benchmark, which are generated at start.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// Messages, each in its own memory, followed by no other bytes.
struct Workload {
  const char* name;
  const char* what;
  bool is_response;
  std::vector<std::string> messages;

  [[nodiscard]] std::size_t mean_size() const;
};

// All workloads, in the order of the table.
std::vector<Workload> make_workloads();

}  // namespace bench
