// Ring: the io_uring engine, for one thread.
//
// Set-up requests the features that suit a single-threaded loop (single issuer, deferred task work,
// cooperative task running), and does without those that the kernel lacks. The ring works from
// Linux 5.19 on. Where an older kernel does an operation only once that later ones repeat by
// themselves (multishot receive, since 6.0), the ring repeats it with new entries, so that callers
// see no difference. Completions are copied, and the completion queue is advanced, before wait()
// returns. Receives take their buffer from a kernel buffer ring over a BufferPool. When the kernel
// has no free buffer, the pool grows and the receive starts again without the caller noticing.
// Covered by tests/uring/ring_test.cc, and like Epoll by engine_test.cc, file_test.cc,
// io_test.cc, receive_test.cc and stress_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <liburing.h>

#include "uring/buffer_pool.h"
#include "uring/engine.h"
#include "uring/page_pipe.h"
#include "uring/refusal.h"
#include "uring/running_clock.h"

namespace uring {

// Optional features of a ring. Kernels may lack them, and tests disable each.
enum RingFeature : unsigned {
  deferred_task_work = 1,  // Linux 6.1: the kernel produces completions only within wait()
  buffer_ring = 2,         // 5.19: buffers are recycled without an entry
  multishot_accept = 4,    // 5.19: one entry for all connections
  multishot_receive = 8,   // 6.0: one entry for all receives of a stream
};

struct RingOptions {
  unsigned submission_entries = 256;   // operations between two waits; more are submitted early
  unsigned completion_entries = 4096;  // multishot operations complete many times for one entry
  unsigned kernel_workers = 4;         // io-wq threads for files, bounded and unbounded each
  unsigned without = 0;                // RingFeatures to disable
  // The operations to which the kernel restricts the ring for good: it refuses all others (EACCES),
  // and to register anything with the ring, so that a program whose memory an attacker controls
  // cannot use it for more. 0: the ring is not restricted.
  OpCodes permitted = 0;
};

class Ring final : public Engine {
 public:
  // Returns null and sets `refusal` on failure; make_engine() decides whether to use epoll instead.
  // The ring belongs to the calling thread.
  static std::unique_ptr<Ring> create(const RingOptions& options, Refusal& refusal);
  ~Ring() override;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void start(Operation& operation) override;
  void start(Stream& stream) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> completions) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  Milliseconds now() override;
  Milliseconds stood_still() const override { return clock_.stood_still(); }
  std::span<char> buffer(std::uint16_t id) override { return pool_.at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override { return pool_.list_entry(id); }
  void recycle(std::uint16_t id) override;
  std::size_t buffers_in_use() const override { return in_use_; }
  void watch_readable(int fd) override;
  bool may_be_readable() override;
  std::size_t release_unused_buffers() override;
  std::string describe() const override;
  // The kernel refuses all operations but RingOptions::permitted, which were given.
  bool is_restricted() const { return is_restricted_; }

  // Converts an entry of the completion queue to `completion`, as wait() does for each. False: it
  // is not for the loop. Public for tests, which make entries that only some kernels produce.
  bool process(const io_uring_cqe& entry, Completion& completion);

  // Public for tests, which submit entries that no operation leads to, as an attacker would.
  io_uring& kernel_ring() { return ring_; }

 private:
  Ring() = default;
  int set_up(const RingOptions& options);
  int find_features(unsigned without);
  int register_buffers();
  int restrict_and_enable(OpCodes permitted);
  int register_buffer_ring();
  bool has(RingFeature feature) const { return (features_ & feature) != 0; }
  bool lacks_multishot() const { return !has(multishot_accept) || !has(multishot_receive); }
  bool ensure_buffers();
  bool add_buffers();
  void provide(std::uint16_t first, std::size_t count);
  bool continue_multishot(Flight& flight, std::int32_t result);
  void start_pages(Operation& operation);
  bool send_more_pages(Operation& operation);
  bool take_pages(const io_uring_cqe& entry, Completion& completion);
  void poll_watched();
  void take_watch(const io_uring_cqe& entry);
  void submit(Flight& flight);
  io_uring_sqe* next_entry();
  bool take(const io_uring_cqe& entry, Completion& completion);
  bool take_unusual(const io_uring_cqe& entry, Completion& completion);
  void wake_after(Milliseconds duration);

  io_uring ring_{};
  bool is_restricted_ = false;
  bool ready_ = false;  // ring_ is set up and must be destroyed
  unsigned setup_flags_ = 0;
  unsigned features_ = 0;                     // RingFeatures in use
  io_uring_buf_ring* buffer_ring_ = nullptr;  // mapped if used: BufferPool::most_buffers entries
  BufferPool pool_;
  bool was_short_ = false;  // a receive of this batch of completions found no buffer
  RunningClock clock_;      // has announced the pending timeout entry
  __kernel_timespec wake_time_{};
  std::size_t in_use_ = 0;  // buffers that completions returned and that are not recycled

  PagePipe pages_;

  int watched_ = -1;              // the watched descriptor
  bool may_be_readable_ = false;  // the next result of may_be_readable()
  bool has_receives_ = false;     // a receive is among the entries that are not submitted
};

}  // namespace uring
