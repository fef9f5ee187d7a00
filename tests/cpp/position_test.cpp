// Positions: the paper's sines and cosines against their formula, and learned tables.
#include "attn/position.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Matrix;

TEST(SinusoidalPositions, FollowTheFormulaAtEveryWidth) {
  for (const Index d_model : {1, 2, 3, 8, 31, 384}) {
    const Matrix found = attn::sinusoidal_positions(50, d_model);
    ASSERT_EQ(found.rows(), 50);
    ASSERT_EQ(found.cols(), d_model);
    for (Index t = 0; t < 50; ++t) {
      for (Index i = 0; 2 * i < d_model; ++i) {
        const long double angle =
            static_cast<long double>(t) / std::pow(10000.0L, 2.0L * static_cast<long double>(i) / d_model);
        EXPECT_NEAR(found(t, 2 * i), static_cast<double>(std::sin(angle)), 1e-6);
        if (2 * i + 1 < d_model) {
          EXPECT_NEAR(found(t, 2 * i + 1), static_cast<double>(std::cos(angle)), 1e-6);
        }
      }
    }
  }
}

TEST(SinusoidalPositions, StayExactFarOut) {
  const Matrix found = attn::sinusoidal_positions(100'001, 4);
  for (const Index t : {99'999, 100'000}) {
    EXPECT_NEAR(found(t, 0), static_cast<double>(std::sin(static_cast<long double>(t))), 1e-6);
    EXPECT_NEAR(found(t, 3), static_cast<double>(std::cos(static_cast<long double>(t) / 100.0L)), 1e-6);
  }
}

TEST(SinusoidalPositions, BeginWithZerosAndOnes) {
  Matrix expected(1, 4);
  expected << 0, 1, 0, 1;
  EXPECT_EQ(attn::sinusoidal_positions(1, 4), expected);
  EXPECT_EQ(attn::sinusoidal_positions(0, 4).size(), 0);
}

TEST(SinusoidalPositions, RefuseSizesThatAreNone) {
  test::expect_refusal({ErrorCode::kBadRequest, "width", "1 or more", R"(\[3, 0\])"},
                       [] { attn::sinusoidal_positions(3, 0); });
  test::expect_refusal({ErrorCode::kBadRequest, "count", "0 or more", R"(\[-1, 4\])"},
                       [] { attn::sinusoidal_positions(-1, 4); });
}

TEST(LearnedPositions, AreAddedRowByRow) {
  test::Random random(131);
  const Matrix table = random.matrix(10, 6);
  for (const Index n : {0, 1, 7, 10}) {
    const Matrix before = random.matrix(n, 6);
    Matrix x = before;
    attn::add_learned_positions(attn::WeightMatrix(table), 0, x);
    EXPECT_EQ(x, before + table.topRows(n)) << n;
  }
}

TEST(LearnedPositions, RefuseATableThatDoesNotFit) {
  const attn::WeightMatrix table(Matrix(Matrix::Ones(10, 6)));
  Matrix too_long = Matrix::Zero(11, 6);
  Matrix too_wide = Matrix::Zero(3, 7);
  test::expect_refusal({ErrorCode::kBadRequest, "positions", "11 rows of 6", "10 rows of 6"},
                       [&] { attn::add_learned_positions(table, 0, too_long); });
  test::expect_refusal({ErrorCode::kBadRequest, "positions", "3 rows of 7", "10 rows of 6"},
                       [&] { attn::add_learned_positions(table, 0, too_wide); });
  Matrix too_far = Matrix::Zero(3, 6);
  test::expect_refusal({ErrorCode::kBadRequest, "positions", "12 rows of 6", "10 rows of 6"},
                       [&] { attn::add_learned_positions(table, 9, too_far); });
  EXPECT_TRUE(too_long.isZero(0.0F)) << "a refusal must change nothing";
}

}  // namespace
