// Runs a stepper's coroutine for a while; what it throws, the caller gets.
#include "model/stepper.h"

#include <ctime>

namespace attn {
namespace {

/// Milliseconds since some moment. std::chrono's clock would bring all of the C library's error texts with it.
double now() {
  std::timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

}  // namespace

void Stepper::advance() {
  if (done()) return;
  handle_.resume();
  if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
}

void Stepper::run_for(double milliseconds) {
  const double start = now();
  do {
    advance();
  } while (!done() && now() - start < milliseconds);
}

}  // namespace attn
