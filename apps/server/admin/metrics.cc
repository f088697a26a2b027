// The families of metrics, in the order of the text. Covered by tests/server/admin/metrics_test.cc.
#include "apps/server/admin/metrics.h"

#include <array>
#include <initializer_list>

#include "apps/server/admin/build.h"
#include "apps/server/admin/decimal.h"

namespace server {

std::string_view name_of(MethodLabel method) {
  constexpr std::array<std::string_view, method_count> names = {
      "GET", "HEAD", "PUT", "DELETE", "PATCH", "MKCOL", "MOVE", "OPTIONS", "other"};
  return names[static_cast<std::size_t>(method)];
}

std::string_view name_of(RefusalReason reason) {
  return reason == RefusalReason::connections ? "connections" : "address";
}

std::string_view name_of(TimeoutKind kind) {
  constexpr std::array<std::string_view, timeout_count> names = {"head", "idle", "body", "send",
                                                                 "proxy_header"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(UploadResult result) {
  constexpr std::array<std::string_view, upload_count> names = {"stored", "refused", "failed",
                                                                "aborted"};
  return names[static_cast<std::size_t>(result)];
}

std::string_view name_of(ArchiveResult result) {
  constexpr std::array<std::string_view, archive_count> names = {"sent", "refused", "broken",
                                                                 "aborted"};
  return names[static_cast<std::size_t>(result)];
}

std::string_view name_of(Handshake outcome) {
  constexpr std::array<std::string_view, handshake_count> names = {
      "full", "resumed", "timeout", "interrupted", "protocol", "certificate", "plain_http"};
  return names[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(AuthFailure reason) {
  constexpr std::array<std::string_view, auth_failure_count> names = {"wrong", "throttled", "busy"};
  return names[static_cast<std::size_t>(reason)];
}

namespace {

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

// Millionths as seconds: 1500000 is "1.5".
std::string seconds_of(std::uint64_t millionths) {
  std::string text = std::to_string(millionths / 1'000'000);
  std::string fraction = std::to_string(millionths % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

class Writer {
 public:
  explicit Writer(MetricsFormat format) : format_(format) {}

  enum class Type : std::uint8_t { counter, gauge, histogram };

  // Begins a family, whose samples follow. In OpenMetrics the name of a family of counters lacks
  // the suffix of its samples.
  void family(std::string_view name, Type type, std::string_view help) {
    name_ = name;
    constexpr std::string_view suffix = "_total";
    const bool is_cut = type == Type::counter && format_ == MetricsFormat::open_metrics;
    const std::string_view shown = is_cut ? name.substr(0, name.size() - suffix.size()) : name;
    constexpr std::array<std::string_view, 3> types = {"counter", "gauge", "histogram"};
    add({"# HELP ", shown, " ", help, "\n# TYPE ", shown, " "});
    add({types[static_cast<std::size_t>(type)], "\n"});
  }

  void sample(Labels labels, std::string_view value) { line("", labels, value); }
  void sample(Labels labels, std::uint64_t value) { line("", labels, std::to_string(value)); }

  // The count is the sum of the buckets, so that both agree while workers count on.
  void histogram(std::string_view label, std::string_view label_value, const Histogram& histogram) {
    const auto with_label = [&](std::string_view suffix, std::string_view bound,
                                std::string_view value) {
      add({name_, suffix});
      std::string_view between = "{";
      if (!label.empty()) add({between, label, "=\"", label_value, "\""});
      if (!label.empty()) between = ",";
      if (!bound.empty()) add({between, "le=\"", bound, "\""});
      if (!label.empty() || !bound.empty()) add({"}"});
      add({" ", value, "\n"});
    };
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
      count += histogram.buckets[i];
      const bool is_last = i == bucket_bounds_us.size();
      const std::string bound =
          is_last ? "+Inf" : seconds_of(static_cast<std::uint64_t>(bucket_bounds_us[i]));
      with_label("_bucket", bound, std::to_string(count));
    }
    with_label("_sum", "", seconds_of(histogram.sum_us));
    with_label("_count", "", std::to_string(count));
  }

  // A family of one counter or gauge without labels.
  void counter(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, Type::counter, help);
    sample({}, value);
  }
  void gauge(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, Type::gauge, help);
    sample({}, value);
  }

  std::string take() {
    if (format_ == MetricsFormat::open_metrics) text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  void add(std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) text_ += text;
  }
  // No value of a label needs an escape sequence: all are words of this program.
  void line(std::string_view suffix, Labels labels, std::string_view value) {
    add({name_, suffix});
    std::string_view between = "{";
    for (const Label& label : labels) {
      add({between, label.name, "=\"", label.value, "\""});
      between = ",";
    }
    if (labels.size() > 0) add({"}"});
    add({" ", value, "\n"});
  }

  const MetricsFormat format_;
  std::string text_;
  std::string_view name_;  // of the family
};

using Type = Writer::Type;

void write_build(const Snapshot& snapshot, Writer& out) {
  out.family("quoit_build_info", Type::gauge, "The build of quoitd and its I/O engine; always 1.");
  out.sample({{"version", build_version()},
              {"commit", build_commit()},
              {"engine", snapshot.process.engine}},
             1);
}

void write_requests(const Sums& sums, Writer& out) {
  out.family("quoit_http_requests_total", Type::counter, "Responses by method and status.");
  for (std::size_t method = 0; method < method_count; ++method) {
    for (std::size_t i = 0; i < status_count; ++i) {
      const std::uint64_t count = sums.methods[method].requests[i];
      if (count == 0) continue;
      const std::string code = std::to_string(least_status + static_cast<int>(i));
      out.sample({{"method", name_of(static_cast<MethodLabel>(method))}, {"code", code}}, count);
    }
  }
  out.family("quoit_http_request_duration_seconds", Type::histogram,
             "Time from the first byte of a request to the last byte of its response.");
  for (std::size_t method = 0; method < method_count; ++method) {
    const auto label = static_cast<MethodLabel>(method);
    const Histogram& durations = sums.methods[method].durations;
    if (label != MethodLabel::get && durations.count() == 0) continue;
    out.histogram("method", name_of(label), durations);
  }
  out.family("quoit_http_time_to_first_byte_seconds", Type::histogram,
             "Time from the first byte of a request to the first byte of its response.");
  out.histogram("", "", sums.first_bytes);
  out.counter("quoit_http_request_bytes_total", sums.request_bytes,
              "Bytes of the heads and bodies of requests.");
  out.counter("quoit_http_response_bytes_total", sums.response_bytes,
              "Bytes of the heads and bodies of responses that were sent.");
}

void write_connections(const Sums& sums, Writer& out) {
  out.family("quoit_connections", Type::gauge, "Open connections.");
  const std::uint64_t active = std::min(sums.active_connections, sums.connections);
  out.sample({{"state", "idle"}}, sums.connections - active);
  out.sample({{"state", "active"}}, active);
  out.counter("quoit_connections_accepted_total", sums.accepted, "Accepted connections.");
  out.counter("quoit_connections_accept_failures_total", sums.accept_failures,
              "Attempts to accept that have failed for want of descriptors or memory.");
  out.family("quoit_connections_refused_total", Type::counter,
             "Connections that got 503 because of a limit: of all connections, or of one address.");
  for (std::size_t i = 0; i < refusal_count; ++i) {
    out.sample({{"reason", name_of(static_cast<RefusalReason>(i))}}, sums.refused[i]);
  }
  out.family("quoit_timeouts_total", Type::counter, "Connections whose time was over, by kind.");
  for (std::size_t i = 0; i < timeout_count; ++i) {
    out.sample({{"kind", name_of(static_cast<TimeoutKind>(i))}}, sums.timeouts[i]);
  }
  out.gauge("quoit_uploads_in_flight", sums.uploads_in_flight, "Uploads that have begun.");
  out.family("quoit_uploads_total", Type::counter, "Uploads that have ended, by result.");
  for (std::size_t i = 0; i < upload_count; ++i) {
    out.sample({{"result", name_of(static_cast<UploadResult>(i))}}, sums.uploads[i]);
  }
  out.gauge("quoit_archives_in_flight", sums.archives_in_flight, "Archives that are being sent.");
  out.family("quoit_archives_total", Type::counter, "Archives of directories, by result.");
  for (std::size_t i = 0; i < archive_count; ++i) {
    out.sample({{"result", name_of(static_cast<ArchiveResult>(i))}}, sums.archives[i]);
  }
}

void write_access(const Sums& sums, Writer& out) {
  out.gauge("quoit_tls_connections", sums.tls_connections,
            "Open connections that speak TLS. Each has memory of OpenSSL, also while it is idle.");
  out.family("quoit_tls_handshakes_total", Type::counter, "TLS handshakes, by result.");
  for (std::size_t i = 0; i < handshake_count; ++i) {
    out.sample({{"result", name_of(static_cast<Handshake>(i))}}, sums.handshakes[i]);
  }
  out.family("quoit_auth_failures_total", Type::counter,
             "Requests whose credentials were not accepted or not checked, by reason.");
  for (std::size_t i = 0; i < auth_failure_count; ++i) {
    out.sample({{"reason", name_of(static_cast<AuthFailure>(i))}}, sums.auth_failures[i]);
  }
}

void write_cache(const Sums& sums, Writer& out) {
  out.counter("quoit_cache_hits_total", sums.cache_hits, "Look-ups that found a cached file.");
  out.counter("quoit_cache_misses_total", sums.cache_misses, "Look-ups that found no cached file.");
  out.counter("quoit_cache_changes_total", sums.cache_changes,
              "Changes of files that were reported to the file cache.");
  out.counter("quoit_cache_dropped_total", sums.cache_dropped,
              "Cached files that were evicted because of a change.");
  out.gauge("quoit_cache_bytes", sums.cache_bytes, "Memory of the file caches.");
  out.gauge("quoit_cache_files", sums.cache_files, "Entries of the file caches.");
}

void write_engine(const Snapshot& snapshot, Writer& out) {
  const Sums& sums = snapshot.sums;
  const auto counter = [&](std::string_view name, std::uint64_t value, std::string_view help) {
    out.family(name, Type::counter, help);
    out.sample({{"engine", snapshot.process.engine}}, value);
  };
  counter("quoit_engine_enters_total", sums.enters,
          "System calls that submit operations or wait for completions.");
  counter("quoit_engine_operations_total", sums.operations, "Operations started.");
  counter("quoit_engine_completions_total", sums.completions, "Completions returned.");
  counter("quoit_engine_cancels_total", sums.cancels, "Cancellations requested.");
  counter("quoit_engine_buffer_shortages_total", sums.buffer_shortages,
          "Receives that found no free provided buffer.");
  counter("quoit_engine_punts_total", sums.punts, "Operations that went to a worker thread.");
}

void write_server(const Snapshot& snapshot, Writer& out) {
  out.gauge("quoit_workers", snapshot.workers.size(), "Worker threads.");
  out.counter("quoit_log_lines_dropped_total", snapshot.process.log_lines_lost,
              "Log lines that were not written, because the log was too slow or failed.");
  if (snapshot.process.disk_free_bytes >= 0) {
    out.gauge("quoit_disk_free_bytes", static_cast<std::uint64_t>(snapshot.process.disk_free_bytes),
              "Free bytes of the file system of the served directory.");
  }
  if (!snapshot.process.reloads) return;
  const Reloads& reloads = *snapshot.process.reloads;
  out.family("quoit_config_reloads_total", Type::counter, "Reloads of the configuration.");
  out.sample({{"result", "success"}}, reloads.succeeded);
  out.sample({{"result", "refused"}}, reloads.refused);
  out.family("quoit_config_last_reload_success_timestamp_seconds", Type::gauge,
             "Unix time of the last reload that succeeded; 0 before the first.");
  out.sample({}, decimal(reloads.last_success_seconds));
}

void write_process(const Snapshot& snapshot, Writer& out) {
  const KernelFacts& kernel = snapshot.kernel;
  out.family("process_cpu_seconds_total", Type::counter, "CPU time of all threads.");
  out.sample({}, decimal(kernel.cpu_seconds));
  out.gauge("process_resident_memory_bytes", kernel.resident_bytes, "Resident memory.");
  out.gauge("process_open_fds", kernel.open_files, "Open descriptors.");
  out.gauge("process_max_fds", kernel.most_files, "The limit of open descriptors.");
  out.gauge("process_start_time_seconds", static_cast<std::uint64_t>(snapshot.start_seconds),
            "Unix time of the start.");
}

}  // namespace

std::string write_metrics(const Snapshot& snapshot, MetricsFormat format) {
  Writer out(format);
  write_build(snapshot, out);
  write_requests(snapshot.sums, out);
  write_connections(snapshot.sums, out);
  write_access(snapshot.sums, out);
  write_cache(snapshot.sums, out);
  write_engine(snapshot, out);
  write_server(snapshot, out);
  write_process(snapshot, out);
  return out.take();
}

std::string_view content_type_of(MetricsFormat format) {
  return format == MetricsFormat::open_metrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace server
