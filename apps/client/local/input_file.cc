// Reading the body of an upload. Covered by tests/client/local/input_file_test.cc.
#include "apps/client/local/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "apps/client/command/plan.h"
#include "apps/client/local/plain_files.h"
#include "apps/client/session/interrupt.h"

namespace client {

namespace {

// Most bytes of data in one piece: enough that its system calls cost little beside its bytes.
constexpr std::size_t data_bytes = 64 * 1024;
// "ffffffff\r\n" in front of a chunk, "\r\n" behind it.
constexpr std::size_t front_bytes = 16;
constexpr std::size_t back_bytes = 2;
constexpr std::string_view last_chunk = "0\r\n\r\n";

// The engine's name for "at the file's own position".
constexpr auto file_position = static_cast<std::uint64_t>(-1);

ExitCode fail_reading(InputFile& input, std::string_view why) {
  input.error =
      exit_with(ExitCode::read_error, "cannot read " + input.name + ": " + std::string(why));
  return code_of(input.error);
}

ExitCode fail_reading(InputFile& input, uring::Result read) {
  if (read.error() != EBADF) return fail_reading(input, uring::describe(read.fault()));
  return fail_reading(input, "it is closed; redirect a file into it, or name the file");
}

FileVersion version_of(const struct stat& facts) {
  return {.size = static_cast<std::uint64_t>(facts.st_size),
          .modified_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec,
          .inode = facts.st_ino};
}

// The place of the data in the buffer.
std::span<char> space_of(InputFile& input) {
  return std::span(input.buffer)
      .subspan(front_bytes, input.buffer.size() - front_bytes - back_bytes);
}

// A piece of a small file is the whole file.
void make_space(InputFile& input) {
  std::size_t bytes = data_bytes;
  if (input.length > 0) {
    bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, input.length));
  }
  input.buffer.resize(front_bytes + bytes + back_bytes);
}

// Says whether opening and reading the file waits for no other process.
bool names_regular_file(const std::string& name) {
  struct stat facts {};
  return ::stat(name.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

// Finds out whether the open file is a stream, and its length where it is none.
ExitCode check_input(InputFile& input) {
  struct stat facts {};
  if (::fstat(input.fd, &facts) != 0) {
    return fail_reading(input, uring::describe(uring::fault_of(errno)));
  }
  if (S_ISDIR(facts.st_mode)) {
    return fail_reading(input, "it is a directory; name a file in it");
  }
  input.is_regular = S_ISREG(facts.st_mode);
  input.is_stream = !input.is_regular;
  input.length = input.is_regular ? static_cast<std::uint64_t>(facts.st_size) : 0;
  input.modified = input.is_regular ? facts.st_mtim.tv_sec : 0;
  input.version = version_of(facts);
  return ExitCode::ok;
}

// Puts the frame of a chunk around the `count` bytes of data in the buffer. RFC 9112 7.1.
std::string_view framed(std::vector<char>& buffer, std::size_t count) {
  if (count == 0) return last_chunk;
  std::array<char, front_bytes + 1> size{};
  const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", count);
  char* begin = buffer.data() + front_bytes - digits;
  std::memcpy(begin, size.data(), static_cast<std::size_t>(digits));
  std::memcpy(buffer.data() + front_bytes + count, "\r\n", back_bytes);
  return {begin, static_cast<std::size_t>(digits) + count + back_bytes};
}

// Makes the next piece of the `count` bytes of data in the buffer.
void take_piece(InputFile& input, std::size_t count) {
  input.size += count;
  input.at_end = input.is_stream ? count == 0 : input.size == input.end;
  input.piece = input.is_stream ? framed(input.buffer, count)
                                : std::string_view(input.buffer.data() + front_bytes, count);
}

// Reads the first piece of a regular file, and finds out its length.
uring::Task<ExitCode> read_front(uring::Io& io, InputFile& input) {
  const PlainFiles plain(io);
  const std::span<char> all = space_of(input);
  while (input.read_ahead < all.size()) {
    const std::span<char> space = all.subspan(input.read_ahead);
    const uring::Result read = co_await io.read(input.fd, space, input.read_ahead);
    if (!read.ok()) co_return fail_reading(input, read);
    input.read_ahead += read.count();
    if (read.count() > 0) continue;
    input.length = input.read_ahead;
    input.at_end = input.length == 0;
    co_return ExitCode::ok;
  }
  input.is_stream = input.length == 0;
  co_return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> open_input(uring::Io& io, InputFile& input, const std::string& name) {
  input.name = name;
  if (name == standard_stream || name == "/dev/stdin") {
    input.name = "standard input";
    input.fd = STDIN_FILENO;
    input.is_stream = true;
    make_space(input);
    co_return ExitCode::ok;
  }
  std::optional<PlainFiles> plain;
  if (names_regular_file(name)) plain.emplace(io);
  const uring::OpenHow how{.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY};
  const Interrupt::ExitsAtOnce exits;  // a named pipe waits for its writer
  const uring::Result opened = co_await io.open(AT_FDCWD, input.name.c_str(), how);
  if (!opened.ok()) {
    const bool circles = opened.error() == ELOOP;
    const std::string why(circles ? "its links lead in circles" : uring::describe(opened.fault()));
    co_return fail_reading(input, why + "; check the path");
  }
  input.fd = opened.value;
  const ExitCode checked = check_input(input);
  make_space(input);
  if (checked != ExitCode::ok || !input.is_regular) co_return checked;
  const ExitCode read = co_await read_front(io, input);
  input.end = input.length;
  co_return read;
}

void take_read_ahead(InputFile& input) { take_piece(input, std::exchange(input.read_ahead, 0)); }

void pass_input(InputFile& input, std::uint64_t count) {
  input.size += count;
  input.piece = {};
  input.at_end = input.size == input.end;
}

uring::Task<ExitCode> read_piece(uring::Io& io, InputFile& input, std::size_t most) {
  if (input.read_ahead > 0) {
    take_read_ahead(input);
    co_return ExitCode::ok;
  }
  std::optional<PlainFiles> plain;
  if (input.is_regular) plain.emplace(io);
  std::span<char> space = space_of(input);
  space = space.first(std::min(space.size(), most));
  if (!input.is_stream) {
    space = space.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), input.end - input.size)));
  }
  const std::uint64_t offset = input.is_regular ? input.size : file_position;
  const uring::Result read = co_await io.read(input.fd, space, offset);
  if (read.fault() == uring::Fault::try_again) {
    pollfd polled{input.fd, POLLIN, 0};  // another process made the stream non-blocking
    const Interrupt::ExitsAtOnce exits;
    ::poll(&polled, 1, -1);
    input.piece = {};
    co_return ExitCode::ok;
  }
  if (!read.ok()) co_return fail_reading(input, read);
  if (!input.is_stream && read.count() == 0) {
    co_return fail_reading(input, "it became shorter while it was sent; send it again");
  }
  take_piece(input, read.count());
  co_return ExitCode::ok;
}

void seek_input(InputFile& input, std::uint64_t begin, std::uint64_t end) {
  const bool has_front = input.size == 0 && begin == 0 && input.read_ahead <= end;
  if (!has_front) input.read_ahead = 0;
  input.size = begin;
  input.end = end;
  input.piece = {};
  input.at_end = !input.is_stream && begin == end;
}

std::string_view front_of(const InputFile& input) {
  return std::string_view(input.buffer.data() + front_bytes, input.read_ahead);
}

bool has_changed(const InputFile& input) {
  struct stat facts {};
  return ::fstat(input.fd, &facts) != 0 || version_of(facts) != input.version;
}

void close_input(uring::Engine& engine, InputFile& input) {
  if (input.fd > STDERR_FILENO) engine.close(input.fd);
  input.fd = -1;
}

}  // namespace client
