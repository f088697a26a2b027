// Writing to standard error, by plain calls: a failure to write there cannot be reported.
// Covered by tests/client/run_test.cc.
#include "apps/client/screen/report.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "apps/client/command/private_fields.h"

namespace client {

namespace {

// A transfer of less than a second needs no progress line; a person cannot read more than five
// lines a second.
constexpr std::int64_t delay_ms = 1000;
constexpr std::int64_t between_draws_ms = 200;

constexpr std::string_view erase_line = "\r\033[K";

bool wants_progress(const Settings& settings) {
  if (settings.quiet) return false;
  if (settings.progress != ProgressMode::automatic) return settings.progress == ProgressMode::on;
  return ::isatty(STDERR_FILENO) == 1;
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Report::Report(const Settings& settings)
    : settings_(settings), shows_progress_(wants_progress(settings)) {}

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

void Report::error(std::string_view text) { write("quoit: " + std::string(text) + "\n"); }

void Report::warn(std::string_view text) {
  if (!settings_.quiet) write("quoit: warning: " + std::string(text) + "\n");
}

void Report::confirm(std::string_view text) {
  if (!settings_.quiet) write(std::string(text) + "\n");
}

void Report::show_request(std::string_view head) {
  if (settings_.verbose) write(shown_head(head, '>'));
}

void Report::show_response(std::string_view head) {
  if (settings_.verbose) write(shown_head(head, '<'));
}

void Report::begin(std::string name, std::optional<std::uint64_t> total, std::int64_t now_ms) {
  active_ = true;
  name_ = std::move(name);
  total_ = total;
  done_ = 0;
  next_draw_ms_ = now_ms + delay_ms;
  meter_.start(now_ms);
}

void Report::moved(std::uint64_t bytes, std::int64_t now_ms) {
  done_ += bytes;
  meter_.note(done_, now_ms);
  if (active_ && shows_progress_ && now_ms >= next_draw_ms_) draw(now_ms);
}

void Report::draw(std::int64_t now_ms) {
  next_draw_ms_ = now_ms + between_draws_ms;
  const Progress progress{
      .name = name_, .done = done_, .total = total_, .rate = meter_.bytes_per_second()};
  // The last column stays empty: some terminals wrap when it is written.
  const std::string line = format_progress(progress, terminal_columns() - 1);
  write(std::string(erase_line) + line);
  has_line_ = true;
}

void Report::end() {
  active_ = false;
  if (has_line_) write("");
}

}  // namespace client
