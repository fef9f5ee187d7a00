// Runs a stepper's coroutine for a while; what it throws, the caller gets.
#include "model/stepper.h"

#include <chrono>

namespace attn {

void Stepper::advance() {
  if (done()) return;
  handle_.resume();
  if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
}

void Stepper::run_for(double milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  do {
    advance();
  } while (!done() && std::chrono::duration<double, std::milli>(Clock::now() - start).count() < milliseconds);
}

}  // namespace attn
