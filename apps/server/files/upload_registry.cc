// Queues of uses, and places in two maps. Covered by tests/server/files/upload_registry_test.cc.
#include "apps/server/files/upload_registry.h"

#include <cerrno>
#include <fcntl.h>
#include <new>
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
  const Key key{.due_ms = place.due_ms, .id = place.id};
  const bool is_finished = place.is_finished;
  const auto [known, is_new] = due_.try_emplace(key.id, key.due_ms);
  try {
    const auto [it, is_other] = places_.try_emplace(key, std::move(place));
    if (!is_other) {
      if (!it->second.is_finished) --unfinished_;
      it->second = std::move(place);
    }
  } catch (const std::bad_alloc&) {
    if (is_new) due_.erase(known);
    throw;
  }
  if (!is_finished) ++unfinished_;
  if (is_new || known->second == key.due_ms) return;
  const auto old = places_.find({.due_ms = std::exchange(known->second, key.due_ms), .id = key.id});
  if (!old->second.is_finished) --unfinished_;
  places_.erase(old);
}

void UploadRegistry::set_finished(const UploadId& id) {
  const uring::MutexLock lock(mutex_);
  const auto known = due_.find(id);
  if (known == due_.end()) return;
  Place& place = places_.find({.due_ms = known->second, .id = id})->second;
  if (!std::exchange(place.is_finished, true)) --unfinished_;
}

void UploadRegistry::remove(const UploadId& id) {
  const uring::MutexLock lock(mutex_);
  const auto known = due_.find(id);
  if (known == due_.end()) return;
  const auto place = places_.find({.due_ms = known->second, .id = id});
  if (!place->second.is_finished) --unfinished_;
  places_.erase(place);
  due_.erase(known);
}

std::optional<UploadRegistry::Place> UploadRegistry::find_due(std::int64_t now_ms) const {
  const uring::MutexLock lock(mutex_);
  if (places_.empty() || places_.begin()->first.due_ms > now_ms) return std::nullopt;
  return places_.begin()->second;
}

void UploadRegistry::set_due(const UploadId& id, std::int64_t due_ms, std::size_t parents) {
  const uring::MutexLock lock(mutex_);
  const auto known = due_.find(id);
  if (known == due_.end()) return;
  auto node = places_.extract(Key{.due_ms = std::exchange(known->second, due_ms), .id = id});
  node.key().due_ms = node.mapped().due_ms = due_ms;
  node.mapped().parents = parents;
  places_.insert(std::move(node));
}

std::size_t UploadRegistry::size() const {
  const uring::MutexLock lock(mutex_);
  return places_.size();
}

}  // namespace server
