// The text of /metrics: the formats of Prometheus, 0.0.4, and of OpenMetrics, 1.0. Pure.
//
// https://prometheus.io/docs/instrumenting/exposition_formats/ and
// https://github.com/prometheus/OpenMetrics. No label has a value that a client chooses, so that
// the number of time series has a bound. Covered by tests/server/admin/metrics_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/server/admin/snapshot.h"

namespace server {

enum class MetricsFormat : std::uint8_t { prometheus, open_metrics };

// The names of the labels of methods, refusals, timeouts and uploads.
std::string_view name_of(MethodLabel method);
std::string_view name_of(RefusalReason reason);
std::string_view name_of(TimeoutKind kind);
std::string_view name_of(UploadResult result);
std::string_view name_of(Handshake outcome);
std::string_view name_of(AuthFailure reason);

std::string write_metrics(const Snapshot& snapshot, MetricsFormat format);

// The Content-Type of a format.
std::string_view content_type_of(MetricsFormat format);

}  // namespace server
