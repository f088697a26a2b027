// Ring, then Epoll. Covered by tests/uring/make_engine_test.cc.
#include "uring/make_engine.h"

#include <cerrno>

namespace uring {

namespace {

bool is_refusal(int error) { return error == EPERM || error == ENOSYS || error == EINVAL; }

MadeEngine make_epoll(const EpollOptions& options, std::string why) {
  int error = 0;
  std::unique_ptr<Engine> engine = Epoll::create(options, error);
  if (!engine) why = std::string("no epoll engine: ") + error_text(error);
  return {.engine = std::move(engine), .why = std::move(why)};
}

}  // namespace

std::optional<EngineChoice> engine_choice(std::string_view name) {
  if (name == "auto") return EngineChoice::automatic;
  if (name == "ring") return EngineChoice::ring;
  if (name == "epoll") return EngineChoice::epoll;
  return std::nullopt;
}

MadeEngine make_engine(EngineChoice choice, const EngineOptions& options) {
  if (choice == EngineChoice::epoll) return make_epoll(options.epoll, {});
  Refusal refusal;
  std::unique_ptr<Ring> ring = Ring::create(options.ring, refusal);
  if (ring) {
    const bool lacks_restrictions = options.ring.permitted != 0 && !ring->is_restricted();
    return {.engine = std::move(ring), .lacks_restrictions = lacks_restrictions};
  }
  std::string why =
      "io_uring is refused: " + (options.advice.empty() ? refusal.advice : options.advice);
  if (choice == EngineChoice::automatic && is_refusal(refusal.error)) {
    return make_epoll(options.epoll, std::move(why));
  }
  return {.engine = nullptr, .why = std::move(why)};
}

std::string describe_engine(EngineChoice choice) {
  const MadeEngine made = make_engine(choice, {});
  if (!made.engine) return "on nothing: " + made.why;
  return "on " + made.engine->describe() + (made.why.empty() ? "" : ", because " + made.why);
}

}  // namespace uring
