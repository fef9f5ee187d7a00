// Every activation against its formula in long double, and at numbers far beyond what models make.
#include "linalg/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "golden.h"

namespace {

using attn::Activation;
using attn::Index;
using attn::Matrix;

long double exact(Activation activation, long double x) {
  switch (activation) {
    case Activation::kGelu:
      return x * std::erfc(-x / std::numbers::sqrt2_v<long double>) / 2.0L;
    case Activation::kGeluTanh:
      return x * (1.0L + std::tanh(std::sqrt(2.0L / std::numbers::pi_v<long double>) * (x + 0.044715L * x * x * x))) /
             2.0L;
    case Activation::kSilu:
      return x / (1.0L + std::exp(-x));
    case Activation::kRelu:
      return x > 0.0L ? x : 0.0L;
  }
  return 0.0L;
}

struct ActivationCase {
  const char* name;
  Activation activation;
};

class Activations : public testing::TestWithParam<ActivationCase> {};

TEST_P(Activations, FollowTheFormulaFromMinusTenToTen) {
  // A width that is no multiple of any vector's length: the last columns are computed one by one.
  constexpr Index kCols = 401;
  Matrix x(50, kCols);
  for (Index i = 0; i < x.size(); ++i)
    x.data()[i] = -10.0F + 20.0F * static_cast<float>(i) / static_cast<float>(x.size() - 1);
  Matrix found = x;
  attn::activate(GetParam().activation, found);
  for (Index i = 0; i < x.size(); ++i) {
    const long double want = exact(GetParam().activation, static_cast<long double>(x.data()[i]));
    ASSERT_NEAR(static_cast<double>(found.data()[i]), static_cast<double>(want), 2e-6) << x.data()[i];
  }
}

TEST_P(Activations, StayFiniteFarOut) {
  for (const float size : {20.0F, 50.0F, 88.0F, 89.0F, 104.0F, 1e3F, 1e4F}) {
    // In a vector and alone: two ways through the same function.
    for (const Index cols : {1, 16}) {
      Matrix positive = Matrix::Constant(1, cols, size);
      Matrix negative = -positive;
      attn::activate(GetParam().activation, positive);
      attn::activate(GetParam().activation, negative);
      EXPECT_TRUE((positive.array() == size).all()) << size << ": " << positive(0, 0);
      EXPECT_LE(negative.cwiseAbs().maxCoeff<Eigen::PropagateNaN>(), 1e-6F * size) << negative(0, 0);
    }
  }
}

TEST_P(Activations, OfZeroAreZero) {
  Matrix zeros = Matrix::Zero(3, 7);
  attn::activate(GetParam().activation, zeros);
  EXPECT_TRUE(zeros.isZero(0.0F));
}

TEST_P(Activations, ChangeOnlyTheBlockTheyAreGiven) {
  test::Random random(231);
  const Matrix before = random.matrix(6, 40);
  Matrix x = before;
  attn::activate(GetParam().activation, x.block(2, 3, 2, 33));
  EXPECT_EQ(x.topRows(2), before.topRows(2));
  EXPECT_EQ(x.bottomRows(2), before.bottomRows(2));
  EXPECT_EQ(x.leftCols(3), before.leftCols(3));
  EXPECT_EQ(x.rightCols(4), before.rightCols(4));
  EXPECT_GT(test::difference(x.block(2, 3, 2, 33), before.block(2, 3, 2, 33)), 0.01);
}

INSTANTIATE_TEST_SUITE_P(All, Activations,
                         testing::Values(ActivationCase{"gelu", Activation::kGelu},
                                         ActivationCase{"gelu_tanh", Activation::kGeluTanh},
                                         ActivationCase{"silu", Activation::kSilu},
                                         ActivationCase{"relu", Activation::kRelu}),
                         [](const auto& activation) { return std::string(activation.param.name); });

TEST(Activation, TheTwoGelusDiffer) {
  Matrix exactly = Matrix::Constant(1, 1, 2.3F);
  Matrix nearly = exactly;
  attn::activate(Activation::kGelu, exactly);
  attn::activate(Activation::kGeluTanh, nearly);
  EXPECT_GT(std::abs(exactly(0, 0) - nearly(0, 0)), 1e-4F);
}

}  // namespace
