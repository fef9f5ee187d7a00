// The affine map against products in double precision.
#include "linalg/linear.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "quantised.h"
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
  misfit("d_in", R"(\[2, 5\] and \[3, 4\])", [&] { attn::linear(Matrix(Matrix::Ones(2, 5)), map, output); });
  misfit("output", R"(\[3, 3\] and \[3, 4\])", [&] { attn::linear(input, map, too_many_rows); });
  misfit("output", R"(\[2, 4\] and \[3, 4\])", [&] { attn::linear(input, map, too_wide); });
  misfit("bias", R"(\[1, 2\] and \[3, 4\])",
         [&] { attn::linear(input, {.w = map.w, .bias = attn::Vector::Ones(2)}, output); });
}

/// The slow product with numbers that are known to be those of the weights.
test::Exact slow_linear(const Matrix& input, const Matrix& w, const attn::Vector& bias) {
  test::Exact expected = test::Exact::Zero(input.rows(), w.rows());
  for (Index t = 0; t < input.rows(); ++t) {
    for (Index o = 0; o < w.rows(); ++o) {
      double sum = bias.size() == 0 ? 0.0 : static_cast<double>(bias(o));
      for (Index i = 0; i < w.cols(); ++i) sum += static_cast<double>(input(t, i)) * static_cast<double>(w(o, i));
      expected(t, o) = sum;
    }
  }
  return expected;
}

class LinearOfType : public testing::TestWithParam<attn::Dtype> {};

TEST_P(LinearOfType, IsTheProductWithItsExpandedNumbers) {
  test::Random random(165);
  const auto [weights, numbers] = test::quantised(GetParam());
  // Random blocks may stand for large numbers: the tolerance is relative to the sum of what is added.
  const attn::Vector bias = random.vector(8);
  const attn::Vector wide_bias = random.vector(512);
  for (const Index n : {1, 2, 4, 5, 7, 8, 200}) {
    SCOPED_TRACE(n);
    const Matrix input = random.matrix(n, 512);
    const double tolerance = 1e-6 * numbers.cast<double>().cwiseAbs().rowwise().sum().maxCoeff() + 1e-6;
    EXPECT_LE(difference(attn::linear(input, {.w = weights, .bias = bias}), slow_linear(input, numbers, bias)),
              tolerance);
    EXPECT_LE(difference(attn::linear(input, {.w = weights, .bias = {}}), slow_linear(input, numbers, {})), tolerance);
    const Matrix narrow = random.matrix(n, 8);
    EXPECT_LE(difference(attn::linear(narrow, {.w = weights, .bias = wide_bias, .input_major = true}),
                         slow_linear(narrow, numbers.transpose(), wide_bias)),
              tolerance);
  }
}

TEST_P(LinearOfType, TakesMoreRowsThanAPanelHolds) {
  test::Random random(166);
  const auto [weights, numbers] = test::quantised(GetParam());
  std::vector<Index> order;
  Matrix many(300, 512);
  for (Index row = 0; row < 300; ++row) {
    order.push_back(random.index(0, 7));
    many.row(row) = numbers.row(order.back());
  }
  const attn::WeightMatrix tall = weights.reordered(order);
  const double tolerance = 1e-6 * numbers.cast<double>().cwiseAbs().rowwise().sum().maxCoeff() + 1e-6;
  for (const Index n : {1, 9}) {
    const Matrix input = random.matrix(n, 512);
    EXPECT_LE(difference(attn::linear(input, {.w = tall, .bias = {}}), slow_linear(input, many, {})), tolerance) << n;
    const Matrix wide = random.matrix(n, 300);
    const double sum = many.cast<double>().cwiseAbs().colwise().sum().maxCoeff();
    EXPECT_LE(difference(attn::linear(wide, {.w = tall, .bias = {}, .input_major = true}),
                         slow_linear(wide, many.transpose(), {})),
              1e-6 * sum + 1e-6)
        << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, LinearOfType, testing::ValuesIn(test::kComputedTypes),
                         [](const auto& type) { return std::string(attn::name_of(type.param)); });

TEST(Linear, TakesMatricesThatAreStoredByTheirInputs) {
  test::Random random(167);
  for (int round = 0; round < 30; ++round) {
    const Index d_in = random.index(1, 40);
    const Index d_out = random.index(1, 40);
    const Matrix w = random.matrix(d_in, d_out);
    const Linear map{.w = attn::WeightMatrix(Matrix(w)), .bias = random.vector(d_out), .input_major = true};
    EXPECT_EQ(map.d_in(), d_in);
    EXPECT_EQ(map.d_out(), d_out);
    const Matrix input = random.matrix(random.index(1, 140), d_in);
    EXPECT_LE(difference(attn::linear(input, map), slow_linear(input, w.transpose(), map.bias)), 1e-5);
  }
}

TEST(Linear, SomeOutputsAreThoseOfTheWholeMap) {
  test::Random random(168);
  for (const bool input_major : {false, true}) {
    const Linear map{.w = attn::WeightMatrix(input_major ? random.matrix(6, 9) : random.matrix(9, 6)),
                     .bias = random.vector(9),
                     .input_major = input_major};
    const Linear plain{.w = map.w, .bias = {}, .input_major = input_major};
    const Matrix input = random.matrix(5, 6);
    const Matrix whole = attn::linear(input, map);
    for (const auto& [first, count] : {std::pair<Index, Index>{0, 9}, {0, 4}, {4, 5}, {8, 1}}) {
      const Linear some = attn::outputs_of(map, first, count);
      EXPECT_EQ(some.d_out(), count);
      EXPECT_EQ(some.d_in(), 6);
      EXPECT_LE(difference(attn::linear(input, some), whole.middleCols(first, count)), 1e-6);
      EXPECT_EQ(attn::outputs_of(plain, first, count).bias.size(), 0);
      EXPECT_EQ(some.w.view().data(), map.w.view().data() + (input_major ? first : 6 * first)) << "memory is shared";
    }
  }
  const auto [weights, numbers] = test::quantised(attn::Dtype::kQ4_K);
  const Matrix input = random.matrix(3, 512);
  EXPECT_LE(difference(attn::linear(input, attn::outputs_of({.w = weights, .bias = {}}, 2, 3)),
                       slow_linear(input, numbers.middleRows(2, 3), {})),
            1e-6 * numbers.cast<double>().cwiseAbs().rowwise().sum().maxCoeff());
}

TEST(Linear, RefusesMisfitsOfMatricesStoredByTheirInputs) {
  test::Random random(169);
  const Linear map{.w = attn::WeightMatrix(random.matrix(4, 3)), .bias = random.vector(3), .input_major = true};
  Matrix output = Matrix::Zero(2, 3);
  EXPECT_NO_THROW(attn::linear(random.matrix(2, 4), map, output));
  test::expect_refusal({ErrorCode::kBadRequest, "d_in", "d_in", R"(\[2, 3\] and \[4, 3\])"},
                       [&] { attn::linear(random.matrix(2, 3), map, output); });
  Matrix wide = Matrix::Zero(2, 4);
  test::expect_refusal({ErrorCode::kBadRequest, "output", "d_out", R"(\[2, 4\] and \[4, 3\])"},
                       [&] { attn::linear(random.matrix(2, 4), map, wide); });
  const Linear other{.w = map.w, .bias = attn::Vector::Ones(4), .input_major = true};
  test::expect_refusal({ErrorCode::kBadRequest, "bias", "d_out", R"(\[1, 4\] and \[4, 3\])"},
                       [&] { attn::linear(random.matrix(2, 4), other, output); });
}

}  // namespace
