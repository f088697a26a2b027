// Covered by tests/server/admin/status_test.cc.
#include "apps/server/admin/status.h"

#include <array>
#include <string_view>
#include <vector>

#include "apps/server/admin/build.h"
#include "apps/server/admin/decimal.h"
#include "apps/server/admin/metrics.h"
#include "apps/server/admin/readiness.h"
#include "apps/server/pages/status_page.h"

namespace server {

namespace {

// Writes JSON. All names and texts are words of this program, without characters to escape.
class Json {
 public:
  Json() { text_ += '{'; }

  void number(std::string_view name, std::string_view digits) {
    key(name);
    text_ += digits;
  }
  void number(std::string_view name, std::uint64_t value) { number(name, std::to_string(value)); }
  void text(std::string_view name, std::string_view value) {
    key(name);
    text_.append("\"").append(value).append("\"");
  }
  // Begins a member with members of its own; close() ends it.
  void open(std::string_view name) {
    key(name);
    text_ += '{';
    is_first_ = true;
  }
  void close() {
    text_ += '}';
    is_first_ = false;
  }
  // A member that is an array of finished values.
  void array(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    std::string_view between = "[";
    for (const std::string& value : values) {
      text_.append(between).append(value);
      between = ",";
    }
    text_ += values.empty() ? "[]" : "]";
  }
  std::string take() { return std::move(text_) + "}\n"; }

 private:
  void key(std::string_view name) {
    text_.append(is_first_ ? "\"" : ",\"").append(name).append("\":");
    is_first_ = false;
  }

  std::string text_;
  bool is_first_ = true;
};

std::uint64_t with_status(const Sums& sums, std::size_t status) {
  std::uint64_t count = 0;
  for (const MethodNumbers& method : sums.methods) count += method.requests[status];
  return count;
}

std::uint64_t all_requests(const Sums& sums) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < status_count; ++i) count += with_status(sums, i);
  return count;
}

std::uint64_t all_refused(const Sums& sums) { return sums.refused[0] + sums.refused[1]; }

// The lines of a verdict, as JSON texts.
std::vector<std::string> lines_of(const Verdict& verdict) {
  std::vector<std::string> lines;
  if (verdict.is_fine) return lines;
  std::string_view rest = verdict.text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.push_back("\"" + std::string(rest.substr(0, end)) + "\"");
    rest.remove_prefix(end + 1);
  }
  return lines;
}

void write_requests(const Sums& sums, Json& json) {
  json.open("codes");
  for (std::size_t i = 0; i < status_count; ++i) {
    const std::uint64_t count = with_status(sums, i);
    if (count > 0) json.number(std::to_string(least_status + static_cast<int>(i)), count);
  }
  json.close();
  std::vector<std::string> bounds;
  std::vector<std::string> durations;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    std::uint64_t count = 0;
    for (const MethodNumbers& method : sums.methods) count += method.durations.buckets[i];
    durations.push_back(std::to_string(count));
    if (i == bucket_bounds_us.size()) continue;
    bounds.push_back(decimal(static_cast<double>(bucket_bounds_us[i]) / 1e6));
  }
  json.array("bounds", bounds);
  json.array("durations", durations);
  json.open("bytes");
  json.number("received", sums.request_bytes);
  json.number("sent", sums.response_bytes);
  json.close();
}

void write_connections(const Sums& sums, Json& json) {
  const std::uint64_t active = std::min(sums.active_connections, sums.connections);
  json.open("connections");
  json.number("idle", sums.connections - active);
  json.number("active", active);
  json.number("accepted", sums.accepted);
  json.number("refused", all_refused(sums));
  json.number("accept failures", sums.accept_failures);
  json.close();
  json.open("timeouts");
  for (std::size_t i = 0; i < timeout_count; ++i) {
    const auto kind = static_cast<TimeoutKind>(i);
    json.number(kind == TimeoutKind::proxy_header ? "PROXY header" : name_of(kind),
                sums.timeouts[i]);
  }
  json.close();
  json.open("uploads");
  json.number("in flight", sums.uploads_in_flight);
  for (std::size_t i = 0; i < upload_count; ++i) {
    json.number(name_of(static_cast<UploadResult>(i)), sums.uploads[i]);
  }
  json.close();
}

void write_modules(const Sums& sums, Json& json) {
  json.open("cache");
  json.number("hits", sums.cache_hits);
  json.number("misses", sums.cache_misses);
  json.number("changes", sums.cache_changes);
  json.number("dropped", sums.cache_dropped);
  json.number("bytes", sums.cache_bytes);
  json.number("files", sums.cache_files);
  json.close();
  json.open("operations");
  json.number("enters", sums.enters);
  json.number("operations", sums.operations);
  json.number("completions", sums.completions);
  json.number("cancels", sums.cancels);
  json.number("buffer shortages", sums.buffer_shortages);
  json.number("punts", sums.punts);
  json.close();
}

void write_process(const Snapshot& snapshot, Json& json) {
  json.number("disk", std::to_string(snapshot.process.disk_free_bytes));
  json.number("log lines lost", snapshot.process.log_lines_lost);
  json.open("process");
  json.number("cpu", decimal(snapshot.kernel.cpu_seconds));
  json.number("resident", snapshot.kernel.resident_bytes);
  json.number("open files", snapshot.kernel.open_files);
  json.number("most files", snapshot.kernel.most_files);
  json.close();
}

}  // namespace

std::string write_status_json(const Snapshot& snapshot) {
  Json json;
  json.text("version", build_version());
  json.text("engine", snapshot.process.engine);
  json.number("now", std::to_string(snapshot.now_seconds));
  json.number("start", std::to_string(snapshot.start_seconds));
  std::vector<std::string> workers;
  for (const WorkerNumbers& worker : snapshot.workers) {
    workers.push_back(std::to_string(worker.connections));
  }
  json.array("workers", workers);
  json.array("health", lines_of(judge_health(snapshot)));
  json.array("reasons", lines_of(judge_readiness(snapshot.process.readiness)));
  write_requests(snapshot.sums, json);
  write_connections(snapshot.sums, json);
  write_modules(snapshot.sums, json);
  write_process(snapshot, json);
  return json.take();
}

std::string write_status(const Snapshot& snapshot) {
  const Sums& sums = snapshot.sums;
  const Verdict verdict = judge_readiness(snapshot.process.readiness);
  std::vector<StatusRow> rows = {
      {"ready", verdict.is_fine ? "yes" : verdict.text},
      {"version", std::string(build_version())},
      {"engine", snapshot.process.engine},
      {"seconds since the start", std::to_string(snapshot.now_seconds - snapshot.start_seconds)},
      {"requests", std::to_string(all_requests(sums))}};
  for (std::size_t i = 0; i < status_count; ++i) {
    const std::uint64_t count = with_status(sums, i);
    if (count > 0)
      rows.push_back(
          {"requests by status", std::to_string(least_status + i) + ": " + std::to_string(count)});
  }
  const std::vector<StatusRow> others = {
      {"bytes received", std::to_string(sums.request_bytes)},
      {"bytes sent", std::to_string(sums.response_bytes)},
      {"open connections", std::to_string(sums.connections)},
      {"of these active", std::to_string(sums.active_connections)},
      {"accepted connections", std::to_string(sums.accepted)},
      {"refused connections", std::to_string(all_refused(sums))},
      {"uploads in flight", std::to_string(sums.uploads_in_flight)},
      {"cache hits", std::to_string(sums.cache_hits)},
      {"cache misses", std::to_string(sums.cache_misses)},
      {"cache memory in bytes", std::to_string(sums.cache_bytes)},
      {"engine operations", std::to_string(sums.operations)},
      {"resident memory in bytes", std::to_string(snapshot.kernel.resident_bytes)},
      {"open descriptors", std::to_string(snapshot.kernel.open_files)}};
  rows.insert(rows.end(), others.begin(), others.end());
  return write_status_page(rows);
}

}  // namespace server
