// Every way to store numbers: all half-width floats there are, and every block type against a reference dequantiser.
#include "linalg/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "golden.h"

namespace {

using attn::Dtype;
using attn::Index;

TEST(FloatFromF16, IsExactForAll65536) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float found = attn::float_from_f16(static_cast<std::uint16_t>(bits));
    const bool is_negative = bits >= 0x8000U;
    const int exponent = static_cast<int>((bits >> 10U) & 31U);
    const int fraction = static_cast<int>(bits & 1023U);
    ASSERT_EQ(std::signbit(found), is_negative) << bits;
    if (exponent == 31) {
      ASSERT_EQ(std::isnan(found), fraction != 0) << bits;
      ASSERT_EQ(std::isinf(found), fraction == 0) << bits;
      continue;
    }
    const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    ASSERT_EQ(static_cast<double>(std::abs(found)), magnitude) << bits;
  }
}

TEST(FloatFromF16, KnowsTheSpecialValues) {
  EXPECT_EQ(attn::float_from_f16(0x3C00), 1.0F);
  EXPECT_EQ(attn::float_from_f16(0xC000), -2.0F);
  EXPECT_EQ(attn::float_from_f16(0x7BFF), 65504.0F);
  EXPECT_EQ(attn::float_from_f16(0x0001), 0x1p-24F);
  EXPECT_EQ(attn::float_from_f16(0x03FF), 1023.0F * 0x1p-24F);
  EXPECT_EQ(attn::float_from_f16(0x0400), 0x1p-14F);
  EXPECT_TRUE(std::signbit(attn::float_from_f16(0x8000)));
  EXPECT_EQ(attn::float_from_f16(0xFC00), -std::numeric_limits<float>::infinity());
}

TEST(FloatFromBf16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(attn::float_from_bf16(0x3F80), 1.0F);
  EXPECT_EQ(attn::float_from_bf16(0xC000), -2.0F);
  EXPECT_EQ(attn::float_from_bf16(0x0001), 0x1p-133F);
  EXPECT_EQ(attn::float_from_bf16(0x7F80), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(attn::float_from_bf16(0x7FC0)));
  EXPECT_TRUE(std::signbit(attn::float_from_bf16(0x8000)));
  for (unsigned bits = 0; bits < 65536; ++bits) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(attn::float_from_bf16(static_cast<std::uint16_t>(bits))), bits << 16U);
  }
}

struct BlockCase {
  const char* name;
  Dtype dtype;
  bool is_exact;
};

class Blocks : public testing::TestWithParam<BlockCase> {};

TEST_P(Blocks, StandForTheNumbersOfTheReference) {
  const auto& [name, dtype, is_exact] = GetParam();
  const attn::Checkpoint golden = test::golden(std::string("gguf/blocks/") + name + ".safetensors");
  const attn::Tensor& raw = *golden.find("raw");
  const attn::SharedMatrix expected = test::tensor(golden, "values");
  ASSERT_EQ(expected.cols(), 512);
  const attn::DtypeLayout layout = attn::layout_of(dtype);
  ASSERT_EQ(raw.bytes, static_cast<std::size_t>(expected.rows() * 512 / layout.block) * layout.bytes);
  EXPECT_STREQ(attn::name_of(dtype), name);
  for (Index row = 0; row < expected.rows(); ++row) {
    attn::Vector found(512);
    attn::expand(dtype, raw.data.get() + static_cast<std::size_t>(row) * raw.bytes / 8, 512, found.data());
    for (Index i = 0; i < 512; ++i) {
      const double want = expected.row(row)(i);
      const double off = std::abs(static_cast<double>(found(i)) - want);
      ASSERT_LE(off, is_exact ? 0.0 : 1e-6 * std::max(std::abs(want), 1e-30)) << row << ", " << i << ": " << want;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Blocks,
                         testing::Values(BlockCase{"F32", Dtype::kF32, true}, BlockCase{"F16", Dtype::kF16, true},
                                         BlockCase{"BF16", Dtype::kBF16, true}, BlockCase{"Q8_0", Dtype::kQ8_0, true},
                                         BlockCase{"Q4_0", Dtype::kQ4_0, false}, BlockCase{"Q4_1", Dtype::kQ4_1, false},
                                         BlockCase{"Q5_0", Dtype::kQ5_0, false}, BlockCase{"Q5_1", Dtype::kQ5_1, false},
                                         BlockCase{"Q4_K", Dtype::kQ4_K, false}, BlockCase{"Q5_K", Dtype::kQ5_K, false},
                                         BlockCase{"Q6_K", Dtype::kQ6_K, false}),
                         [](const auto& block) { return std::string(block.param.name); });

TEST(Dtype, RefusesWhatIsNotComputed) {
  test::expect_refusal({attn::ErrorCode::kUnsupported, "type", "F32", "another"},
                       [] { attn::layout_of(Dtype::kOther); });
}

}  // namespace
