// Every single system call and every allocation of the expiry of uploads, and of the sweep at the
// start, fails once, and in further runs with all later ones.
//
// Afterwards no upload has lost a byte before its time, no file is torn, no descriptor has leaked;
// and the next round, without failures, removes all that has expired. The calls are replaced by the
// linker (--wrap in CMakeLists.txt), because a thread makes them and no engine.
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <fcntl.h>
#include <new>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/expire_uploads.h"
#include "apps/server/files/sweep.h"
#include "apps/server/plan/upload_state.h"
#include "tests/server/failing_allocations.h"
#include "tests/server/world.h"

namespace {

// Which of the calls that are counted fails, and how. 0: none.
struct Calls {
  bool counts = false;
  std::size_t count = 0;
  std::size_t first_failure = 0;
  bool later_ones_fail = false;
  int error = 0;
};
Calls calls;

// Counts a call. True: it is to fail, and errno is set.
bool fails() {
  if (!calls.counts) return false;
  ++calls.count;
  const bool is_behind = calls.first_failure > 0 && calls.count > calls.first_failure;
  if (calls.count != calls.first_failure && !(calls.later_ones_fail && is_behind)) return false;
  errno = calls.error;
  return true;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl50-cpp): the names that --wrap requires
extern "C" {
int __real_unlinkat(int directory, const char* name, int flags);
int __real_flock(int fd, int operation);
int __real_fstat(int fd, struct stat* status);
int __real_fstatat(int directory, const char* name, struct stat* status, int flags);
int __real_faccessat(int directory, const char* name, int mode, int flags);
ssize_t __real_read(int fd, void* memory, size_t bytes);
long __real_syscall(long number, ...);

int __wrap_unlinkat(int directory, const char* name, int flags) {
  return fails() ? -1 : __real_unlinkat(directory, name, flags);
}
int __wrap_flock(int fd, int operation) { return fails() ? -1 : __real_flock(fd, operation); }
int __wrap_fstat(int fd, struct stat* status) { return fails() ? -1 : __real_fstat(fd, status); }
int __wrap_fstatat(int directory, const char* name, struct stat* status, int flags) {
  return fails() ? -1 : __real_fstatat(directory, name, status, flags);
}
int __wrap_faccessat(int directory, const char* name, int mode, int flags) {
  return fails() ? -1 : __real_faccessat(directory, name, mode, flags);
}
ssize_t __wrap_read(int fd, void* memory, size_t bytes) {
  return fails() ? -1 : __real_read(fd, memory, bytes);
}
// openat2(2), which has four arguments.
long __wrap_syscall(long number, ...) {
  std::array<long, 6> arguments{};
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (fails()) return -1;
  return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                        arguments[4], arguments[5]);
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl50-cpp)

namespace server {
namespace {

constexpr std::int64_t expiry_s = 100;
constexpr std::string_view bytes = "acknowledged bytes";

// A directory with uploads of each kind: one that goes on, one that has expired below directories
// that it has made, one that is finished and has expired, and one without a state.
class Uploads {
 public:
  Uploads() {
    folder_.put("file", "whole");
    lay("keep", 1, 50, 0);
    lay("a/b/c", 2, 1000, 2);
    lay("", 3, 1000, 0);
    std::filesystem::remove(folder_ / name(3, UploadName::part));
    lay("", 4, 1000, 0);
    std::filesystem::remove(folder_ / name(4, UploadName::state));
    folder_.put("a/other", "x");
    before_ = free_descriptor();
  }

  void expire(std::int64_t later_ms = 0) {
    expire_uploads(folder_.fd(), *registry_, expiry_s, file_time_ms() + later_ms);
  }
  // As the next start does, which knows nothing of the one before.
  void sweep_all() {
    registry_.emplace();
    sweep(folder_.fd(), {.upload_expiry_s = expiry_s}, {}, &*registry_);
  }

  // After any failures.
  void check() const {
    EXPECT_EQ(folder_.get("keep/" + name(1, UploadName::part)), bytes);
    EXPECT_TRUE(folder_.has("keep/" + name(1, UploadName::state)));
    EXPECT_EQ(folder_.get("file"), "whole");
    EXPECT_EQ(folder_.get("a/other"), "x");
    EXPECT_EQ(free_descriptor(), before_) << "a descriptor is left";
  }
  // After a round without failures. `directories`: those that an upload has made are gone, too.
  void check_all_is_done(bool directories) const {
    for (const std::string& path : folder_.names()) {
      const bool is_of_upload = path.find(".quoit-") != std::string::npos;
      EXPECT_TRUE(!is_of_upload || path.starts_with("keep/")) << path;
      EXPECT_FALSE(directories && path.starts_with("a/b")) << path;
    }
    EXPECT_EQ(registry_->size(), 1U);
  }

 private:
  static std::string name(std::uint64_t id, UploadName which) {
    return name_of_upload(upload_id(0, id), which).data();
  }
  static int free_descriptor() {
    const int fd = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    ::close(fd);
    return fd;
  }
  void lay(const std::string& directory, std::uint64_t id, std::int64_t age_s,
           std::size_t parents) {
    const lab::Request origin(lab::head_of("PUT", "/x"));
    std::vector<char> buffer(most_state_bytes);
    const UploadState state{
        .leaf = "x", .parents = parents, .is_complete = id == 3, .facts = lab::old_facts};
    const std::string begin = directory.empty() ? "" : directory + "/";
    const std::int64_t changed_s = file_time_ms() / 1000 - age_s;
    folder_.put(begin + name(id, UploadName::state), write_upload_state(state, origin.head, buffer),
                changed_s);
    folder_.put(begin + name(id, UploadName::part), bytes, changed_s);
    registry_->add({.directory = directory.empty() ? "." : directory, .id = upload_id(0, id)});
  }

  lab::Folder folder_;
  std::optional<UploadRegistry> registry_{std::in_place};
  int before_ = -1;
};

using Work = void (*)(Uploads&);

void expire_once(Uploads& uploads) { uploads.expire(); }
void expire_later(Uploads& uploads) { uploads.expire(10'000); }
void start(Uploads& uploads) {
  uploads.sweep_all();
  uploads.expire();
}

// Does the work with that failure, and then `repair` without one.
void fail(Work work, std::size_t number, int error, bool all, Work repair) {
  SCOPED_TRACE("call " + std::to_string(number) + ", errno " + std::to_string(error) +
               (all ? ", and all later ones" : ""));
  Uploads uploads;
  calls = {.counts = true, .first_failure = number, .later_ones_fail = all, .error = error};
  work(uploads);
  calls.counts = false;
  uploads.check();
  repair(uploads);
  uploads.check();
  uploads.check_all_is_done(repair == expire_later);
}

std::size_t count_calls(Work work) {
  Uploads uploads;
  calls = {.counts = true};
  work(uploads);
  calls.counts = false;
  uploads.check_all_is_done(true);
  return calls.count;
}

void fail_every_call(Work work, Work repair) {
  const std::size_t count = count_calls(work);
  ASSERT_GT(count, 10U);
  for (std::size_t n = 1; n <= count && !::testing::Test::HasFailure(); ++n) {
    for (const int error : {EIO, EMFILE}) {
      fail(work, n, error, false, repair);
      fail(work, n, error, true, repair);
    }
  }
}

TEST(ExpiryFaults, of_any_call_of_the_expiry_lose_nothing_and_are_mended_by_the_next_round) {
  fail_every_call(expire_once, expire_later);
}

// A start does not know how many directories an upload has made whose state was removed before.
TEST(ExpiryFaults, of_any_call_of_a_start_lose_nothing_and_are_mended_by_the_next_start) {
  fail_every_call(start, start);
}

TEST(ExpiryFaults, of_any_allocation_lose_nothing_and_are_mended_later) {
  for (std::size_t n = 1; !::testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    Uploads uploads;
    std::size_t made = 0;
    {
      const lab::Scarce scarce(n, false);
      try {
        uploads.expire();
      } catch (const std::bad_alloc&) {
      }
      made = lab::allocations;
    }
    uploads.check();
    uploads.expire(10'000);
    uploads.check();
    uploads.check_all_is_done(true);
    if (made < n) break;
  }
}

}  // namespace
}  // namespace server
