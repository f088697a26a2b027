// Uncounted: the simulated engine for tests that count or fail the allocations of the server: what
// the engine allocates for itself is left out.
//
// The test program includes fuzz/replace_new.h, and its before_new() looks at `counting`. Used in
// tests/server/.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "uring/simulated.h"

namespace server::lab {

// Whether before_new() counts the allocations of this thread.
inline thread_local bool counting = false;

// While it exists, the allocations of this thread are not counted.
struct Pause {
  const bool before = std::exchange(counting, false);
  ~Pause() { counting = before; }
};

class Uncounted final : public uring::Engine {
 public:
  explicit Uncounted(uring::Simulated& engine) : engine_(engine) {}

  void start(uring::Operation& operation) override {
    const Pause pause;
    engine_.start(operation);
  }
  void start(uring::Stream& stream) override {
    const Pause pause;
    engine_.start(stream);
  }
  void cancel(uring::Flight& flight) override {
    const Pause pause;
    engine_.cancel(flight);
  }
  std::size_t wait(uring::Milliseconds timeout, std::span<uring::Completion> space) override {
    const Pause pause;
    return engine_.wait(timeout, space);
  }
  void close(int fd) override {
    const Pause pause;
    engine_.close(fd);
  }
  void finish_sending(int fd) override { engine_.finish_sending(fd); }
  std::int64_t free_bytes(int fd) override { return engine_.free_bytes(fd); }
  uring::Milliseconds now() override { return engine_.now(); }
  std::span<char> buffer(std::uint16_t id) override { return engine_.buffer(id); }
  uring::BufferPool::ListEntry& list_entry(std::uint16_t id) override {
    return engine_.list_entry(id);
  }
  void recycle(std::uint16_t id) override {
    const Pause pause;
    engine_.recycle(id);
  }
  std::size_t buffers_in_use() const override { return engine_.buffers_in_use(); }
  std::string describe() const override { return engine_.describe(); }

 private:
  uring::Simulated& engine_;
};

}  // namespace server::lab
