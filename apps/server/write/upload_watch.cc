// One task and one event descriptor. Covered by tests/server/write/resume_test.cc.
#include "apps/server/write/upload_watch.h"

#include <memory>
#include <new>
#include <span>
#include <sys/eventfd.h>

#include "apps/server/connection/worker_state.h"
#include "uring/event.h"

namespace server {

UploadWatch::UploadWatch(Connection& c, int event)
    : io_(c.worker.connections), event_(event), connection_(&c) {}

uring::Task<> UploadWatch::await_event(UploadWatch& watch) {
  bool is_awaited = true;
  while (watch.connection_ && is_awaited) {
    std::uint64_t count = 0;
    const std::span<char> bytes(reinterpret_cast<char*>(&count), sizeof count);
    const uring::Result woken = co_await watch.io_.read(watch.event_, bytes, uring::at_position);
    is_awaited = woken.ok();
    if (!watch.connection_) break;
    // Without memory to await the event, the request is stopped at once, since no later one could
    // stop it.
    watch.is_taken_over_ = true;
    if (watch.is_receiving_) watch.connection_->io.stop();
  }
  watch.has_ended_ = true;
  if (!watch.connection_) destroy(&watch);
}

void UploadWatch::destroy(UploadWatch* watch) {
  watch->io_.engine().close(watch->event_);
  delete watch;
}

UploadWatch* UploadWatch::begin(Connection& c, StoredUpload& stored) {
  const int event = ::eventfd(0, EFD_CLOEXEC);
  if (event < 0) return nullptr;
  std::unique_ptr<UploadWatch> watch(new (std::nothrow) UploadWatch(c, event));
  try {
    if (watch) c.worker.connections.spawn(await_event(*watch));
  } catch (const std::bad_alloc&) {
    watch.reset();
  }
  if (!watch) {
    c.io.engine().close(event);
    return nullptr;
  }
  stored.use.stop_event = event;
  return watch.release();
}

void UploadWatch::end(UploadWatch* watch) {
  if (!watch) return;
  watch->connection_ = nullptr;
  if (watch->has_ended_)
    destroy(watch);
  else
    uring::signal_event(watch->event_);
}

void UploadWatch::set_receiving(bool receiving) {
  is_receiving_ = receiving;
  if (receiving && is_taken_over_) connection_->io.stop();
}

}  // namespace server
