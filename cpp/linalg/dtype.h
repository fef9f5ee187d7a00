// How files store numbers, and what each way means: whole floats, halves, and blocks of quantised numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linalg/matrix.h"

namespace attn {

/// The formats' own names. kOther: a type that a container knows and this core does not compute with.
// NOLINTBEGIN(readability-identifier-naming): as the formats spell them.
enum class Dtype { kF32, kF16, kBF16, kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ4_K, kQ5_K, kQ6_K, kOther };
// NOLINTEND(readability-identifier-naming)

/// Numbers are stored in blocks: so many numbers take so many bytes. A plain type has blocks of one.
struct DtypeLayout {
  Index block = 1;
  std::size_t bytes = 0;
};

/// @throws Error (unsupported) for kOther
DtypeLayout layout_of(Dtype dtype);

/// "Q4_1"
const char* name_of(Dtype dtype);

/// The numbers that `blocks` stand for:
///
///     F16, BF16      the float of the same value
///     Q8_0           d q                      q signed 8 bits, d a half, 32 a block
///     Q4_0, Q5_0     d (q - 8), d (q - 16)    q 4 or 5 bits
///     Q4_1, Q5_1     d q + m                  m a half
///     Q4_K, Q5_K     d s q - e t              256 a block; s, t 6 bits for each 32 of them, d, e halves
///     Q6_K           d s (q - 32)             s signed 8 bits for each 16
///
/// @param blocks   whole blocks; need not be aligned
/// @param count    a multiple of the block
/// @param numbers  [count], overwritten
/// Numeric: F32, F16, BF16 and Q8_0 exactly as the formula says in float32; the rest to the last bit or two.
/// Source: the layouts of ggml's block types.
void expand(Dtype dtype, const std::byte* blocks, Index count, float* numbers);

/// The float with the same value.
float float_from_f16(std::uint16_t bits);
float float_from_bf16(std::uint16_t bits);

}  // namespace attn
