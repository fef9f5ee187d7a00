// Four sums side by side for each block, in vectors where WebAssembly has them; the plain loop is their reference.
#include "linalg/block_dot.h"

#include <cstring>

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

namespace attn {
namespace {

constexpr Index kBlock = 32;

float half_at(const std::byte* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return float_from_f16(bits);
}

/// Where a block's parts lie, and its two factors.
struct Block {
  float d;
  float m;
  const std::byte* q;
};

Block block_at(Dtype dtype, const std::byte* bytes) {
  const float d = half_at(bytes);
  if (dtype == Dtype::kQ4_1) return {.d = d, .m = half_at(bytes + 2), .q = bytes + 4};
  return {.d = d, .m = dtype == Dtype::kQ4_0 ? -8.0F * d : 0.0F, .q = bytes + 2};
}

#ifdef __wasm_simd128__

/// sums + (the eight numbers of q, as floats) * x, in lanes of four.
v128_t add_eight(v128_t sums, v128_t q, const float* x) {
  const v128_t first = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(q)), wasm_v128_load(x));
  const v128_t second =
      wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(q)), wasm_v128_load(x + 4));
  return wasm_f32x4_add(sums, wasm_f32x4_add(first, second));
}

v128_t add_sixteen(v128_t sums, v128_t q, const float* x) {
  return add_eight(add_eight(sums, wasm_i16x8_extend_low_i8x16(q), x), wasm_i16x8_extend_high_i8x16(q), x + 8);
}

template <bool HasNibbles>
float dot(Dtype dtype, const std::byte* blocks, Index count, const float* x, const float* sums) {
  const std::size_t block_bytes = layout_of(dtype).bytes;
  const v128_t low_bits = wasm_u8x16_const_splat(0x0F);
  v128_t total = wasm_f32x4_const_splat(0.0F);
  float offsets = 0.0F;
  for (Index i = 0; i < count; i += kBlock, blocks += block_bytes, x += kBlock) {
    const auto [d, m, q] = block_at(dtype, blocks);
    v128_t sum = wasm_f32x4_const_splat(0.0F);
    const v128_t bytes = wasm_v128_load(q);
    if constexpr (HasNibbles) {
      sum = add_sixteen(sum, wasm_v128_and(bytes, low_bits), x);
      sum = add_sixteen(sum, wasm_u8x16_shr(bytes, 4), x + 16);
    } else {
      sum = add_sixteen(sum, bytes, x);
      sum = add_sixteen(sum, wasm_v128_load(q + 16), x + 16);
    }
    total = wasm_f32x4_add(total, wasm_f32x4_mul(sum, wasm_f32x4_splat(d)));
    offsets += m * sums[i / kBlock];
  }
  return wasm_f32x4_extract_lane(total, 0) + wasm_f32x4_extract_lane(total, 1) + wasm_f32x4_extract_lane(total, 2) +
         wasm_f32x4_extract_lane(total, 3) + offsets;
}

#else

template <bool HasNibbles>
float dot(Dtype dtype, const std::byte* blocks, Index count, const float* x, const float* sums) {
  const std::size_t block_bytes = layout_of(dtype).bytes;
  float total = 0.0F;
  for (Index i = 0; i < count; i += kBlock, blocks += block_bytes, x += kBlock) {
    const auto [d, m, q] = block_at(dtype, blocks);
    constexpr int kLanes = 16;
    float lanes[kLanes] = {};
    for (int l = 0; l < kLanes; ++l) {
      const auto first = HasNibbles ? static_cast<int>(q[l]) & 0xF : static_cast<std::int8_t>(q[l]);
      const auto second = HasNibbles ? static_cast<int>(q[l]) >> 4 : static_cast<std::int8_t>(q[l + kLanes]);
      lanes[l] = static_cast<float>(first) * x[l] + static_cast<float>(second) * x[l + kLanes];
    }
    float sum = 0.0F;
    for (const float lane : lanes) sum += lane;
    total += d * sum + m * sums[i / kBlock];
  }
  return total;
}

#endif

}  // namespace

bool has_block_dot(Dtype dtype) { return dtype == Dtype::kQ4_0 || dtype == Dtype::kQ4_1 || dtype == Dtype::kQ8_0; }

Vector block_sums(const float* x, Index count) {
  Vector sums(count / kBlock);
  for (Index i = 0; i < sums.size(); ++i) sums(i) = Eigen::Map<const Vector>(x + i * kBlock, kBlock).sum();
  return sums;
}

float block_dot(Dtype dtype, const std::byte* blocks, Index count, const float* x, const float* sums) {
  return dtype == Dtype::kQ8_0 ? dot<false>(dtype, blocks, count, x, sums) : dot<true>(dtype, blocks, count, x, sums);
}

}  // namespace attn
