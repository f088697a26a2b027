// Temporary file, then rename. Covered by tests/client/jobs/get_test.cc.
#include "apps/client/local/output_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <limits.h>
#include <optional>
#include <poll.h>
#include <random>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "apps/client/command/plan.h"
#include "apps/client/session/interrupt.h"

namespace client {

namespace {

// The engine's name for "at the file's own position".
constexpr auto file_position = static_cast<std::uint64_t>(-1);
// A random name exists already once in 2^64 times; more than a few times has another cause.
constexpr int max_attempts = 8;
// As many as Linux follows (path_resolution(7)).
constexpr int max_links = 40;

ExitCode fail_writing(OutputFile& output, uring::Result result) {
  std::string text = "cannot write " + output.name + ": ";
  if (result.error() == EBADF || result.error() == ELOOP) {
    text += result.error() == EBADF ? "it is closed; redirect it to a file, or give -o FILE"
                                    : "its links lead in circles; remove them, or give -o FILE";
    output.error = exit_with(ExitCode::write_error, std::move(text));
    return ExitCode::write_error;
  }
  switch (const uring::Fault fault = result.fault()) {
    case uring::Fault::peer_gone: text += "its reader has gone"; break;
    case uring::Fault::no_space:
      text += "no space left; free some, or give -o FILE elsewhere";
      break;
    case uring::Fault::is_directory:
      text += "it is a directory; give -o DIR/ to save a file in it";
      break;
    case uring::Fault::not_found: text += "its directory does not exist; make it first"; break;
    default: text.append(uring::describe(fault)).append("; give -o FILE to write elsewhere");
  }
  output.error = exit_with(ExitCode::write_error, std::move(text));
  return code_of(output.error);
}

struct Existing {
  bool exists = false;
  bool is_directory = false;
  bool is_regular = false;
  mode_t permissions = 0;
};

// Plain calls: they return from memory, and the client has nothing else to do meanwhile.
Existing check(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return {.exists = true,
          .is_directory = S_ISDIR(facts.st_mode),
          .is_regular = S_ISREG(facts.st_mode),
          .permissions = facts.st_mode & 0777};
}

// The path of the file that symbolic links lead to, whether or not there is such a file; nothing
// where they lead in circles.
std::optional<std::string> behind_links(std::string path) {
  std::array<char, PATH_MAX> text;
  for (int links = 0; links <= max_links; ++links) {
    const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
    if (size < 0) return path;  // no link
    const std::string_view target(text.data(), static_cast<std::size_t>(size));
    path.erase(target.starts_with('/') ? 0 : path.rfind('/') + 1).append(target);
  }
  return {};
}

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::error_code make_directories_to(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory, failure);
  return failure;
}

void set_time(const OutputFile& output) {
  if (!output.modified || output.is_stream) return;
  const timespec time{.tv_sec = static_cast<time_t>(*output.modified), .tv_nsec = 0};
  const std::array<timespec, 2> times = {time, time};
  ::futimens(output.fd, times.data());  // a file system may have no such time
}

void close_output(uring::Engine& engine, OutputFile& output) {
  if (output.fd > STDERR_FILENO) engine.close(output.fd);
  output.fd = -1;
}

}  // namespace

std::string temporary_name(const std::string& target, std::uint64_t random) {
  const std::size_t slash = target.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  // The whole name stays below the 255 bytes that a name may have.
  constexpr std::size_t longest_base = 200;
  std::array<char, 32> mark;
  std::snprintf(mark.data(), mark.size(), ".%016llx.part", static_cast<unsigned long long>(random));
  return target.substr(0, base) + "." + target.substr(base, longest_base) + mark.data();
}

namespace {

uring::Task<ExitCode> open_stream(uring::Io& io, OutputFile& output) {
  output.is_stream = true;
  const uring::OpenHow how{.flags = O_WRONLY | O_CLOEXEC | O_NOCTTY};
  const Interrupt::ExitsAtOnce exits;  // a named pipe waits for its reader
  const uring::Result opened = co_await io.open(AT_FDCWD, output.name.c_str(), how);
  if (!opened.ok()) co_return fail_writing(output, opened);
  output.fd = opened.value;
  co_return ExitCode::ok;
}

uring::Task<ExitCode> open_temporary(uring::Io& io, OutputFile& output) {
  const uring::OpenHow how{.flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, .mode = 0666};
  uring::Result failure;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    output.temporary = temporary_name(output.target, random_number());
    const uring::Result opened = co_await io.open(AT_FDCWD, output.temporary.c_str(), how);
    if (opened.ok()) {
      output.fd = opened.value;
      co_return ExitCode::ok;
    }
    output.temporary.clear();
    failure = opened;
    if (failure.fault() != uring::Fault::exists) break;
  }
  co_return fail_writing(output, failure);
}

}  // namespace

uring::Task<ExitCode> open_output(uring::Io& io, OutputFile& output, const std::string& name) {
  output.name = name;
  if (name == standard_stream || name == "/dev/stdout") {
    output.name = "standard output";
    output.fd = STDOUT_FILENO;
    output.is_stream = true;
    co_return ExitCode::ok;
  }
  if (output.makes_directories) {
    const std::error_code failure = make_directories_to(name);
    if (failure) co_return fail_writing(output, {.value = -failure.value()});
  }
  const Existing existing = check(name);
  if (existing.is_directory) co_return fail_writing(output, {.value = -EISDIR});
  if (existing.exists && !existing.is_regular) {
    const ExitCode opened = co_await open_stream(io, output);
    co_return opened;
  }
  const std::optional<std::string> target = behind_links(name);
  if (!target) co_return fail_writing(output, {.value = -ELOOP});
  output.target = *target;
  const ExitCode opened = co_await open_temporary(io, output);
  if (opened == ExitCode::ok && existing.exists) ::fchmod(output.fd, existing.permissions);
  co_return opened;
}

uring::Task<ExitCode> write_output(uring::Io& io, OutputFile& output, std::string_view bytes) {
  std::optional<Interrupt::ExitsAtOnce> exits;
  if (output.is_stream) exits.emplace();  // its reader may never read
  while (!bytes.empty()) {
    const std::uint64_t offset = output.is_stream ? file_position : output.size;
    const uring::Result written = co_await io.write(output.fd, bytes, offset);
    if (written.fault() == uring::Fault::try_again) {
      pollfd polled{output.fd, POLLOUT, 0};  // another process made it non-blocking
      ::poll(&polled, 1, -1);
      continue;
    }
    if (!written.ok()) co_return fail_writing(output, written);
    output.size += written.count();
    bytes.remove_prefix(written.count());
  }
  co_return ExitCode::ok;
}

uring::Task<ExitCode> publish_output(uring::Io& io, OutputFile& output) {
  set_time(output);
  close_output(io.engine(), output);
  if (output.is_stream) co_return ExitCode::ok;
  const uring::Result renamed =
      co_await io.rename(AT_FDCWD, output.temporary.c_str(), AT_FDCWD, output.target.c_str(), 0);
  if (renamed.ok()) {
    output.temporary.clear();
    co_return ExitCode::ok;
  }
  const ExitCode code = fail_writing(output, renamed);
  co_await discard_output(io, output);
  co_return code;
}

uring::Task<> discard_output(uring::Io& io, OutputFile& output) {
  close_output(io.engine(), output);
  if (output.temporary.empty()) co_return;
  co_await io.unlink(AT_FDCWD, output.temporary.c_str(), 0);
  output.temporary.clear();
}

}  // namespace client
