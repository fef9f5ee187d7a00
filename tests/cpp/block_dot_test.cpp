// Products with numbers that stay in their blocks, against the same numbers expanded.
#include "linalg/block_dot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden.h"
#include "quantised.h"

namespace {

using attn::Dtype;
using attn::Index;
using attn::Vector;

class BlockDot : public testing::TestWithParam<Dtype> {};

TEST_P(BlockDot, IsTheSumOverTheExpandedNumbers) {
  test::Random random(251);
  const auto [weights, numbers] = test::quantised(GetParam());
  ASSERT_TRUE(attn::has_block_dot(GetParam()));
  for (const Index count : {Index{0}, Index{32}, Index{64}, Index{512}}) {
    const Vector x = random.vector(count, 3.0F);
    const Vector sums = attn::block_sums(x.data(), count);
    for (Index row = 0; row < weights.rows(); ++row) {
      double expected = 0.0;
      double size = 0.0;
      for (Index i = 0; i < count; ++i) {
        const double term = static_cast<double>(numbers(row, i)) * static_cast<double>(x(i));
        expected += term;
        size += std::abs(term);
      }
      // The parts of a number with an offset are larger than the number: 16 times at most.
      EXPECT_NEAR(attn::block_dot(GetParam(), weights.blocks(row), count, x.data(), sums.data()), expected, 1e-5 * size)
          << count << ", " << row;
    }
  }
}

TEST_P(BlockDot, NeedsNoAlignment) {
  test::Random random(252);
  const auto [weights, numbers] = test::quantised(GetParam());
  const Vector x = random.vector(512);
  const Vector sums = attn::block_sums(x.data(), 512);
  const std::size_t bytes = test::bytes_in(GetParam(), 512);
  std::vector<std::byte> shifted(bytes + 1);
  std::copy_n(weights.blocks(3), bytes, shifted.begin() + 1);
  EXPECT_EQ(attn::block_dot(GetParam(), shifted.data() + 1, 512, x.data(), sums.data()),
            attn::block_dot(GetParam(), weights.blocks(3), 512, x.data(), sums.data()));
}

INSTANTIATE_TEST_SUITE_P(Types, BlockDot, testing::Values(Dtype::kQ4_0, Dtype::kQ4_1, Dtype::kQ8_0),
                         [](const auto& type) { return std::string(attn::name_of(type.param)); });

TEST(HasBlockDot, KnowsWhichTypesItKnows) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF16, Dtype::kBF16, Dtype::kQ5_0, Dtype::kQ5_1, Dtype::kQ4_K,
                            Dtype::kQ5_K, Dtype::kQ6_K, Dtype::kOther}) {
    EXPECT_FALSE(attn::has_block_dot(dtype));
  }
}

TEST(BlockSums, AreTheSumsOfThirtyTwo) {
  Vector x(96);
  for (Index i = 0; i < 96; ++i) x(i) = static_cast<float>(i);
  Vector expected(3);
  expected << 496, 1520, 2544;
  EXPECT_EQ(attn::block_sums(x.data(), 96), expected);
  EXPECT_EQ(attn::block_sums(x.data(), 0).size(), 0);
}

}  // namespace
