// Vectors of four floats: how a function is applied to every number of a row, and the exponential of four at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numbers>

#include "linalg/matrix.h"

namespace attn {

// GCC's and Clang's vectors, which are WebAssembly's and every processor's.
using Four = float __attribute__((vector_size(16)));
using FourBits = std::uint32_t __attribute__((vector_size(16)));

/// e^x within two units in the last place; 0 for x below -87, where floats lose digits, e^88 for any x above 88, and
/// NaN for NaN. Eigen's would ask, in WebAssembly, a function of the C library to round each number.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, so that e^x = 2^n e^r; e^r is a polynomial.
/// Source of its coefficients: expf of Moshier's Cephes library.
inline Four exponential(Four x) {
  constexpr float kLeast = -87.0F;
  constexpr float kMost = 88.0F;
  constexpr float kLog2E = std::numbers::log2e_v<float>;
  constexpr float kLn2High = 0.693359375F;  // NOLINT(modernize-use-std-numbers): short, so that n times it is exact.
  constexpr float kLn2Low = -2.12194440e-4F;
  // So large that a float has no digits left after the point: adding it rounds, and leaves n in the lowest bits.
  constexpr float kRounding = 12582912.0F;
  constexpr int kFractionBits = 23;
  const auto is_zero = x < kLeast;
  const Four given = x;
  x = x < kLeast ? Four{} + kLeast : x;
  x = x > kMost ? Four{} + kMost : x;
  const Four rounded = x * kLog2E + kRounding;
  const Four n = rounded - kRounding;
  const Four r = (x - n * kLn2High) - n * kLn2Low;
  Four sum = Four{} + 1.9875691500e-4F;
  for (const float factor :
       {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F}) {
    sum = sum * r + factor;
  }
  const Four power = sum * r * r + r + 1.0F;
  const FourBits bits = std::bit_cast<FourBits>(power) + (std::bit_cast<FourBits>(rounded) << kFractionBits);
  const Four result = is_zero ? Four{} : std::bit_cast<Four>(bits);
  // NOLINTNEXTLINE(misc-redundant-expression): only NaN is not itself, and its bits would make a number like any other.
  return given == given ? result : given;
}

/// Replaces every four numbers of x by bend(four). Where fewer than four are left, zeros stand for the rest. One copy
/// of `bend` in the code instead of the three that Eigen would make.
template <typename Bend>
void by_fours(float* x, Index count, Bend bend) {
  constexpr Index kLanes = 4;
  for (; count >= kLanes; count -= kLanes, x += kLanes) {
    Four four;
    std::memcpy(&four, x, sizeof four);
    four = bend(four);
    std::memcpy(x, &four, sizeof four);
  }
  if (count == 0) return;
  float last[kLanes] = {};
  std::copy_n(x, count, last);
  by_fours(last, kLanes, bend);
  std::copy_n(last, count, x);
}

}  // namespace attn
