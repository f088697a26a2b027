// Task: a coroutine that returns a small value to the coroutine that awaits it.
//
// Lazy: it starts when awaited, and resumes its awaiter directly when it ends. A root task has no
// awaiter; its Scope starts it and is told of its end (scope.h). Rules for all coroutines here,
// because g++ 12 and clang 14 miscompile some of the alternatives:
//   * co_await stands only as a whole statement or as the whole initialiser of one named variable;
//     its arguments are names, references, numbers, views or trivial aggregates;
//   * coroutines are named functions, never lambdas, and return a Task of a trivial value;
//   * exceptions do not cross them.
// The first parameter of a coroutine has a member frames() that returns the FramePool&.
// Covered by tests/uring/task_test.cc.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include "uring/frame_pool.h"

namespace uring {

class Scope;

namespace detail {

// Tells `scope` that one of its root tasks has ended. Defined in scope.cc.
void root_ended(Scope& scope);

struct PromiseBase {
  std::coroutine_handle<> awaiter;  // resumed at the end; empty for a root task
  Scope* scope = nullptr;           // set for a root task only

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
      if (!promise.scope) return promise.awaiter;
      Scope& home = *promise.scope;
      ended.destroy();  // this awaiter lies in the frame: nothing of it is touched after
      root_ended(home);
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

  Task(Handle handle) : handle_(handle) {}  // NOLINT: what a coroutine returns becomes its Task
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

  // Gives the coroutine away; the caller starts it and sees that it ends.
  Handle release() { return std::exchange(handle_, nullptr); }

 private:
  Handle handle_;
};

}  // namespace uring
