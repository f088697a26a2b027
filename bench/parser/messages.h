// The messages that the parser is measured with, all made here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// Messages that stand each in its own bytes, without anything behind them.
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
