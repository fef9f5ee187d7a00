// GELU in its exact form against the error function of the standard library.
#include "linalg/gelu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "golden.h"

namespace {

using attn::Index;
using attn::Matrix;

double exact_gelu(double x) { return x * (1.0 + std::erf(x / std::numbers::sqrt2)) / 2.0; }

TEST(Gelu, IsExactToAMillionthFromMinusTenToTen) {
  constexpr Index kSteps = 20'001;
  Matrix x(1, kSteps);
  for (Index i = 0; i < kSteps; ++i) x(0, i) = static_cast<float>(static_cast<double>(i) * 1e-3 - 10.0);
  Matrix found = x;
  attn::gelu(found);
  for (Index i = 0; i < kSteps; ++i) ASSERT_NEAR(found(0, i), exact_gelu(x(0, i)), 1e-6) << x(0, i);
}

TEST(Gelu, IsTheSameWhateverStandsBeside) {
  test::Random random(151);
  for (Index cols = 1; cols <= 20; ++cols) {
    const Matrix x = random.matrix(1, cols, 4.0F);
    Matrix found = x;
    attn::gelu(found);
    for (Index i = 0; i < cols; ++i) EXPECT_NEAR(found(0, i), exact_gelu(x(0, i)), 1e-6);
  }
}

TEST(Gelu, KeepsLargeNumbersAndDropsLargeNegativeOnes) {
  Matrix x(1, 5);
  x << 0.0F, 40.0F, -40.0F, 1e30F, -1e30F;
  attn::gelu(x);
  EXPECT_EQ(x(0, 0), 0.0F);
  EXPECT_EQ(x(0, 1), 40.0F);
  EXPECT_EQ(x(0, 2), 0.0F);
  EXPECT_EQ(x(0, 3), 1e30F);
  EXPECT_EQ(x(0, 4), 0.0F);
}

TEST(Gelu, IsNotTheApproximationByTanh) {
  Matrix x = Matrix::Constant(1, 1, 2.2F);
  attn::gelu(x);
  const double tanh_form =
      1.1 * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (2.2 + 0.044715 * 2.2 * 2.2 * 2.2)));
  EXPECT_GT(std::abs(static_cast<double>(x(0, 0)) - tanh_form), 2e-4);
}

TEST(Gelu, ChangesOnlyTheColumnsItIsGiven) {
  Matrix x = Matrix::Constant(2, 4, -1.0F);
  attn::gelu(x.middleCols(1, 2));
  EXPECT_EQ(x(0, 0), -1.0F);
  EXPECT_EQ(x(1, 3), -1.0F);
  EXPECT_NEAR(x(1, 1), exact_gelu(-1.0), 1e-6);
}

}  // namespace
