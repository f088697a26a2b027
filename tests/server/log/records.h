// What the tests of the access log share: a record, and its line.
//
// Used by the tests of this folder.
#pragma once

#include <string>

#include "apps/server/log/log_line.h"
#include "tests/server/world.h"

namespace server::lab {

inline constexpr LogRecord usual{.remote = "192.0.2.1",
                                 .method = "GET",
                                 .target = "/a?b",
                                 .protocol = "HTTP/1.1",
                                 .referer = "http://b/",
                                 .user_agent = "curl/8",
                                 .time = old_seconds,
                                 .duration_us = 1234,
                                 .bytes = 567,
                                 .status = 200,
                                 .aborted = false};

inline std::string line(const LogRecord& record, LogFormat format) {
  std::string out;
  LogTime time(format);
  format_record(record, format, time, out);
  return out;
}

}  // namespace server::lab
