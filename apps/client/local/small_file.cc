// Covered by tests/client/local/small_file_test.cc.
#include "apps/client/local/small_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "apps/options/messages.h"
#include "uring/fd.h"
#include "uring/result.h"

namespace client {

namespace {

// A list of some 200,000 URLs.
constexpr std::size_t most_list_bytes = 16 << 20;

std::string name_of(const std::string& path) {
  return path == standard_stream ? "standard input" : options::shown(path);
}

ExitReason unreadable(const std::string& path, int error) {
  return exit_with(ExitCode::read_error,
                   "cannot read " + name_of(path) + ": " + uring::error_text(error));
}

}  // namespace

ExitReason read_small_file(const std::string& path, std::size_t most_bytes, std::string& text) {
  const bool is_stdin = path == standard_stream;
  const uring::Fd file(is_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!is_stdin && !file.valid()) return unreadable(path, errno);
  std::array<char, 4096> piece{};
  while (text.size() <= most_bytes) {
    const ssize_t got = ::read(is_stdin ? STDIN_FILENO : file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) return {};
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return exit_with(ExitCode::read_error, name_of(path) + " is larger than " +
                                             std::to_string(most_bytes >> 20) +
                                             " MiB: is it the right file?");
}

bool read_whole(int fd, std::size_t most_bytes, std::string& text) {
  std::array<char, 4096> piece;
  text.clear();
  while (text.size() <= most_bytes) {
    const ssize_t count = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return false;
}

bool write_whole(int fd, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const std::string_view rest = text.substr(done);
    const ssize_t count = ::pwrite(fd, rest.data(), rest.size(), static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

ExitReason read_url_list(Arguments& arguments) {
  if (arguments.url_list.empty()) return {};
  std::string list;
  ExitReason reason = read_small_file(arguments.url_list, most_list_bytes, list);
  if (!reason) add_urls(list, arguments);
  return reason;
}

}  // namespace client
