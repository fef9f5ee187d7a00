// Long work that can be put down and taken up again, written as a coroutine so that it still reads from top to bottom.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace attn {

/// A coroutine with this return type does its work in pieces: each `co_yield` ends a piece and says how much of the
/// whole is done, from 0 to 1. Pieces do not depend on how long anyone waits between them, so a result is the same
/// however it is sliced. Dropping the object drops the rest of the work. Arguments that the coroutine takes by
/// reference must outlive it.
class Stepper {
 public:
  // The names inside are C++'s own for what a coroutine needs.
  // NOLINTNEXTLINE(readability-identifier-naming)
  struct promise_type {
    double progress = 0.0;
    std::exception_ptr failure;

    Stepper get_return_object() { return Stepper(std::coroutine_handle<promise_type>::from_promise(*this)); }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(double done) noexcept {
      progress = done;
      return {};
    }
    void return_void() noexcept { progress = 1.0; }
    void unhandled_exception() noexcept { failure = std::current_exception(); }
  };

  /// Work that is done.
  Stepper() = default;
  Stepper(Stepper&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Stepper& operator=(Stepper&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;
  ~Stepper() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool done() const { return !handle_ || handle_.done(); }

  /// 0 to 1, never falling.
  [[nodiscard]] double progress() const { return handle_ ? handle_.promise().progress : 1.0; }

  /// Does one piece. @throws whatever the work throws; the work is then over.
  void advance();

  /// Does pieces until about `milliseconds` have passed, at least one. The last piece may take it beyond.
  void run_for(double milliseconds);

  /// Does all that is left.
  void finish() {
    while (!done()) advance();
  }

 private:
  explicit Stepper(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace attn
