// Task: a coroutine that returns a small value to the coroutine that awaits it.
//
// A task is lazy: it starts when it is awaited, and resumes its awaiter directly when it ends. A
// root task has no awaiter; a Scope starts and counts it (uring/scope.h). Rules for all coroutines
// of this project, because g++ 12 and clang 14 miscompile some of the alternatives:
//   * co_await stands only as a whole statement or as the whole initialiser of one named variable;
//     its arguments are names, references, numbers, views or trivial aggregates;
//   * coroutines are named functions, never lambdas, and return a Task of a trivial value;
//   * no exception leaves them.
// The first parameter of a coroutine has a member frames() that returns the FramePool& or the
// Frames that its frame is allocated from. If memory is exhausted, the call of the coroutine throws
// std::bad_alloc before its body begins; with a FrameStack that is large enough it cannot. Covered
// by tests/uring/task_test.cc.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include "uring/frame_pool.h"

namespace uring {

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> awaiter;    // resumed at the end; empty for a root task
  std::size_t* live_roots = nullptr;  // a root task's: decremented at the end

  template <typename First, typename... Rest>
  static void* operator new(std::size_t bytes, First& first, Rest&...) {
    return first.frames().allocate(bytes);
  }
  static void operator delete(void* frame, std::size_t) { FramePool::release(frame); }

  struct End {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      PromiseBase& promise = ended.promise();
      if (!promise.live_roots) return promise.awaiter;
      std::size_t& roots = *promise.live_roots;
      ended.destroy();  // the frame holds this awaiter too, which must not be used from here on
      --roots;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  End final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  static_assert(std::is_trivially_copyable_v<T>, "a Task returns a trivial value");
  T value{};
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_value(T result) { value = result; }
};

template <>
struct Promise<void> : PromiseBase {
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_void() const {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Handle handle) : handle_(handle) {}  // NOLINT: converts what get_return_object() returns
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() const noexcept {
    if constexpr (!std::is_void_v<T>) return handle_.promise().value;
  }

  // Transfers ownership of the coroutine to the caller, which starts it. A root task destroys
  // itself at its end.
  Handle release() { return std::exchange(handle_, nullptr); }

 private:
  Handle handle_;
};

}  // namespace uring
