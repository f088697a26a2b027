// Streamed: content whose length is not known before its end, made on a thread of a pool, step by
// step.
//
// A step makes a bounded number of bytes. The next one begins when the client has received these,
// so that a slow client costs memory for one step and no thread. Covered by
// tests/server/archive/answer_archive_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "uring/work_threads.h"

namespace server {

class Streamed : public uring::Work {
 public:
  enum class State : std::uint8_t {
    more,    // run() makes the next bytes
    done,    // made() has the last bytes
    failed,  // the content cannot be completed
  };

  // `pool` outlives this object; null: steps are made by the worker itself, for tests.
  explicit Streamed(uring::WorkThreads* pool) : pool_(pool) {}
  virtual ~Streamed() = default;

  uring::WorkThreads* pool() const { return pool_; }

  // To be called while no step is being made.
  virtual State state() const = 0;
  // The bytes of the last step, until the next one; empty if it has taken its time without any.
  virtual std::string_view made() const = 0;
  // Called once all content was sent, or when it is known that it will not be. The object is then
  // destroyed. Default: nothing.
  virtual void end(bool /*is_whole*/) {}

 private:
  uring::WorkThreads* const pool_;
};

}  // namespace server
