// Report: the client's messages to people, on standard error.
//
// Errors, warnings, confirmations, the heads of --verbose, and the progress of transfers. Text of
// servers and files is escaped, so that a terminal does not obey it. Progress is a line at the foot
// of a terminal, which is drawn five times a second after the first second, and erased before any
// other output; on a terminal that cannot erase (TERM=dumb), and with --progress on elsewhere, it
// is a line every five seconds. There are no colours, so NO_COLOR is respected. Covered by
// tests/client/screen/report_test.cc.
#pragma once

#include <cstddef>
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

  // --- The run ---

  // There are `files` to transfer, from now on.
  void begin_files(std::size_t files, std::int64_t now_ms);
  // The next of them.
  void next_file() { ++file_; }
  // One has been saved, or has failed.
  void count_saved(std::uint64_t bytes);
  void count_failed() { ++failed_; }
  // "saved 18 of 20 files, 1.2 GiB in 0:12, 100.0 MiB/s; 2 failed", where there were several.
  void sum_up(std::int64_t now_ms);

  // --- The progress of one transfer ---

  // `name` and `total` are of the file, of which `held` bytes are there already.
  void begin(std::string_view name, std::optional<std::uint64_t> total, std::int64_t now_ms,
             std::uint64_t held = 0);
  void moved(std::uint64_t bytes, std::int64_t now_ms);
  // Draws the line if it is time to.
  void tick(std::int64_t now_ms);
  // How long until tick() has something to draw; nothing while no progress is shown.
  [[nodiscard]] std::optional<std::int64_t> next_tick_ms(std::int64_t now_ms) const;
  // Ends the transfer and erases the line; returns the pace, as " in 0:12, 1.2 MiB/s", where a line
  // was drawn. May be called twice.
  std::string end(std::int64_t now_ms);

 private:
  enum class Style { none, line_at_the_foot, line_after_line };

  static Style style_of(const Settings& settings);
  void write(std::string_view text);
  void draw(std::int64_t now_ms);

  const Settings& settings_;
  const Style style_;
  std::size_t files_ = 1;
  std::size_t file_ = 0;  // from 1
  std::size_t saved_ = 0;
  std::size_t failed_ = 0;
  std::uint64_t all_done_ = 0;     // bytes moved
  std::uint64_t saved_bytes_ = 0;  // of files that were saved
  std::int64_t began_ms_ = 0;

  // Of the transfer.
  bool active_ = false;    // between begin() and end()
  bool has_line_ = false;  // the line is on the screen
  bool was_drawn_ = false;
  std::string name_;
  std::optional<std::uint64_t> total_;
  std::uint64_t held_ = 0;  // before the transfer
  std::uint64_t done_ = 0;  // with them
  std::int64_t start_ms_ = 0;
  std::int64_t moved_ms_ = 0;  // when bytes moved last
  std::int64_t next_draw_ms_ = 0;
  Meter meter_;
};

}  // namespace client
