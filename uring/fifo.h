// Fifo: a queue that keeps its memory, so that what goes through it allocates nothing once it has
// been as long as it gets. What bounds its length is its owner's to say.
// Covered by tests/uring/fifo_test.cc.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace uring {

template <typename T>
class Fifo {
 public:
  bool empty() const { return begin_ == items_.size(); }
  std::size_t size() const { return items_.size() - begin_; }
  std::size_t capacity() const { return items_.capacity(); }

  void push(const T& item) {
    // A queue that is never empty must not grow at its end for ever.
    if (items_.size() == items_.capacity() && begin_ > items_.size() / 2) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
    items_.push_back(item);
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
  std::vector<T> items_;
  std::size_t begin_ = 0;  // of what has not been popped
};

}  // namespace uring
