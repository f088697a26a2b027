// Choosing an engine: io_uring if the kernel allows it, otherwise epoll.
//
// This is the only module that names both engines. A refusal means that the kernel lacks io_uring
// or does not let this process use it. Exhausted memory or descriptors are errors and not a
// refusal, since epoll would fail as well. Covered by tests/uring/make_engine_test.cc.
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

// Parses "auto", "ring" or "epoll", the values of the option --engine.
std::optional<EngineChoice> engine_choice(std::string_view name);

struct EngineOptions {
  RingOptions ring;
  EpollOptions epoll;
  // The advice for a refusal of io_uring, where the program has asked for it before
  // (advice_if_refused()); empty: make_engine() asks.
  std::string advice = {};
};

struct MadeEngine {
  std::unique_ptr<Engine> engine;  // null: `why` is the error and its remedy
  // One line for the user. With the choice `automatic` and epoll: why io_uring is not used.
  std::string why;
  // It is a ring that the kernel cannot restrict to RingOptions::permitted.
  bool lacks_restrictions = false;
};

// Makes an engine for the calling thread.
MadeEngine make_engine(EngineChoice choice, const EngineOptions& options);

// Describes the result of make_engine() on this machine: "on io_uring (...)", "on epoll (...),
// because ...", or "on nothing: ...".
std::string describe_engine(EngineChoice choice);

}  // namespace uring
