// The product of one row of quantised numbers with one row of floats, without writing the expanded numbers down.
#pragma once

#include "linalg/dtype.h"

namespace attn {

/// Whether `block_dot` knows the type: Q4_0, Q4_1 and Q8_0, whose blocks of 32 are d q + m.
bool has_block_dot(Dtype dtype);

/// For each 32 numbers of x, their sum, which is what m multiplies.
/// @param x  [count], a multiple of 32
Vector block_sums(const float* x, Index count);

/// The sum over i of number(i) x(i), with the numbers that `expand` would give:
///
///     sum over blocks of  d (sum of q x) + m (sum of x)
///
/// @param blocks  [count] numbers of a type that has_block_dot
/// @param x       [count]
/// @param sums    [count / 32], block_sums of x
/// Numeric: float32; differs from expanding first by rounding alone.
float block_dot(Dtype dtype, const std::byte* blocks, Index count, const float* x, const float* sums);

}  // namespace attn
