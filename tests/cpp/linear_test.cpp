// The affine map against products in double precision.
#include "linalg/linear.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "reference.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Linear;
using attn::Matrix;
using test::difference;

Linear random_linear(test::Random& random, Index d_out, Index d_in, bool has_bias) {
  return {.w = attn::WeightMatrix(random.matrix(d_out, d_in)),
          .bias = has_bias ? random.vector(d_out) : attn::Vector()};
}

TEST(Linear, AgreesWithASlowReferenceOnManyShapes) {
  test::Random random(161);
  for (int round = 0; round < 100; ++round) {
    const Index n = random.index(1, 140);
    const Index d_in = random.index(1, 40);
    const Index d_out = random.index(1, 40);
    const Linear map = random_linear(random, d_out, d_in, round % 2 == 0);
    const Matrix input = random.matrix(n, d_in);
    const Matrix found = attn::linear(input, map);
    test::Exact expected = test::Exact::Zero(n, d_out);
    for (Index t = 0; t < n; ++t) {
      for (Index o = 0; o < d_out; ++o) {
        if (map.bias.size() != 0) expected(t, o) = static_cast<double>(map.bias(o));
        for (Index i = 0; i < d_in; ++i) {
          expected(t, o) += static_cast<double>(input(t, i)) * static_cast<double>(map.w.row(o)(i));
        }
      }
    }
    EXPECT_LE(difference(found, expected), 1e-5) << n << " x " << d_in << " -> " << d_out;
  }
}

TEST(Linear, IsExactOnSmallWholeNumbers) {
  Matrix w(2, 3);
  w << 1, 2, 3,  //
      4, 5, 6;
  attn::Vector bias(2);
  bias << 10, 20;
  Matrix input(1, 3);
  input << 1, -1, 2;
  Matrix expected(1, 2);
  expected << 15, 31;
  EXPECT_EQ(attn::linear(input, {.w = attn::WeightMatrix(w), .bias = bias}), expected);
}

TEST(Linear, FillsTheBlockOfRowsItIsGiven) {
  test::Random random(162);
  const Linear map = random_linear(random, 5, 7, true);
  const Matrix input = random.matrix(300, 7);
  const Matrix whole = attn::linear(input, map);
  Matrix blocks(300, 5);
  for (Index first = 0; first < 300; first += attn::kRowBlock) {
    const Index rows = std::min(attn::kRowBlock, 300 - first);
    attn::linear(input.middleRows(first, rows), map, blocks.middleRows(first, rows));
  }
  EXPECT_LE(difference(blocks, whole), 1e-6);
  Matrix columns = Matrix::Zero(300, 9);
  attn::linear(input, map, columns.middleCols(2, 5));
  EXPECT_LE(difference(columns.middleCols(2, 5), whole), 1e-6);
  EXPECT_TRUE(columns.leftCols(2).isZero(0.0F) && columns.rightCols(2).isZero(0.0F));
}

TEST(Linear, OfNoRowsIsNoRows) {
  test::Random random(163);
  EXPECT_EQ(attn::linear(Matrix(0, 4), random_linear(random, 3, 4, true)).rows(), 0);
}

TEST(Linear, RefusesEveryMisfitByItsShapes) {
  test::Random random(164);
  const Linear map = random_linear(random, 3, 4, true);
  const Matrix input = random.matrix(2, 4);
  Matrix output = Matrix::Zero(2, 3);
  Matrix too_many_rows = Matrix::Zero(3, 3);
  Matrix too_wide = Matrix::Zero(2, 4);
  const auto misfit = [](const char* rule, const char* found, const std::function<void()>& work) {
    SCOPED_TRACE(rule);
    test::expect_refusal({ErrorCode::kBadRequest, rule, rule, found}, work);
    EXPECT_THROW(work(), attn::ShapeError);
  };
  misfit("d_in", R"(\[2, 5\] and \[3, 4\])", [&] { attn::linear(Matrix::Ones(2, 5), map, output); });
  misfit("output", R"(\[3, 3\] and \[3, 4\])", [&] { attn::linear(input, map, too_many_rows); });
  misfit("output", R"(\[2, 4\] and \[3, 4\])", [&] { attn::linear(input, map, too_wide); });
  misfit("bias", R"(\[1, 2\] and \[3, 4\])",
         [&] { attn::linear(input, {.w = map.w, .bias = attn::Vector::Ones(2)}, output); });
}

}  // namespace
