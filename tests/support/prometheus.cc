// Line by line, with the state of the family that the lines belong to. Covered by
// tests/support/prometheus_test.cc.
#include "tests/support/prometheus.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <set>
#include <vector>

namespace test_support {

namespace {

bool is_name(std::string_view text, bool may_have_colon) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (may_have_colon && c == ':');
  });
}

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

// Reads labels up to "}"; false if they are malformed.
bool read_labels(std::string_view& rest, std::map<std::string, std::string>& labels) {
  for (;;) {
    const std::size_t equals = rest.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(rest.substr(0, equals));
    rest.remove_prefix(equals + 2);
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\') {
        if (rest.size() < 2 || std::string_view("\\\"n").find(rest[1]) == std::string_view::npos) {
          return false;
        }
        rest.remove_prefix(1);
      }
      value += rest.front();
      rest.remove_prefix(1);
    }
    if (rest.size() < 2 || !is_name(name, false) || !labels.emplace(name, value).second)
      return false;
    rest.remove_prefix(1);
    const char next = rest.front();
    rest.remove_prefix(1);
    if (next == '}') return true;
    if (next != ',') return false;
  }
}

bool read_number(std::string_view text, double& number) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text.front()))) return false;
  const std::string copy(text);
  char* end = nullptr;
  number = std::strtod(copy.c_str(), &end);
  return end == copy.c_str() + copy.size();
}

bool read_sample(std::string_view line, Sample& sample) {
  const std::size_t end = line.find_first_of("{ ");
  if (end == std::string_view::npos) return false;
  sample.name = line.substr(0, end);
  const bool has_labels = line[end] == '{';
  std::string_view rest = line.substr(end + 1);
  if (has_labels && !read_labels(rest, sample.labels)) return false;
  if (has_labels) {
    if (!rest.starts_with(' ')) return false;
    rest.remove_prefix(1);
  }
  return is_name(sample.name, true) && read_number(rest, sample.value);
}

std::string series_of(const Sample& sample) {
  std::string text = sample.name;
  std::string_view between = "{";
  for (const auto& [name, value] : sample.labels) {
    text.append(between).append(name).append("=\"").append(value).append("\"");
    between = ",";
  }
  return sample.labels.empty() ? text : text + "}";
}

class Reader {
 public:
  Reader(MetricsText format, Metrics& metrics) : format_(format), metrics_(metrics) {}

  // The rule that the line breaks; empty: none.
  std::string take(std::string_view line) {
    if (has_ended_) return "nothing may follow # EOF";
    if (line == "# EOF" && format_ == MetricsText::open_metrics) {
      has_ended_ = true;
      return end_family();
    }
    if (line.starts_with("# HELP ")) return take_help(line.substr(7));
    if (line.starts_with("# TYPE ")) return take_type(line.substr(7));
    if (line.starts_with("#")) return "there are no other comments";
    return take_sample(line);
  }

  std::string end() {
    if (format_ == MetricsText::open_metrics && !has_ended_) return "# EOF is missing";
    return has_ended_ ? "" : end_family();
  }

 private:
  std::string take_help(std::string_view rest) {
    std::string fault = end_family();
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos || space + 1 == rest.size()) return "HELP has a text";
    family_ = rest.substr(0, space);
    if (!is_name(family_, true)) return "a family has a name";
    if (!families_.insert(family_).second) return "a family stands once";
    type_.clear();
    samples_.clear();
    return fault;
  }

  std::string take_type(std::string_view rest) {
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos || rest.substr(0, space) != family_ || !type_.empty()) {
      return "TYPE follows HELP of the family";
    }
    type_ = rest.substr(space + 1);
    if (type_ != "counter" && type_ != "gauge" && type_ != "histogram") return "an unknown type";
    const bool is_open = format_ == MetricsText::open_metrics;
    const bool has_suffix = family_.ends_with("_total");
    if (type_ == "counter" && has_suffix == is_open) return "the name of a family of counters";
    if (type_ != "counter" && has_suffix) return "only counters end in _total";
    metrics_.types[family_] = type_;
    return {};
  }

  std::string take_sample(std::string_view line) {
    Sample sample;
    if (!read_sample(line, sample)) return "a malformed sample";
    if (type_.empty() || !belongs(sample.name)) return "a sample belongs to the family above it";
    if (type_ != "gauge" && !(sample.value >= 0)) return "a counter is not negative";
    if (!metrics_.samples.emplace(series_of(sample), sample.value).second)
      return "a sample stands once";
    samples_.push_back(sample);
    return {};
  }

  bool belongs(const std::string& name) const {
    if (type_ == "histogram") {
      return name == family_ + "_bucket" || name == family_ + "_sum" || name == family_ + "_count";
    }
    const bool is_cut = type_ == "counter" && format_ == MetricsText::open_metrics;
    return name == (is_cut ? family_ + "_total" : family_);
  }

  std::string end_family() const {
    if (!family_.empty() && type_.empty()) return "TYPE is missing before this line";
    return type_ == "histogram" ? check_histogram() : "";
  }

  // Each set of labels has increasing bounds, cumulative counts, +Inf, _sum and _count.
  std::string check_histogram() const {
    std::map<std::string, std::vector<std::pair<double, double>>> buckets;
    std::map<std::string, double> counts;
    std::set<std::string> sums;
    for (Sample sample : samples_) {
      const std::string bound = sample.labels["le"];
      sample.labels.erase("le");
      const std::string kind = sample.name.substr(family_.size());
      sample.name = family_;
      const std::string key = series_of(sample);
      if ((kind == "_bucket") == bound.empty()) return "only buckets have le";
      double number = 0;
      if (kind == "_sum") sums.insert(key);
      if (kind == "_count") counts[key] = sample.value;
      if (kind != "_bucket") continue;
      if (!read_number(bound, number)) return "le is a number";
      buckets[key].emplace_back(number, sample.value);
    }
    if (buckets.size() != counts.size() || buckets.size() != sums.size()) return "_sum and _count";
    for (const auto& [key, all] : buckets) {
      for (std::size_t i = 1; i < all.size(); ++i) {
        if (all[i].first <= all[i - 1].first) return "bounds increase";
        if (all[i].second < all[i - 1].second) return "buckets are cumulative";
      }
      if (!std::isinf(all.back().first)) return "the last bucket is +Inf";
      if (counts.count(key) == 0 || all.back().second != counts.at(key)) return "+Inf is _count";
    }
    return {};
  }

  const MetricsText format_;
  Metrics& metrics_;
  std::set<std::string> families_;
  std::string family_;
  std::string type_;
  std::vector<Sample> samples_;  // of the family
  bool has_ended_ = false;
};

}  // namespace

double Metrics::value(const std::string& series) const {
  const auto found = samples.find(series);
  return found == samples.end() ? -1 : found->second;
}

Metrics read_metrics(std::string_view text, MetricsText format) {
  Metrics metrics;
  Reader reader(format, metrics);
  if (text.empty() || text.back() != '\n') metrics.fault = "the text ends with a line feed";
  while (!text.empty() && metrics.fault.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string fault = reader.take(line);
    if (!fault.empty()) metrics.fault = std::string(line) + ": " + fault;
  }
  if (metrics.fault.empty()) metrics.fault = reader.end();
  return metrics;
}

}  // namespace test_support
