// Queues of uses, and a heap of places. Covered by tests/server/files/upload_registry_test.cc.
#include "apps/server/files/upload_registry.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "parser/fnv1a.h"
#include "uring/event.h"
#include "uring/fd.h"

namespace server {

namespace {

// Empty where the kernel does not tell it.
std::string read_boot_id() {
  const uring::Fd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t count = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
  const std::string_view line(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return std::string(line.substr(0, line.find('\n')));
}

// For a heap whose first place is due first.
bool is_later(const UploadRegistry::Place& left, const UploadRegistry::Place& right) {
  return left.due_ms > right.due_ms;
}

}  // namespace

UploadRegistry::UploadRegistry() : boot_(read_boot_id()) {}

std::size_t UploadRegistry::queue_of(const UploadId& id) {
  return http1::Fnv1a().add(id.text()).value() % queue_count;
}

uring::Fault UploadRegistry::enter(UploadUse& use) {
  const uring::MutexLock lock(mutex_);
  UploadUse** link = &queues_[queue_of(use.id)];
  bool is_used = false;
  for (; *link; link = &(*link)->next) {
    if (!((*link)->id == use.id)) continue;
    is_used = true;
    if ((*link)->stop_event >= 0) uring::signal_event((*link)->stop_event);
  }
  use.next = nullptr;
  use.granted_event = is_used ? ::eventfd(0, EFD_CLOEXEC) : -1;
  if (is_used && use.granted_event < 0) return uring::fault_of(errno);
  *link = &use;
  return is_used ? uring::Fault::try_again : uring::Fault::none;
}

void UploadRegistry::leave(UploadUse& use) {
  {
    const uring::MutexLock lock(mutex_);
    UploadUse** link = &queues_[queue_of(use.id)];
    bool was_granted = true;  // no use in front has that id
    for (; *link != &use; link = &(*link)->next) {
      if ((*link)->id == use.id) was_granted = false;
    }
    *link = use.next;
    UploadUse* next = use.next;
    while (next && !(next->id == use.id)) next = next->next;
    // Under the lock, because the next use may leave and be destroyed as soon as the lock is free.
    if (was_granted && next) uring::signal_event(next->granted_event);
  }
  if (use.granted_event >= 0) ::close(std::exchange(use.granted_event, -1));
}

bool UploadRegistry::may_begin() const {
  const uring::MutexLock lock(mutex_);
  return unfinished_ < most_unfinished;
}

void UploadRegistry::add(Place place) {
  const uring::MutexLock lock(mutex_);
  places_.push_back(std::move(place));
  std::push_heap(places_.begin(), places_.end(), is_later);
}

void UploadRegistry::add_unfinished(std::ptrdiff_t count) {
  const uring::MutexLock lock(mutex_);
  const auto sum = static_cast<std::ptrdiff_t>(unfinished_) + count;
  unfinished_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(sum, 0));
}

std::optional<UploadRegistry::Place> UploadRegistry::take_due(std::int64_t now_ms) {
  const uring::MutexLock lock(mutex_);
  if (places_.empty() || places_.front().due_ms > now_ms) return std::nullopt;
  std::pop_heap(places_.begin(), places_.end(), is_later);
  Place place = std::move(places_.back());
  places_.pop_back();
  return place;
}

}  // namespace server
