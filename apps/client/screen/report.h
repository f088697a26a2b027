// Report: the client's messages to people, on standard error.
//
// Errors, confirmations, the heads of --verbose, and the progress line, which is erased before any
// other output. The progress line is drawn on a terminal only (or with --progress on), after the
// first second, and a few times a second. There are no colours, so NO_COLOR is respected.
// Covered by tests/client/run_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/plan.h"
#include "apps/client/screen/progress.h"

namespace client {

class Report {
 public:
  // `settings` outlives the report.
  explicit Report(const Settings& settings);

  void error(std::string_view text);          // "quoit: …"
  void warn(std::string_view text);           // "quoit: warning: …"; not with --quiet
  void confirm(std::string_view text);        // not with --quiet
  void show_request(std::string_view head);   // with --verbose
  void show_response(std::string_view head);  // with --verbose

  // The progress of one transfer: its start, and each time that bytes have moved.
  void begin(std::string name, std::optional<std::uint64_t> total, std::int64_t now_ms);
  void moved(std::uint64_t bytes, std::int64_t now_ms);
  // Erases the line. May be called twice.
  void end();

 private:
  void write(std::string_view text);
  void draw(std::int64_t now_ms);

  const Settings& settings_;
  bool shows_progress_;
  bool active_ = false;    // between begin() and end()
  bool has_line_ = false;  // the progress line is on the screen
  std::string name_;
  std::optional<std::uint64_t> total_;
  std::uint64_t done_ = 0;
  std::int64_t next_draw_ms_ = 0;
  Meter meter_;
};

}  // namespace client
