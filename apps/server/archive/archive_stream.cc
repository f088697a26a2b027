// Covered by tests/server/archive/archive_stream_test.cc and tests/end_to_end/archive_test.cc.
#include "apps/server/archive/archive_stream.h"

#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <sys/resource.h>
#include <utility>

#include "apps/server/files/file_system.h"
#include "uring/monotonic.h"

namespace server {

using State = Streamed::State;

namespace {

// The niceness of the threads: a worker that has a request gets the CPU first.
constexpr int niceness = 15;

// The locale of this thread while it exists, which libarchive takes the character set from.
class ThreadLocale {
 public:
  explicit ThreadLocale(locale_t locale) : before_(locale ? ::uselocale(locale) : nullptr) {}
  ~ThreadLocale() {
    if (before_) ::uselocale(before_);
  }
  ThreadLocale(const ThreadLocale&) = delete;
  ThreadLocale& operator=(const ThreadLocale&) = delete;

 private:
  const locale_t before_;
};

// Whether a file that is reported as empty has content nevertheless, as the files of procfs have.
// GET does not serve it.
bool hides_its_size(int file) {
  std::array<char, 1> byte{};
  return read_at(file, byte, 0) > 0;
}

}  // namespace

ArchiveStream::ArchiveStream(ArchiveFormat format, TreeWalk walk, Archives* archives,
                             WorkerCounters* counters)
    : Streamed(archives ? &archives->threads : nullptr),
      archives_(archives),
      counters_(counters),
      walk_(std::move(walk)),
      writer_(format) {
  if (counters_) counters_->archives_in_flight.add();
}

ArchiveStream::~ArchiveStream() {
  if (archives_) archives_->leave();
  if (counters_) counters_->archives_in_flight.set(counters_->archives_in_flight.read() - 1);
}

void ArchiveStream::end(bool is_whole) {
  if (!counters_) return;
  const ArchiveResult result = is_whole                  ? ArchiveResult::sent
                               : state_ == State::failed ? ArchiveResult::broken
                                                         : ArchiveResult::aborted;
  counters_->archives[static_cast<std::size_t>(result)].add();
}

// On Linux, setpriority(2) with 0 is about the calling thread.
void ArchiveStream::run() noexcept {
  if (archives_) ::setpriority(PRIO_PROCESS, 0, niceness);
  const ThreadLocale locale(archives_ ? archives_->utf8 : nullptr);
  try {
    make_step();
  } catch (const std::bad_alloc&) {
    state_ = State::failed;
  }
}

void ArchiveStream::make_step() {
  writer_.clear();
  const std::int64_t until_us = uring::monotonic_us() + step_us;
  do {
    state_ = advance();
  } while (state_ == State::more && writer_.bytes().size() < step_bytes &&
           uring::monotonic_us() < until_us);
}

// Reads one entry or a piece of a file.
State ArchiveStream::advance() {
  if (left_ > 0) return add_content();
  const TreeWalk::Step step = walk_.next();
  switch (step) {
    case TreeWalk::Step::nothing: return State::more;
    case TreeWalk::Step::failed: return State::failed;
    case TreeWalk::Step::end: return writer_.finish() ? State::done : State::failed;
    default: return begin_entry(step);
  }
}

State ArchiveStream::begin_entry(TreeWalk::Step step) {
  const bool is_directory = step == TreeWalk::Step::directory;
  const struct stat& status = walk_.status();
  if (!is_directory && status.st_size == 0 && hides_its_size(walk_.file())) return State::more;
  const ArchiveItem item{
      .path = walk_.path(),
      .is_directory = is_directory,
      .is_executable = (status.st_mode & S_IXUSR) != 0,
      .size = is_directory ? 0 : static_cast<std::uint64_t>(status.st_size),
      .mtime_seconds = facts_in(status).mtime_seconds(),
  };
  if (!writer_.begin(item)) return State::failed;
  offset_ = 0;
  left_ = item.size;
  return left_ > 0 || writer_.end_entry() ? State::more : State::failed;
}

// A piece stays in the cache of the processor between the copy and the encoder.
State ArchiveStream::add_content() {
  std::array<char, 65536> piece;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left_));
  const ssize_t count = read_at(walk_.file(), std::span(piece).first(most), offset_);
  if (count <= 0) return State::failed;  // it has become shorter, or cannot be read
  const auto size = static_cast<std::size_t>(count);
  if (!writer_.add({piece.data(), size})) return State::failed;
  offset_ += size;
  left_ -= size;
  return left_ > 0 || writer_.end_entry() ? State::more : State::failed;
}

}  // namespace server
