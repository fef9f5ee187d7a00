// Positions: the paper's sines and cosines against their formula, learned tables, and rotation.
#include "attn/position.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

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

TEST(LearnedPositions, BeginAtAnyRowOfTheTable) {
  test::Random random(132);
  const Matrix table = random.matrix(10, 6);
  Matrix x = Matrix::Zero(3, 6);
  attn::add_learned_positions(attn::WeightMatrix(Matrix(table)), 7, x);
  EXPECT_EQ(x, table.bottomRows(3));
}

/// Every pair as a complex number that is multiplied by e^(i angle).
void expect_rotated(const attn::Rotary& rotary, Index first_position, Index n_heads, const Matrix& before,
                    const Matrix& found, double tolerance) {
  const Index half = rotary.frequencies.size();
  for (Index t = 0; t < before.rows(); ++t) {
    for (Index head = 0; head < n_heads; ++head) {
      for (Index i = 0; i < half; ++i) {
        // The angle is a float32 product: what that rounds is the models' own.
        const float angle = static_cast<float>(first_position + t) * rotary.frequencies(i);
        const Index at = head * 2 * half + i;
        const std::complex<long double> turned = std::complex<long double>(before(t, at), before(t, at + half)) *
                                                 std::polar(1.0L, static_cast<long double>(angle));
        EXPECT_NEAR(found(t, at), static_cast<double>(turned.real()), tolerance) << t << ", " << head << ", " << i;
        EXPECT_NEAR(found(t, at + half), static_cast<double>(turned.imag()), tolerance);
      }
    }
  }
}

TEST(Rotary, FrequenciesFallFromOneByTheFormula) {
  for (const Index d_head : {2, 4, 18, 64, 128}) {
    for (const double theta : {10000.0, 100000.0, 1e6}) {
      const attn::Rotary rotary = attn::rotary_of(d_head, theta);
      ASSERT_EQ(rotary.frequencies.size(), d_head / 2);
      EXPECT_EQ(rotary.frequencies(0), 1.0F);
      for (Index i = 0; i < d_head / 2; ++i) {
        const long double exact =
            std::pow(static_cast<long double>(theta), -2.0L * static_cast<long double>(i) / d_head);
        EXPECT_NEAR(rotary.frequencies(i), static_cast<double>(exact), 1e-7 * static_cast<double>(exact));
      }
    }
  }
}

TEST(Rotate, TurnsPairsAsComplexNumbers) {
  test::Random random(133);
  for (int round = 0; round < 40; ++round) {
    const Index d_head = 2 * random.index(1, 20);
    const Index n_heads = random.index(1, 4);
    const attn::Rotary rotary = attn::rotary_of(d_head, 10000.0);
    const Index first = random.index(0, 300);
    const Matrix before = random.matrix(random.index(1, 8), n_heads * d_head);
    Matrix x = before;
    attn::rotate(rotary, first, n_heads, x);
    expect_rotated(rotary, first, n_heads, before, x, 2e-7);
  }
}

TEST(Rotate, IsExactFarOut) {
  test::Random random(134);
  const attn::Rotary rotary = attn::rotary_of(64, 100000.0);
  for (const Index first : {8'190, 131'070, 1'000'000, (1 << 24) - 2}) {
    const Matrix before = random.matrix(2, 3 * 64);
    Matrix x = before;
    attn::rotate(rotary, first, 3, x);
    expect_rotated(rotary, first, 3, before, x, 2e-7);
  }
}

TEST(Rotate, LeavesPositionZeroAndModelsWithoutRotation) {
  test::Random random(135);
  const Matrix before = random.matrix(3, 8);
  Matrix x = before;
  attn::rotate({}, 5, 2, x);
  EXPECT_EQ(x, before);
  attn::rotate(attn::rotary_of(4, 10000.0), 0, 2, x);
  EXPECT_EQ(x.row(0), before.row(0));
  EXPECT_GT((x.row(1) - before.row(1)).norm(), 0.1F);
}

TEST(Rotate, InPiecesIsTheSameToTheLastBit) {
  test::Random random(136);
  const attn::Rotary rotary = attn::rotary_of(16, 10000.0);
  const Matrix before = random.matrix(20, 2 * 16);
  Matrix whole = before;
  attn::rotate(rotary, 3, 2, whole);
  for (const Index first : {1, 7, 19}) {
    Matrix pieces = before;
    attn::rotate(rotary, 3, 2, pieces.topRows(first));
    attn::rotate(rotary, 3 + first, 2, pieces.bottomRows(20 - first));
    EXPECT_EQ(pieces, whole) << first;
  }
}

TEST(Rotate, MakesProductsDependOnDistanceAlone) {
  test::Random random(137);
  const attn::Rotary rotary = attn::rotary_of(32, 10000.0);
  const Matrix query = random.matrix(1, 32);
  const Matrix key = random.matrix(1, 32);
  const auto product = [&](Index query_at, Index key_at) {
    Matrix turned_query = query;
    Matrix turned_key = key;
    attn::rotate(rotary, query_at, 1, turned_query);
    attn::rotate(rotary, key_at, 1, turned_key);
    return turned_query.row(0).dot(turned_key.row(0));
  };
  EXPECT_NEAR(product(9, 4), product(105, 100), 1e-4F);
  EXPECT_GT(std::abs(product(9, 4) - product(9, 8)), 1e-3F);
}

TEST(Rotate, RefusesWidthsThatDoNotFit) {
  Matrix x = Matrix::Ones(2, 12);
  const attn::Rotary rotary = attn::rotary_of(4, 10000.0);
  EXPECT_NO_THROW(attn::rotate(rotary, 0, 3, x));
  x.setOnes();
  test::expect_refusal({ErrorCode::kBadRequest, "two numbers a frequency", "", R"(\[2, 12\] and \[1, 2\])"},
                       [&] { attn::rotate(rotary, 1, 2, x); });
  test::expect_refusal({ErrorCode::kBadRequest, "two numbers a frequency", "", R"(\[2, 11\] and \[1, 2\])"},
                       [&] { attn::rotate(rotary, 1, 3, x.leftCols(11)); });
  EXPECT_TRUE(x.isOnes(0.0F)) << "a refusal must change nothing";
}

}  // namespace
