// Writing to standard error, by plain calls: a failure to write there cannot be reported.
// Covered by tests/client/screen/report_test.cc.
#include "apps/client/screen/report.h"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "apps/client/command/printable.h"
#include "apps/client/command/private_fields.h"

namespace client {

namespace {

// A transfer of less than a second needs no progress line; a person cannot read more than five
// lines a second, nor needs more than one in five seconds where lines stay.
constexpr std::int64_t delay_ms = 1000;
constexpr std::int64_t redraw_ms = 200;
constexpr std::int64_t next_line_ms = 5000;

constexpr std::string_view erase_line = "\r\033[K";

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Report::Style Report::style_of(const Settings& settings) {
  if (settings.quiet || settings.progress == ProgressMode::off) return Style::none;
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  if (!is_terminal && settings.progress != ProgressMode::on) return Style::none;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
  const char* kind = std::getenv("TERM");
  const bool erases = is_terminal && kind && *kind != '\0' && std::string_view(kind) != "dumb";
  return erases ? Style::line_at_the_foot : Style::line_after_line;
}

Report::Report(const Settings& settings) : settings_(settings), style_(style_of(settings)) {}

void Report::write(std::string_view text) {
  std::string line;
  if (std::exchange(has_line_, false)) line = erase_line;
  line += text;
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Report::error(std::string_view text) { write("quoit: " + printable(text) + "\n"); }

void Report::warn(std::string_view text) {
  if (!settings_.quiet) write("quoit: warning: " + printable(text) + "\n");
}

void Report::confirm(std::string_view text) {
  if (!settings_.quiet) write(printable(text) + "\n");
}

void Report::show_request(std::string_view head) {
  if (settings_.verbose) write(printable(shown_head(head, '>'), LineFeeds::kept));
}

void Report::show_response(std::string_view head) {
  if (settings_.verbose) write(printable(shown_head(head, '<'), LineFeeds::kept));
}

void Report::begin_files(std::size_t files, std::int64_t now_ms) {
  files_ = files;
  began_ms_ = now_ms;
}

void Report::count_saved(std::uint64_t bytes) {
  ++saved_;
  saved_bytes_ += bytes;
}

void Report::sum_up(std::int64_t now_ms) {
  if (files_ < 2) return;
  std::string text = "saved " + std::to_string(saved_) + " of " + std::to_string(files_) +
                     " files, " + format_bytes(saved_bytes_) +
                     format_pace(saved_bytes_, now_ms - began_ms_);
  if (failed_ > 0) text += "; " + std::to_string(failed_) + " failed";
  confirm(text);
}

void Report::begin(std::string_view name, std::optional<std::uint64_t> total, std::int64_t now_ms,
                   std::uint64_t held) {
  active_ = true;
  was_drawn_ = false;
  name_ = printable(name);
  total_ = total;
  done_ = held_ = held;
  start_ms_ = moved_ms_ = now_ms;
  next_draw_ms_ = now_ms + (style_ == Style::line_after_line ? next_line_ms : delay_ms);
  meter_.start(now_ms, held);
}

void Report::moved(std::uint64_t bytes, std::int64_t now_ms) {
  done_ += bytes;
  all_done_ += bytes;
  moved_ms_ = now_ms;
  meter_.note(done_, now_ms);
}

void Report::tick(std::int64_t now_ms) {
  if (active_ && style_ != Style::none && now_ms >= next_draw_ms_) draw(now_ms);
}

std::optional<std::int64_t> Report::next_tick_ms(std::int64_t now_ms) const {
  if (!active_ || style_ == Style::none) return {};
  return std::max<std::int64_t>(next_draw_ms_ - now_ms, 0);
}

void Report::draw(std::int64_t now_ms) {
  meter_.note(done_, now_ms);
  const Progress progress{.name = name_,
                          .done = done_,
                          .total = total_,
                          .rate = meter_.bytes_per_second(),
                          .still_ms = now_ms - moved_ms_,
                          .file = std::max<std::size_t>(file_, 1),
                          .files = files_,
                          .all_done = all_done_};
  was_drawn_ = true;
  if (style_ == Style::line_after_line) {
    next_draw_ms_ = now_ms + next_line_ms;
    write(format_progress(progress, terminal_columns(), Bar::hidden) + "\n");
    return;
  }
  next_draw_ms_ = now_ms + redraw_ms;
  // The last column stays empty: some terminals wrap when it is written.
  const std::string line = format_progress(progress, terminal_columns() - 1);
  write(std::string(erase_line) + line);
  has_line_ = true;
}

std::string Report::end(std::int64_t now_ms) {
  if (!std::exchange(active_, false)) return {};
  if (has_line_) write("");
  return was_drawn_ ? format_pace(done_ - held_, now_ms - start_ms_) : std::string();
}

}  // namespace client
