// One small loop for each way to store numbers, written so that a compiler can turn it into vectors.
#include "linalg/dtype.h"

#include <array>
#include <bit>
#include <cstring>

namespace attn {
namespace {

constexpr Index kBlock = 32;
constexpr Index kSuperBlock = 256;

struct DtypeRow {
  const char* name;
  DtypeLayout layout;
};

// In the order of Dtype.
constexpr std::array<DtypeRow, 12> kRows = {{
    {"F32", {1, 4}},
    {"F16", {1, 2}},
    {"BF16", {1, 2}},
    {"Q4_0", {kBlock, 18}},
    {"Q4_1", {kBlock, 20}},
    {"Q5_0", {kBlock, 22}},
    {"Q5_1", {kBlock, 24}},
    {"Q8_0", {kBlock, 34}},
    {"Q4_K", {kSuperBlock, 144}},
    {"Q5_K", {kSuperBlock, 176}},
    {"Q6_K", {kSuperBlock, 210}},
    {"another type", {0, 0}},
}};

template <typename Number>
Number read(const std::byte* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

float half_at(const std::byte* bytes) { return float_from_f16(read<std::uint16_t>(bytes)); }

// Looked up instead of shifted, because WebAssembly's vectors cannot shift each of their numbers by another count.
constexpr auto kBits = [] {
  std::array<std::uint32_t, kBlock> bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = std::uint32_t{1} << i;
  return bits;
}();

/// q d + m for numbers of 4 or 5 bits: the low halves of 16 bytes, then the high halves; the fifth bits stand in
/// `high`.
template <bool HasHigh>
[[gnu::noinline]] void expand_nibbles(const std::byte* bytes, std::uint32_t high, float d, float m, float* numbers) {
  constexpr int kHalf = kBlock / 2;
  const auto fifth = [high](int i) { return HasHigh && (high & kBits[static_cast<std::size_t>(i)]) != 0 ? 16U : 0U; };
  for (int i = 0; i < kHalf; ++i) {
    const auto pair = static_cast<std::uint32_t>(bytes[i]);
    const std::uint32_t first = (pair & 0xFU) | fifth(i);
    const std::uint32_t second = (pair >> 4U) | fifth(i + kHalf);
    numbers[i] = static_cast<float>(first) * d + m;
    numbers[i + kHalf] = static_cast<float>(second) * d + m;
  }
}

void expand_q4_0(const std::byte* block, float* numbers) {
  const float d = half_at(block);
  expand_nibbles<false>(block + 2, 0, d, -8.0F * d, numbers);
}

void expand_q4_1(const std::byte* block, float* numbers) {
  expand_nibbles<false>(block + 4, 0, half_at(block), half_at(block + 2), numbers);
}

void expand_q5_0(const std::byte* block, float* numbers) {
  const float d = half_at(block);
  expand_nibbles<true>(block + 6, read<std::uint32_t>(block + 2), d, -16.0F * d, numbers);
}

void expand_q5_1(const std::byte* block, float* numbers) {
  expand_nibbles<true>(block + 8, read<std::uint32_t>(block + 4), half_at(block), half_at(block + 2), numbers);
}

void expand_q8_0(const std::byte* block, float* numbers) {
  const float d = half_at(block);
  for (int i = 0; i < kBlock; ++i) numbers[i] = static_cast<float>(static_cast<std::int8_t>(block[2 + i])) * d;
}

struct ScaleAndMin {
  float scale;
  float min;
};

/// Eight pairs of 6-bit numbers in 12 bytes: the first four pairs lie in the low bits of bytes 0-7, the rest in bytes
/// 8-11 and what is left of 0-7.
ScaleAndMin scale_and_min(const std::byte* scales, int j, float d, float e) {
  const auto at = [&](int i) { return static_cast<std::uint32_t>(scales[i]); };
  const bool is_low = j < 4;
  const std::uint32_t s = is_low ? at(j) & 63U : (at(j + 4) & 0xFU) | ((at(j - 4) >> 6U) << 4U);
  const std::uint32_t t = is_low ? at(j + 4) & 63U : (at(j + 4) >> 4U) | ((at(j) >> 6U) << 4U);
  return {.scale = d * static_cast<float>(s), .min = e * static_cast<float>(t)};
}

/// Q4_K has no bytes of fifth bits.
template <bool HasHigh>
void expand_q45_k(const std::byte* scales, const std::byte* high, const std::byte* low, float d, float e,
                  float* numbers) {
  for (int pair = 0; pair < 4; ++pair, low += kBlock, numbers += 2 * kBlock) {
    const auto [s1, m1] = scale_and_min(scales, 2 * pair, d, e);
    const auto [s2, m2] = scale_and_min(scales, 2 * pair + 1, d, e);
    for (int i = 0; i < kBlock; ++i) {
      const auto nibbles = static_cast<std::uint32_t>(low[i]);
      const std::uint32_t fifth = HasHigh ? static_cast<std::uint32_t>(high[i]) >> (2 * pair) : 0;
      numbers[i] = s1 * static_cast<float>((nibbles & 0xFU) | ((fifth & 1U) << 4U)) - m1;
      numbers[i + kBlock] = s2 * static_cast<float>((nibbles >> 4U) | (((fifth >> 1U) & 1U) << 4U)) - m2;
    }
  }
}

void expand_q4_k(const std::byte* block, float* numbers) {
  expand_q45_k<false>(block + 4, nullptr, block + 16, half_at(block), half_at(block + 2), numbers);
}

void expand_q5_k(const std::byte* block, float* numbers) {
  expand_q45_k<true>(block + 4, block + 16, block + 48, half_at(block), half_at(block + 2), numbers);
}

void expand_q6_k(const std::byte* block, float* numbers) {
  const std::byte* low = block;
  const std::byte* high = block + 128;
  const std::byte* scales = block + 192;
  const float d = half_at(block + 208);
  for (int half = 0; half < 2; ++half, low += 64, high += 32, scales += 8, numbers += 128) {
    for (int i = 0; i < kBlock; ++i) {
      const auto a = static_cast<int>(low[i]);
      const auto b = static_cast<int>(low[i + 32]);
      const auto h = static_cast<int>(high[i]);
      const auto scaled = [&](int which, int q) {
        const auto scale = static_cast<std::int8_t>(scales[2 * which + i / 16]);
        return d * static_cast<float>(scale) * static_cast<float>(q - 32);
      };
      numbers[i] = scaled(0, (a & 0xF) | ((h & 3) << 4));
      numbers[i + 32] = scaled(1, (b & 0xF) | (((h >> 2) & 3) << 4));
      numbers[i + 64] = scaled(2, (a >> 4) | (((h >> 4) & 3) << 4));
      numbers[i + 96] = scaled(3, (b >> 4) | ((h >> 6) << 4));
    }
  }
}

using ExpandBlock = void (*)(const std::byte* block, float* numbers);

ExpandBlock block_expander(Dtype dtype) {
  switch (dtype) {
    case Dtype::kQ4_0:
      return expand_q4_0;
    case Dtype::kQ4_1:
      return expand_q4_1;
    case Dtype::kQ5_0:
      return expand_q5_0;
    case Dtype::kQ5_1:
      return expand_q5_1;
    case Dtype::kQ8_0:
      return expand_q8_0;
    case Dtype::kQ4_K:
      return expand_q4_k;
    case Dtype::kQ5_K:
      return expand_q5_k;
    default:
      return expand_q6_k;
  }
}

}  // namespace

DtypeLayout layout_of(Dtype dtype) {
  if (dtype == Dtype::kOther) {
    fail(ErrorCode::kUnsupported, {"Numbers of this type cannot be computed with."}, {"F32, F16, BF16 or Q4 to Q8"},
         {"another type"});
  }
  return kRows[static_cast<std::size_t>(dtype)].layout;
}

const char* name_of(Dtype dtype) { return kRows[static_cast<std::size_t>(dtype)].name; }

void expand(Dtype dtype, const std::byte* blocks, Index count, float* numbers) {
  const auto [block, bytes] = layout_of(dtype);
  if (dtype == Dtype::kF32) {
    if (count > 0) std::memcpy(numbers, blocks, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  if (dtype == Dtype::kF16) {
    for (Index i = 0; i < count; ++i) numbers[i] = half_at(blocks + 2 * i);
    return;
  }
  if (dtype == Dtype::kBF16) {
    for (Index i = 0; i < count; ++i) numbers[i] = float_from_bf16(read<std::uint16_t>(blocks + 2 * i));
    return;
  }
  const ExpandBlock expand_block = block_expander(dtype);
  for (Index i = 0; i < count; i += block, blocks += bytes) expand_block(blocks, numbers + i);
}

float float_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // Zero and subnormal numbers: fraction * 2^-24.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 0x1F ? 0xFFU : exponent + 112;  // 127 - 15.
  return std::bit_cast<float>(sign | (wide_exponent << 23U) | (fraction << 13U));
}

}  // namespace attn
