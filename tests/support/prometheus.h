// A strict reader of the text formats of Prometheus (0.0.4) and OpenMetrics (1.0), for tests of
// /metrics. It shares no code with the writer.
//
// It refuses more than the formats do: every family has HELP and TYPE, in this order, counters end
// in _total, and no sample has a time stamp. Covered by tests/support/prometheus_test.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace test_support {

struct Metrics {
  std::string fault;  // the first line that breaks a rule, and the rule; empty: there is none
  // The samples by name and labels, such as "up" or "x_total{a=\"b\"}".
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;  // of families

  bool is_valid() const { return fault.empty(); }
  bool has(const std::string& series) const { return samples.count(series) > 0; }
  // The value of a sample; -1 where there is none.
  double value(const std::string& series) const;
};

enum class MetricsText { prometheus, open_metrics };

Metrics read_metrics(std::string_view text, MetricsText format = MetricsText::prometheus);

}  // namespace test_support
