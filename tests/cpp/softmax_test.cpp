// Softmax over visible cells: distributions, exact zeros, and scores of any size.
#include "linalg/softmax.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden.h"

namespace {

using attn::Index;
using attn::kMasked;
using attn::Matrix;

TEST(SoftmaxVisible, AgreesWithASlowReferenceAtEveryWidth) {
  test::Random random(121);
  for (Index cols = 1; cols <= 70; ++cols) {
    SCOPED_TRACE(cols);
    Matrix scores = random.matrix(3, cols, 12.0F);
    for (Index i = 0; i < scores.size(); ++i) {
      if (random.index(0, 3) == 0) scores.data()[i] = kMasked;
    }
    const Matrix weights = attn::softmax_visible(scores);
    ASSERT_EQ(weights.rows(), 3);
    ASSERT_EQ(weights.cols(), cols);
    for (Index t = 0; t < 3; ++t) {
      double sum = 0.0;
      for (Index s = 0; s < cols; ++s) sum += std::exp(static_cast<double>(scores(t, s)));
      for (Index s = 0; s < cols; ++s) {
        if (scores(t, s) == kMasked) {
          EXPECT_EQ(weights(t, s), 0.0F);
        } else {
          EXPECT_NEAR(weights(t, s), std::exp(static_cast<double>(scores(t, s))) / sum, 5e-7);
        }
      }
      EXPECT_NEAR(weights.row(t).cast<double>().sum(), sum == 0.0 ? 0.0 : 1.0, 1e-6);
    }
  }
}

TEST(SoftmaxVisible, GivesZerosToARowWithNoVisibleCell) {
  for (const Index cols : {1, 4, 17}) {
    EXPECT_TRUE(attn::softmax_visible(Matrix(Matrix::Constant(2, cols, kMasked))).isZero(0.0F)) << cols;
  }
}

TEST(SoftmaxVisible, GivesAllToTheOnlyVisibleCell) {
  Matrix scores = Matrix::Constant(9, 9, kMasked);
  scores.diagonal().setConstant(-5000.0F);
  EXPECT_EQ(attn::softmax_visible(scores), Matrix::Identity(9, 9));
}

TEST(SoftmaxVisible, SurvivesScoresOfAnySize) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (const float size : {1e6F, 1e30F, kLargest}) {
    Matrix scores(2, 5);
    scores << size, -size, 0.0F, size, kMasked,  //
        -size, -size, -size, kMasked, kMasked;
    const Matrix weights = attn::softmax_visible(scores);
    EXPECT_TRUE(weights.allFinite());
    EXPECT_EQ(weights(0, 0), 0.5F);
    EXPECT_EQ(weights(0, 3), 0.5F);
    EXPECT_LE(weights(0, 1), 1e-37F);
    EXPECT_EQ(weights(0, 4), 0.0F);
    EXPECT_FLOAT_EQ(weights(1, 0), 1.0F / 3.0F);
  }
}

TEST(SoftmaxVisible, DoesNotChangeWhenAllScoresShift) {
  test::Random random(122);
  // Multiples of a quarter, so that the shift itself rounds nothing.
  const Matrix scores = (random.matrix(4, 11, 20.0F).array() * 4.0F).round() / 4.0F;
  const Matrix shifted = scores.array() + 1024.0F;
  EXPECT_EQ(attn::softmax_visible(scores), attn::softmax_visible(shifted));
}

TEST(SoftmaxVisible, TakesEmptyMatrices) {
  EXPECT_EQ(attn::softmax_visible(Matrix(0, 5)).rows(), 0);
  EXPECT_EQ(attn::softmax_visible(Matrix(5, 0)).size(), 0);
}

TEST(SoftmaxVisible, TakesSomeColumnsOfAMatrix) {
  test::Random random(123);
  const Matrix wide = random.matrix(5, 20);
  const Matrix copy = wide.middleCols(3, 8);
  EXPECT_EQ(attn::softmax_visible(wide.middleCols(3, 8)), attn::softmax_visible(copy));
}

}  // namespace
