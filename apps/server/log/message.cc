// Formatting and writing. Covered by tests/server/log/message_test.cc and
// tests/end_to_end/notify_test.cc.
#include "apps/server/log/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace server {

namespace {

// Compared once: nothing replaces standard error while the server runs.
bool stderr_is_journal() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
  static const bool is_stream = is_journal(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
  return is_stream;
}

}  // namespace

bool is_journal(const char* journal_stream, int fd) {
  struct stat status {};
  if (!journal_stream || ::fstat(fd, &status) != 0) return false;
  const std::string_view text = journal_stream;
  const char* const end = text.data() + text.size();
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  const std::from_chars_result first = std::from_chars(text.data(), end, device);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return false;
  const std::from_chars_result second = std::from_chars(first.ptr + 1, end, inode);
  return second.ec == std::errc() && second.ptr == end && device == status.st_dev &&
         inode == status.st_ino;
}

std::string message_lines(Severity severity, std::string_view text, bool to_journal) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (to_journal) lines.append("<").append(1, static_cast<char>(severity)).append(">");
    lines.append(text.substr(begin, end - begin)).append("\n");
    begin = end + 1;
  }
  return lines;
}

void print_line(Severity severity, std::string_view text) {
  try {
    const std::string lines = message_lines(severity, text, stderr_is_journal());
    std::fwrite(lines.data(), 1, lines.size(), stderr);
  } catch (const std::bad_alloc&) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fputc('\n', stderr);
  }
}

void print_message(Severity severity, const char* format, ...) {
  std::array<char, most_message_bytes> text{"quoitd: "};
  constexpr std::size_t begin = std::string_view("quoitd: ").size();
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data() + begin, text.size() - begin, format, arguments);
  va_end(arguments);
  print_line(severity, text.data());
}

}  // namespace server
