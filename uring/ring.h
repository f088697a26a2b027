// Ring: the io_uring engine.
//
// One ring for one thread. Set-up asks for what suits a single-threaded loop (single issuer,
// deferred task work, cooperative task running) and peels these off, best last, where the kernel
// knows them not. It runs from Linux 5.19 on; what later kernels do by themselves (receiving many
// times for one entry) it does there by entries, so that no caller sees a difference. Completions
// are copied out and the queue advanced before anyone sees them. Receives take their buffer from a
// kernel buffer ring backed by a BufferPool; when the group runs empty the pool grows and the
// receive starts again, unseen by the caller. Covered by tests/uring/ring_test.cc, and like Epoll
// by engine_test.cc, file_test.cc, loop_test.cc and stress_test.cc.
#pragma once

#include <memory>
#include <string>

#include <liburing.h>

#include "uring/buffer_pool.h"
#include "uring/engine.h"

namespace uring {

// What a ring can do without. Tests force each off; kernels lack some.
enum RingFeature : unsigned {
  deferred_task_work = 1,  // Linux 6.1; completions come only when they are asked for
  buffer_ring = 2,         // 5.19; buffers go back without an entry
  multishot_accept = 4,    // 5.19; else an entry for each connection
  multishot_receive = 8,   // 6.0; else an entry for each receive
};

struct RingOptions {
  unsigned submission_entries = 256;   // started operations between two enters; more flush early
  unsigned completion_entries = 4096;  // multishot accepts complete many times for one entry
  unsigned kernel_workers = 4;         // io-wq threads for file work, bounded and unbounded each
  unsigned without = 0;  // RingFeatures that are not used although the kernel has them
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
  void start(Stream& stream) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> room) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  Milliseconds now() override;
  std::span<char> buffer(std::uint16_t id) override { return pool_.at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override { return pool_.list_entry(id); }
  void recycle(std::uint16_t id) override;
  std::size_t buffers_in_use() const override { return lent_; }
  void watch_readable(int fd) override;
  bool may_be_readable() override;
  std::string describe() const override;

 private:
  Ring() = default;
  int set_up(const RingOptions& options);
  int find_features(unsigned without);
  int register_buffers();
  int register_buffer_ring();
  bool has(RingFeature feature) const { return (features_ & feature) != 0; }
  bool lacks_multishot() const { return !has(multishot_accept) || !has(multishot_receive); }
  bool have_buffers();
  bool add_buffers();
  void provide(std::uint16_t first, std::size_t count);
  bool goes_on(Flight& flight, std::int32_t result);
  void poll_watched();
  void take_news(const io_uring_cqe& entry);
  void submit(Flight& flight);
  io_uring_sqe* next_entry();
  bool take(const io_uring_cqe& entry, Completion& completion);
  bool take_unusual(const io_uring_cqe& entry, Completion& completion);
  void wake_at(Milliseconds time);

  io_uring ring_{};
  bool ready_ = false;  // ring_ is set up and must be torn down
  unsigned setup_flags_ = 0;
  unsigned features_ = 0;                     // RingFeatures in use
  io_uring_buf_ring* buffer_ring_ = nullptr;  // mapped, if used; BufferPool::most_buffers entries
  BufferPool pool_;
  bool was_short_ = false;     // of buffers, in this batch of completions
  Milliseconds now_ = 0;       // what now() said last
  Milliseconds wakes_at_ = 0;  // when the next timeout in the ring fires, if that is to come
  __kernel_timespec wake_time_{};
  std::size_t lent_ = 0;  // buffers of the pool in the hands of coroutines

  int watched_ = -1;
  bool has_news_ = false;      // what may_be_readable() says next
  bool has_receives_ = false;  // entries that receive are among those not yet submitted
};

}  // namespace uring
