// Fifo: a queue that keeps its memory: once it has reached its greatest length, it allocates
// nothing. Its owner bounds the length. Covered by tests/uring/fifo_test.cc.
#pragma once

#include <cassert>
#include <cstddef>
#include <new>
#include <vector>

namespace uring {

template <typename T>
class Fifo {
 public:
  bool empty() const { return begin_ == items_.size(); }
  std::size_t size() const { return items_.size() - begin_; }
  std::size_t capacity() const { return items_.capacity(); }

  // Ensures that push() does not fail while size() is less than `capacity`. False: memory is
  // exhausted; nothing has changed.
  [[nodiscard]] bool reserve(std::size_t capacity) {
    try {
      items_.reserve(capacity);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  // Throws std::bad_alloc if the queue is longer than reserved and memory is exhausted; the item is
  // not in the queue then.
  void push(const T& item) {
    // Moves the items to the front, so that a queue that is never empty does not grow without
    // limit.
    if (items_.size() == items_.capacity() && begin_ > items_.size() / 2) move_to_front();
    try {
      items_.push_back(item);
    } catch (const std::bad_alloc&) {
      if (begin_ == 0) throw;
      move_to_front();
      items_.push_back(item);
    }
  }

  T pop() {
    assert(!empty());
    const T item = items_[begin_++];
    if (empty()) clear();
    return item;
  }

  void clear() {
    items_.clear();
    begin_ = 0;
  }

 private:
  void move_to_front() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }

  std::vector<T> items_;
  std::size_t begin_ = 0;  // index of the first item
};

}  // namespace uring
