// The functions that all engines share. Covered by tests/uring/engine_test.cc and file_test.cc.
#include "uring/engine.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>

#include <climits>

#include "uring/plain_calls.h"

namespace uring {

// Plain calls: io_uring gives all but some opens to a kernel worker. The worker has nothing to wait
// for, and costs more than the work (create, close and rename: 9,580 ns instead of 3,994).
bool Engine::finish_now(Operation& operation) {
  assert(works_on_files(operation.code));
  operation.result = Result{};
  return call_in_memory(operation, operation.result.value);
}

// A signal may interrupt a call to a file system on a network.
void Engine::finish_plainly(Operation& operation) {
  operation.result = Result{};
  do {
    operation.result.value = call_plainly(operation);
  } while (operation.result.value == -EINTR);
}

// A plain call, since io_uring has no statvfs. A local file system computes the result from memory.
std::int64_t Engine::measure_free_bytes(int fd) {
  struct statvfs status {};
  if (::fstatvfs(fd, &status) != 0 || status.f_blocks == 0) return -1;
  const std::uint64_t most = INT64_MAX / (status.f_frsize > 0 ? status.f_frsize : 1);
  const std::uint64_t blocks = status.f_bavail < most ? status.f_bavail : most;
  return static_cast<std::int64_t>(blocks * status.f_frsize);
}

std::int64_t Engine::free_bytes(int fd) { return measure_free_bytes(fd); }

// A plain call, which is rare. TCP counts the bytes that are not acknowledged, a unix socket those
// that its peer has not read.
std::size_t Engine::unconfirmed_bytes(int fd) {
  int bytes = 0;
  if (::ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

// A socket of another family than TCP ignores this.
void Engine::reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// A socket of another family than TCP has no such option.
void Engine::limit_stalls(int fd, Milliseconds duration) {
  const auto limit_ms = static_cast<unsigned>(std::clamp<Milliseconds>(duration, 1, INT_MAX));
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
}

}  // namespace uring
