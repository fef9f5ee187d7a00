// Both normalisations against a slow reference in double precision.
#include "attn/norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden.h"
#include "reference.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Matrix;
using attn::NormParameters;
using test::difference;

NormParameters plain(Index width, float epsilon = 1e-12F) {
  return {.gain = attn::Vector::Ones(width), .bias = attn::Vector::Zero(width), .epsilon = epsilon};
}

test::Exact slow_norm(const test::Exact& x, const NormParameters& parameters) {
  test::Exact result(x.rows(), x.cols());
  for (Index t = 0; t < x.rows(); ++t) {
    double mean = 0.0;
    for (Index i = 0; i < x.cols(); ++i) mean += x(t, i) / static_cast<double>(x.cols());
    double variance = 0.0;
    for (Index i = 0; i < x.cols(); ++i) variance += std::pow(x(t, i) - mean, 2.0) / static_cast<double>(x.cols());
    for (Index i = 0; i < x.cols(); ++i) {
      const double normal = (x(t, i) - mean) / std::sqrt(variance + static_cast<double>(parameters.epsilon));
      result(t, i) = normal * static_cast<double>(parameters.gain(i)) + static_cast<double>(parameters.bias(i));
    }
  }
  return result;
}

TEST(LayerNorm, AgreesWithASlowReference) {
  test::Random random(141);
  for (const Index width : {2, 3, 8, 31, 384}) {
    for (const float epsilon : {1e-12F, 1e-5F, 0.1F}) {
      const NormParameters parameters{.gain = random.vector(width), .bias = random.vector(width), .epsilon = epsilon};
      Matrix x = random.matrix(5, width, 3.0F);
      const test::Exact expected = slow_norm(x.cast<double>(), parameters);
      attn::normalise(parameters, x);
      EXPECT_LE(difference(x, expected), 1e-5) << width << ", epsilon " << epsilon;
    }
  }
}

TEST(LayerNorm, DividesByTheWidthAndNotByOneLess) {
  Matrix x(1, 2);
  x << 3, 5;
  attn::normalise(plain(2), x);
  EXPECT_FLOAT_EQ(x(0, 0), -1.0F);
  EXPECT_FLOAT_EQ(x(0, 1), 1.0F);
}

TEST(LayerNorm, LeavesOnlyTheBiasOfARowWithoutVariance) {
  test::Random random(142);
  NormParameters parameters = plain(4);
  parameters.bias = random.vector(4);
  Matrix x = Matrix::Constant(2, 4, 8.0F);
  attn::normalise(parameters, x);
  EXPECT_EQ(x, parameters.bias.replicate(2, 1));
}

TEST(LayerNorm, DoesNotLoseSmallDifferencesOfLargeNumbers) {
  test::Random random(143);
  const Matrix small = random.matrix(3, 64);
  Matrix shifted = small.array() + 100.0F;
  const test::Exact expected = slow_norm(shifted.cast<double>(), plain(64));
  attn::normalise(plain(64), shifted);
  EXPECT_LE(difference(shifted, expected), 1e-4);
}

TEST(LayerNorm, ChangesOnlyTheRowsItIsGiven) {
  test::Random random(144);
  const Matrix before = random.matrix(6, 8);
  Matrix x = before;
  attn::normalise(plain(8), x.middleRows(2, 2));
  EXPECT_EQ(x.topRows(2), before.topRows(2));
  EXPECT_EQ(x.bottomRows(2), before.bottomRows(2));
  EXPECT_NEAR(x.row(2).squaredNorm(), 8.0F, 1e-4F);
}

TEST(LayerNorm, RefusesWidthsThatDiffer) {
  Matrix x = Matrix::Ones(2, 4);
  NormParameters parameters = plain(4);
  parameters.gain = attn::Vector::Ones(5);
  test::expect_refusal({ErrorCode::kBadRequest, "gain", "width", R"(\[2, 4\] and \[1, 5\])"},
                       [&] { attn::normalise(parameters, x); });
  parameters = plain(4);
  parameters.bias = attn::Vector::Ones(3);
  test::expect_refusal({ErrorCode::kBadRequest, "bias", "width", R"(\[2, 4\] and \[1, 3\])"},
                       [&] { attn::normalise(parameters, x); });
  EXPECT_EQ(x, Matrix::Ones(2, 4)) << "a refusal must change nothing";
}

TEST(RmsNorm, AgreesWithASlowReference) {
  test::Random random(145);
  for (const Index width : {1, 2, 3, 8, 31, 576}) {
    for (const float epsilon : {1e-12F, 1e-5F, 0.1F}) {
      const NormParameters parameters{
          .gain = random.vector(width), .bias = {}, .epsilon = epsilon, .kind = attn::NormKind::kRms};
      Matrix x = random.matrix(5, width, 3.0F);
      test::Exact expected(5, width);
      for (Index t = 0; t < 5; ++t) {
        double squares = 0.0;
        for (Index i = 0; i < width; ++i) squares += std::pow(static_cast<double>(x(t, i)), 2.0);
        const double root = std::sqrt(squares / static_cast<double>(width) + static_cast<double>(epsilon));
        for (Index i = 0; i < width; ++i) {
          expected(t, i) = static_cast<double>(x(t, i)) / root * static_cast<double>(parameters.gain(i));
        }
      }
      attn::normalise(parameters, x);
      EXPECT_LE(difference(x, expected), 1e-5) << width << ", epsilon " << epsilon;
    }
  }
}

TEST(RmsNorm, KeepsTheMean) {
  const NormParameters parameters{
      .gain = attn::Vector::Ones(2), .bias = {}, .epsilon = 1e-12F, .kind = attn::NormKind::kRms};
  Matrix x(2, 2);
  x << 7, 7,  //
      -1, 7;
  attn::normalise(parameters, x);
  EXPECT_FLOAT_EQ(x(0, 0), 1.0F);
  EXPECT_FLOAT_EQ(x(0, 1), 1.0F);
  EXPECT_FLOAT_EQ(x(1, 0), -0.2F);
  EXPECT_FLOAT_EQ(x(1, 1), 1.4F);
}

TEST(RmsNorm, LeavesZerosAndRowsThatAreNotItsOwn) {
  const NormParameters parameters{
      .gain = attn::Vector::Constant(8, 2.0F), .bias = {}, .epsilon = 1e-6F, .kind = attn::NormKind::kRms};
  Matrix x = Matrix::Zero(3, 8);
  x.row(0).setOnes();
  x.row(2).setOnes();
  attn::normalise(parameters, x.middleRows(1, 1));
  EXPECT_TRUE(x.row(1).isZero(0.0F));
  EXPECT_TRUE(x.row(0).isOnes(0.0F) && x.row(2).isOnes(0.0F));
  test::expect_refusal({ErrorCode::kBadRequest, "gain", "width", R"(\[3, 7\] and \[1, 8\])"},
                       [&] { attn::normalise(parameters, x.leftCols(7)); });
}

TEST(Normalise, LeavesRowsWhereAModelHasNoNorm) {
  test::Random random(146);
  const Matrix before = random.matrix(4, 6);
  Matrix x = before;
  attn::normalise({}, x);
  EXPECT_EQ(x, before);
}

}  // namespace
