// Choosing an engine: the ring where the kernel gives one, epoll where it refuses.
//
// The only place that names both; programs say what they were told to use. A refusal is a kernel
// that does not know io_uring or must not give it to this process; to be out of memory or
// descriptors is none, and epoll would not mend it. Covered by tests/uring/make_engine_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "uring/engine.h"
#include "uring/epoll.h"
#include "uring/ring.h"

namespace uring {

enum class EngineChoice : std::uint8_t { automatic, ring, epoll };

// "auto", "ring" or "epoll", as people write it.
std::optional<EngineChoice> engine_choice(std::string_view name);

struct EngineOptions {
  RingOptions ring;
  EpollOptions epoll;
};

struct MadeEngine {
  std::unique_ptr<Engine> engine;  // null: `why` says what is wrong and what to do
  // One line for people; where the engine is epoll although nobody asked for it, why it is no ring.
  std::string why;
};

// Makes an engine for the calling thread.
MadeEngine make_engine(EngineChoice choice, const EngineOptions& options);

// What make_engine() gives here: "on io_uring (...)", "on epoll (...), because ...", or
// "on nothing: ...".
std::string describe_engine(EngineChoice choice);

}  // namespace uring
