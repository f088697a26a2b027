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
constexpr std::int64_t next_event_ms = 1000;

constexpr std::string_view erase_line = "\r\033[K";

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Report::Style Report::style_of(const Settings& settings) {
  if (settings.events != Events::none) return Style::events;
  if (settings.quiet || settings.progress == ProgressMode::off) return Style::none;
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  if (!is_terminal && settings.progress != ProgressMode::on) return Style::none;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
  const char* kind = std::getenv("TERM");
  const bool erases = is_terminal && kind && *kind != '\0' && std::string_view(kind) != "dumb";
  return erases ? Style::line_at_the_foot : Style::line_after_line;
}

Report::Report(const Settings& settings) : settings_(settings), style_(style_of(settings)) {}

Report::Transferring& Report::at(Lane lane) {
  if (lanes_.size() <= lane) lanes_.resize(lane + 1);
  return lanes_[lane];
}

void Report::write(std::string_view text) {
  std::string line;
  if (std::exchange(has_line_, false)) line = erase_line;
  write_all(STDERR_FILENO, line.append(text));
}

void Report::write_event(const Event& event) const {
  const bool is_out = settings_.events == Events::standard_output;
  write_all(is_out ? STDOUT_FILENO : STDERR_FILENO, event_line(event));
}

void Report::error(const ExitReason& reason) {
  if (has_events()) {
    write_event({.event = "error", .exit = reason.status, .message = reason.text});
  } else {
    write("quoit: " + printable(reason.text) + "\n");
  }
}

void Report::warn(std::string_view text) {
  if (has_events()) {
    write_event({.event = "warning", .message = text});
  } else if (!settings_.quiet) {
    write("quoit: warning: " + printable(text) + "\n");
  }
}

void Report::confirm(std::string_view text) {
  if (!settings_.quiet && !has_events()) write(printable(text) + "\n");
}

void Report::show_request(std::string_view head) {
  if (settings_.verbose) write(printable(shown_head(head, '>'), LineFeeds::kept));
}

void Report::show_response(std::string_view head) {
  if (settings_.verbose) write(printable(shown_head(head, '<'), LineFeeds::kept));
}

// --- The run ---

void Report::begin_files(std::size_t files, std::string_view result, std::int64_t now_ms) {
  files_ = files;
  result_ = result;
  began_ms_ = now_ms;
}

void Report::begin_job(Lane lane, std::string_view url, std::string_view file) {
  ++begun_;
  at(lane) = {.url = std::string(url), .file = std::string(file)};
}

void Report::begin_directory(Lane lane, std::string_view url, std::string_view directory) {
  has_directories_ = true;
  at(lane) = {.url = std::string(url), .file = std::string(directory)};
}

void Report::end_directory(Lane lane, std::int64_t now_ms) { end(lane, now_ms); }

void Report::count_saved(std::uint64_t bytes) {
  ++saved_;
  saved_bytes_ += bytes;
}

void Report::end_job(Lane lane, std::optional<int> status, std::string_view etag,
                     std::int64_t now_ms) {
  end(lane, now_ms);
  ++ended_;
  if (!has_events()) return;
  const Transferring& one = at(lane);
  write_event({.event = "done",
               .url = one.url,
               .file = one.file,
               .bytes = one.done,
               .status = status,
               .etag = etag});
}

void Report::fail_job(Lane lane, const ExitReason& reason, std::optional<int> status,
                      std::int64_t now_ms) {
  end(lane, now_ms);
  ++failed_;
  const Transferring& one = at(lane);
  if (has_events()) {
    write_event({.event = "error",
                 .url = one.url,
                 .file = one.file,
                 .status = status,
                 .exit = reason.status,
                 .message = reason.text});
    return;
  }
  const bool is_named = files_ == 1 || reason.text.find(one.url) != std::string::npos;
  error(is_named ? reason : ExitReason{reason.status, one.url + ": " + reason.text});
}

void Report::retry_job(Lane lane, std::string_view text, std::int64_t now_ms) {
  end(lane, now_ms);
  const Transferring& one = at(lane);
  if (has_events()) {
    write_event({.event = "retry", .url = one.url, .file = one.file, .message = text});
    return;
  }
  const bool is_named = files_ == 1 || text.find(one.url) != std::string_view::npos;
  warn(is_named ? std::string(text) : one.url + ": " + std::string(text));
}

void Report::show_entry(std::string_view url, std::string_view name, std::string_view type,
                        std::optional<std::uint64_t> size, std::string_view modified) const {
  write_event({.event = "entry",
               .url = url,
               .name = name,
               .type = type,
               .bytes = size,
               .modified = modified});
}

void Report::show_action(std::string_view word, std::string_view url, std::string_view file) const {
  write_event({.event = "planned", .url = url, .file = file, .type = word});
}

void Report::sum_up(int exit, std::int64_t now_ms) {
  if (has_events()) {
    write_event(
        {.event = "summary", .bytes = all_done_, .files = ended_, .failed = failed_, .exit = exit});
    return;
  }
  if (result_.empty() || files_ == 0 || (files_ == 1 && !has_directories_)) return;
  std::string text(result_);
  text += " " + std::to_string(saved_) + " of " + std::to_string(files_) + " files";
  if (result_ != "deleted") {
    text += ", " + format_bytes(saved_bytes_) + format_pace(saved_bytes_, now_ms - began_ms_);
  }
  if (failed_ > 0) text += "; " + std::to_string(failed_) + " failed";
  confirm(text);
}

// --- Progress ---

void Report::begin(Lane lane, std::string_view name, std::optional<std::uint64_t> total,
                   std::int64_t now_ms, std::uint64_t held) {
  Transferring& one = at(lane);
  if (!std::exchange(one.active, true)) ++active_;
  one.was_drawn = false;
  one.name = printable(name);
  one.total = total;
  one.done = one.held = held;
  one.start_ms = one.moved_ms = now_ms;
  names_ = std::to_string(active_) + " files";
  if (has_events()) {
    write_event(
        {.event = "start", .url = one.url, .file = one.file, .bytes = held, .total = total});
  }
  if (active_ > 1) return;
  next_draw_ms_ = now_ms + (style_ == Style::line_after_line ? next_line_ms : delay_ms);
  metered_ = 0;
  meter_.start(now_ms);
}

void Report::moved(Lane lane, std::uint64_t bytes, std::int64_t now_ms) {
  Transferring& one = at(lane);
  one.done += bytes;
  one.moved_ms = now_ms;
  all_done_ += bytes;
  metered_ += bytes;
  meter_.note(metered_, now_ms);
}

void Report::tick(std::int64_t now_ms) {
  if (active_ > 0 && style_ != Style::none && now_ms >= next_draw_ms_) draw(now_ms);
}

std::optional<std::int64_t> Report::next_tick_ms(std::int64_t now_ms) const {
  if (active_ == 0 || style_ == Style::none) return {};
  return std::max<std::int64_t>(next_draw_ms_ - now_ms, 0);
}

// The one transfer that is active, or the sum of several.
Progress Report::progress(std::int64_t now_ms) const {
  Progress sum{.total = 0, .rate = meter_.bytes_per_second(), .still_ms = now_ms};
  for (const Transferring& one : lanes_) {
    if (!one.active) continue;
    sum.name = active_ == 1 ? one.name : names_;
    sum.done += one.done;
    sum.total = sum.total && one.total ? std::optional(*sum.total + *one.total) : std::nullopt;
    sum.still_ms = std::min(sum.still_ms, now_ms - one.moved_ms);
  }
  sum.file = std::max<std::size_t>(begun_, 1);
  sum.files = files_;
  sum.all_done = all_done_;
  return sum;
}

void Report::draw(std::int64_t now_ms) {
  meter_.note(metered_, now_ms);
  for (Transferring& one : lanes_) {
    if (!one.active) continue;
    one.was_drawn = true;
    if (style_ != Style::events) continue;
    write_event({.event = "progress",
                 .url = one.url,
                 .file = one.file,
                 .bytes = one.done,
                 .total = one.total});
  }
  if (style_ == Style::events) {
    next_draw_ms_ = now_ms + next_event_ms;
  } else if (style_ == Style::line_after_line) {
    next_draw_ms_ = now_ms + next_line_ms;
    write(format_progress(progress(now_ms), terminal_columns(), Bar::hidden) + "\n");
  } else {
    next_draw_ms_ = now_ms + redraw_ms;
    // The last column stays empty: some terminals wrap when it is written.
    const std::string line = format_progress(progress(now_ms), terminal_columns() - 1);
    write(std::string(erase_line) + line);
    has_line_ = true;
  }
}

std::string Report::end(Lane lane, std::int64_t now_ms) {
  Transferring& one = at(lane);
  if (!std::exchange(one.active, false)) return {};
  --active_;
  names_ = std::to_string(active_) + " files";
  if (has_line_) write("");
  return one.was_drawn ? format_pace(one.done - one.held, now_ms - one.start_ms) : std::string();
}

}  // namespace client
