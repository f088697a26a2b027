// Report: the client's messages, to people on standard error or to programs as events.
//
// Errors, warnings, confirmations, the heads of --verbose, and the progress of transfers. Text of
// servers and files is escaped, so that a terminal does not obey it. Progress is a line at the foot
// of a terminal, which is drawn five times a second after the first second, and erased before any
// other output; on a terminal that cannot erase (TERM=dumb), and with --progress on elsewhere, it
// is a line every five seconds. There are no colours, so NO_COLOR is respected. With --json, events
// (events.h) take the place of all of it but the heads. Covered by
// tests/client/screen/report_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/plan.h"
#include "apps/client/screen/events.h"
#include "apps/client/screen/progress.h"

namespace client {

// The number of one of the transfers that run at once; each channel has its own.
using Lane = std::size_t;

class Report {
 public:
  // `settings` outlives the report.
  explicit Report(const Settings& settings);

  void error(const ExitReason& reason);       // "quoit: …"
  void warn(std::string_view text);           // "quoit: warning: …"; not with --quiet
  void confirm(std::string_view text);        // not with --quiet, nor as an event
  void show_request(std::string_view head);   // with --verbose
  void show_response(std::string_view head);  // with --verbose

  // --- The run ---

  // There are `files` to transfer, from now on. `result` is their state at the end for people, as
  // "saved"; empty: sum_up() prints nothing.
  void begin_files(std::size_t files, std::string_view result, std::int64_t now_ms);
  // A job begins on that lane. `file` is its file here, which may be empty.
  void begin_job(Lane lane, std::string_view url, std::string_view file);
  // As begin_job(), for a directory, which is none of the files: end_directory() or fail_job() ends
  // it. sum_up() then prints also where there are fewer than two files.
  void begin_directory(Lane lane, std::string_view url, std::string_view directory);
  void end_directory(Lane lane, std::int64_t now_ms);
  // A directory has these files, too.
  void add_files(std::size_t files) { files_ += files; }
  // A file has been saved, stored or deleted.
  void count_saved(std::uint64_t bytes);
  // The job of that lane is done, by a response of that status and tag, if there was one.
  void end_job(Lane lane, std::optional<int> status, std::string_view etag, std::int64_t now_ms);
  // It has failed. Where there are several, the message names the URL.
  void fail_job(Lane lane, const ExitReason& reason, std::optional<int> status,
                std::int64_t now_ms);
  // It goes on after a failure.
  void retry_job(Lane lane, std::string_view text, std::int64_t now_ms);
  // An entry of a directory on the server, as an event: its type ("file" or "directory"), size, and
  // time of modification, which may be empty.
  void show_entry(std::string_view url, std::string_view name, std::string_view type,
                  std::optional<std::uint64_t> size, std::string_view modified) const;
  // A step of a plan, as an event: "get", "put", "delete" or another word.
  void show_action(std::string_view word, std::string_view url, std::string_view file) const;
  // "saved 18 of 20 files, 1.2 GiB in 0:12, 100.0 MiB/s; 2 failed", where there were several.
  void sum_up(int exit, std::int64_t now_ms);

  // --- The progress of a transfer ---

  // `name` and `total` are of the file, of which `held` bytes are there already.
  void begin(Lane lane, std::string_view name, std::optional<std::uint64_t> total,
             std::int64_t now_ms, std::uint64_t held = 0);
  void moved(Lane lane, std::uint64_t bytes, std::int64_t now_ms);
  // Draws the line if it is time to.
  void tick(std::int64_t now_ms);
  // How long until tick() has something to draw; nothing while no progress is shown.
  [[nodiscard]] std::optional<std::int64_t> next_tick_ms(std::int64_t now_ms) const;
  // Ends the transfer and erases the line; returns the pace, as " in 0:12, 1.2 MiB/s", where a line
  // was drawn. May be called twice.
  std::string end(Lane lane, std::int64_t now_ms);

 private:
  enum class Style { none, line_at_the_foot, line_after_line, events };

  struct Transferring {
    std::string url = {};
    std::string file = {};
    bool active = false;  // between begin() and end()
    bool was_drawn = false;
    std::string name = {};
    std::optional<std::uint64_t> total = {};
    std::uint64_t held = 0;  // before the transfer
    std::uint64_t done = 0;  // with them
    std::int64_t start_ms = 0;
    std::int64_t moved_ms = 0;  // when bytes moved last
  };

  static Style style_of(const Settings& settings);
  [[nodiscard]] bool has_events() const { return settings_.events != Events::none; }
  Transferring& at(Lane lane);
  void write(std::string_view text);
  void write_event(const Event& event) const;
  void draw(std::int64_t now_ms);
  [[nodiscard]] Progress progress(std::int64_t now_ms) const;

  const Settings& settings_;
  const Style style_;
  std::string_view result_ = {};  // "saved"
  bool has_directories_ = false;
  std::size_t files_ = 1;
  std::size_t begun_ = 0;  // jobs
  std::size_t ended_ = 0;  // jobs that did not fail
  std::size_t saved_ = 0;
  std::size_t failed_ = 0;
  std::uint64_t all_done_ = 0;     // bytes moved
  std::uint64_t saved_bytes_ = 0;  // of files that were saved
  std::int64_t began_ms_ = 0;

  std::vector<Transferring> lanes_;
  std::size_t active_ = 0;  // lanes
  std::string names_;       // "3 files", while several are active
  bool has_line_ = false;   // the line is on the screen
  std::int64_t next_draw_ms_ = 0;
  Meter meter_;                // of the transfers since the last moment without one
  std::uint64_t metered_ = 0;  // bytes that it has counted
};

}  // namespace client
