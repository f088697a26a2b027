// Ring: the io_uring engine.
//
// One ring for one thread. Set-up asks for what suits a single-threaded loop (single issuer,
// deferred task work, cooperative task running) and peels these off, best last, where the kernel
// knows them not. Completions are copied out and the queue advanced before anyone sees them.
// Receives take their buffer from a kernel buffer ring backed by a BufferPool; when the group runs
// empty the pool grows and the receive starts again, unseen by the caller.
// Covered by tests/uring/ring_test.cc, and like Epoll by engine_test.cc, file_test.cc, loop_test.cc
// and stress_test.cc.
#pragma once

#include <memory>
#include <string>

#include <liburing.h>

#include "uring/buffer_pool.h"
#include "uring/engine.h"

namespace uring {

struct RingOptions {
  unsigned submission_entries = 256;   // started operations between two enters; more flush early
  unsigned completion_entries = 4096;  // multishot accepts complete many times for one entry
  unsigned kernel_workers = 4;         // io-wq threads for file work, bounded and unbounded each
};

// Why there is no ring. `error` is the errno of the call that failed; make_engine() serves by epoll
// where it is a refusal.
struct Refusal {
  int error = 0;
  std::string advice;  // one line: the cause (kernel, sysctl or seccomp profile) and what to do
};

// Says in one line why io_uring_setup(2) answered `error`, from the kernel's version, the sysctl
// kernel.io_uring_disabled and this process's seccomp state.
std::string explain_refusal(int error);

class Ring final : public Engine {
 public:
  // Returns null and fills `refusal` where the kernel refuses. The ring belongs to the calling
  // thread.
  static std::unique_ptr<Ring> create(const RingOptions& options, Refusal& refusal);
  ~Ring() override;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void start(Operation& operation) override;
  void cancel(Operation& operation) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> room) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  Milliseconds now() override;
  std::span<char> buffer(std::uint16_t id) override { return pool_.at(id); }
  BufferPool::Note& note(std::uint16_t id) override { return pool_.note(id); }
  void recycle(std::uint16_t id) override;
  std::size_t lent_buffers() const override { return lent_; }
  std::string describe() const override;

 private:
  Ring() = default;
  int set_up(const RingOptions& options);
  int register_buffers();
  bool have_buffers();
  bool add_buffers();
  void provide(std::uint16_t id);
  void submit(Operation& operation);
  io_uring_sqe* next_entry();
  bool take(const io_uring_cqe& entry, Completion& completion);

  io_uring ring_{};
  bool ready_ = false;  // ring_ is set up and must be torn down
  unsigned setup_flags_ = 0;
  io_uring_buf_ring* buffer_ring_ = nullptr;  // mapped; BufferPool::most_buffers entries
  BufferPool pool_;
  std::size_t lent_ = 0;  // buffers of the pool in the hands of coroutines
};

}  // namespace uring
