// Unfinished file, then rename. Covered by tests/client/local/output_file_test.cc.
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
#include <sys/xattr.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "apps/client/command/plan.h"
#include "apps/client/local/part_file.h"
#include "apps/client/local/plain_files.h"
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
    case uring::Fault::exists:
      text += "it exists already, and the server chose the name; remove it, or give -o FILE";
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

// Renames a file unless another one has the name.
uring::Result rename_by_link(const char* from, const char* to) {
  if (::link(from, to) != 0) return {.value = -errno};
  ::unlink(from);
  return {};
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

// Opens the file of output.temporary, which is new.
uring::Task<ExitCode> open_random(uring::Io& io, OutputFile& output) {
  const PlainFiles plain(io);
  // For reading, too: --verify hashes what an earlier run, or several connections, have written.
  const uring::OpenHow how{.flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, .mode = 0666};
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

enum class Missing : std::uint8_t { made, left };

// Opens and locks the part file; false: it cannot be used, or there is none.
uring::Task<bool> open_part(uring::Io& io, OutputFile& output, Missing missing) {
  const PlainFiles plain(io);
  // O_RDWR: a named pipe of that name does not wait for a reader.
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  const uring::OpenHow how{
      .flags = static_cast<std::uint64_t>(missing == Missing::made ? flags | O_CREAT : flags),
      .mode = missing == Missing::made ? 0666U : 0U};
  output.temporary = part_path(output.target);
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    const uring::Result opened = co_await io.open(AT_FDCWD, output.temporary.c_str(), how);
    if (!opened.ok()) break;
    const PartLock lock = lock_part(opened.value, output.temporary);
    if (lock == PartLock::taken) {
      output.fd = opened.value;
      output.is_part = true;
      co_return true;
    }
    io.engine().close(opened.value);
    if (lock == PartLock::unusable) break;
  }
  output.temporary.clear();
  co_return false;
}

// Finds out where the output of that name belongs.
ExitCode place_output(OutputFile& output, const std::string& name, Existing& existing) {
  output.name = name;
  if (name == standard_stream || name == "/dev/stdout") {
    output.name = "standard output";
    output.is_stream = true;
    return ExitCode::ok;
  }
  existing = check(name);
  if (existing.is_directory) return fail_writing(output, {.value = -EISDIR});
  output.is_stream = existing.exists && !existing.is_regular;
  if (output.is_stream) return ExitCode::ok;
  const std::optional<std::string> target = behind_links(name);
  if (!target) return fail_writing(output, {.value = -ELOOP});
  output.target = *target;
  return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> open_output(uring::Io& io, OutputFile& output, const std::string& name) {
  Existing existing;
  output.name = name;
  if (output.makes_directories) {
    const std::error_code failure = make_directories_to(name);
    if (failure) co_return fail_writing(output, {.value = -failure.value()});
  }
  const ExitCode placed = place_output(output, name, existing);
  if (placed != ExitCode::ok) co_return placed;
  if (output.is_stream && !existing.exists) {
    output.fd = STDOUT_FILENO;
    co_return ExitCode::ok;
  }
  if (output.is_stream) {
    const ExitCode opened = co_await open_stream(io, output);
    co_return opened;
  }
  const bool has_part = co_await open_part(io, output, Missing::made);
  if (has_part) {
    const ExitCode emptied = empty_output(output);
    if (emptied != ExitCode::ok) co_await discard_output(io, output);
    if (emptied != ExitCode::ok) co_return emptied;
  } else {
    const ExitCode opened = co_await open_random(io, output);
    if (opened != ExitCode::ok) co_return opened;
  }
  if (existing.exists) ::fchmod(output.fd, existing.permissions);
  co_return ExitCode::ok;
}

uring::Task<bool> open_kept_output(uring::Io& io, OutputFile& output, const std::string& name,
                                   const std::string& url, PartRecord& kept) {
  Existing existing;
  const ExitCode placed = place_output(output, name, existing);
  if (placed != ExitCode::ok || output.is_stream) co_return false;
  const std::string record_file = record_path(part_path(output.target));
  if (::access(record_file.c_str(), F_OK) != 0) co_return false;
  const bool has_part = co_await open_part(io, output, Missing::left);
  if (!has_part) co_return false;
  // Only now that the file is locked does the record stay as it is.
  std::optional<PartRecord> record = load_record(record_file);
  struct stat facts {};
  const bool is_known = record && record->url == url && ::fstat(output.fd, &facts) == 0;
  auto size = static_cast<std::uint64_t>(facts.st_size);
  if (is_known && record->done) {
    const std::vector<ByteRange>& done = *record->done;
    const bool has_all = done.empty() || done.back().end <= size;
    size = 0;
    for (const ByteRange& range : done) size += has_all ? range.size() : 0;
  }
  if (!is_known || size == 0 || size > record->version.size.value_or(size)) {
    close_output(io.engine(), output);
    output.temporary.clear();
    output.is_part = false;
    co_return false;
  }
  kept = std::move(*record);
  output.size = size;
  output.is_recorded = true;
  if (existing.exists) ::fchmod(output.fd, existing.permissions);
  co_return true;
}

void record_output(OutputFile& output, const PartRecord& record) {
  if (output.is_part) {
    output.is_recorded = store_record(record_path(output.temporary), record);
  }
}

ExitCode empty_output(OutputFile& output) {
  if (output.is_part) ::unlink(record_path(output.temporary).c_str());
  output.is_recorded = false;
  output.size = 0;
  if (output.digest) output.digest->reset();
  return ::ftruncate(output.fd, 0) == 0 ? ExitCode::ok : fail_writing(output, {.value = -errno});
}

ExitCode take_over_target(OutputFile& output, std::uint64_t size) {
  const int error = copy_beginning(output.target, output.fd, size);
  if (error != 0) return fail_writing(output, {.value = -error});
  output.size = size;
  return ExitCode::ok;
}

bool keeps_part(const OutputFile& output) {
  return output.is_recorded && output.size >= least_kept_bytes;
}

uring::Task<ExitCode> write_output(uring::Io& io, OutputFile& output, std::string_view bytes) {
  std::optional<Interrupt::ExitsAtOnce> exits;
  std::optional<PlainFiles> plain;
  if (output.is_stream)
    exits.emplace();  // its reader may never read
  else
    plain.emplace(io);
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

ExitCode take_arrived(OutputFile& output, uring::ReceivePipe& pipe, int socket, std::uint64_t most,
                      std::uint64_t& count) {
  const std::int64_t moved = pipe.move(socket, output.fd, output.size, most);
  if (moved < 0) return fail_writing(output, {.value = static_cast<std::int32_t>(moved)});
  count = static_cast<std::uint64_t>(moved);
  output.size += count;
  return ExitCode::ok;
}

ExitCode rename_output(OutputFile& output, const std::string& name) {
  const auto in_directory_of = [&name](const std::string& path) {
    return path.substr(0, path.rfind('/') + 1) + name;
  };
  const std::string target = in_directory_of(output.target);
  if (target == output.target) return ExitCode::ok;
  struct stat facts {};
  output.name = in_directory_of(output.name);
  if (::lstat(target.c_str(), &facts) == 0) return fail_writing(output, {.value = -EEXIST});
  output.target = target;
  output.is_renamed = true;
  return ExitCode::ok;
}

int keep_origin(const OutputFile& output, const std::string& url) {
  if (output.is_stream) return 0;
  const bool is_kept =
      ::fsetxattr(output.fd, "user.xdg.origin.url", url.data(), url.size(), 0) == 0;
  return is_kept ? 0 : errno;
}

uring::Task<ExitCode> publish_output(uring::Io& io, OutputFile& output) {
  set_time(output);
  if (output.is_stream) {
    close_output(io.engine(), output);
    co_return ExitCode::ok;
  }
  const PlainFiles plain(io);
  // Before the file is closed: another process may not lock it while it has the name of the part.
  const char* const from = output.temporary.c_str();
  const char* const to = output.target.c_str();
  const unsigned flags = output.is_renamed ? RENAME_NOREPLACE : 0;
  uring::Result renamed;
  const uring::Result first = co_await io.rename(AT_FDCWD, from, AT_FDCWD, to, flags);
  renamed = first;
  if (first.error() == EINVAL && flags != 0) {  // NFS and others know no such flag
    renamed = rename_by_link(from, to);
  }
  if (!renamed.ok()) {
    const ExitCode code = fail_writing(output, renamed);
    output.is_recorded = false;
    co_await discard_output(io, output);
    co_return code;
  }
  if (output.is_recorded) ::unlink(record_path(output.temporary).c_str());
  output.temporary.clear();
  close_output(io.engine(), output);
  co_return ExitCode::ok;
}

uring::Task<> discard_output(uring::Io& io, OutputFile& output) {
  if (!output.temporary.empty() && !keeps_part(output)) {
    const PlainFiles plain(io);
    if (output.is_part) ::unlink(record_path(output.temporary).c_str());
    co_await io.unlink(AT_FDCWD, output.temporary.c_str(), 0);
  }
  output.temporary.clear();
  close_output(io.engine(), output);
}

}  // namespace client
