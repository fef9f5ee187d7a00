// The feed-forward block against a slow reference in double precision.
#include "attn/mlp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "golden.h"
#include "reference.h"

namespace {

using attn::Index;
using attn::Linear;
using attn::Matrix;

Linear random_linear(test::Random& random, Index d_out, Index d_in) {
  return {.w = attn::WeightMatrix(random.matrix(d_out, d_in)), .bias = random.vector(d_out)};
}

/// One output: bias + w . input.
double slow_output(const std::vector<double>& input, const Linear& map, Index output) {
  auto sum = static_cast<double>(map.bias(output));
  for (std::size_t i = 0; i < input.size(); ++i) {
    sum += static_cast<double>(map.w.row(output)(static_cast<Index>(i))) * input[i];
  }
  return sum;
}

TEST(Mlp, AgreesWithASlowReferenceOnManyShapes) {
  test::Random random(171);
  for (int round = 0; round < 40; ++round) {
    const Index n = random.index(1, 12);
    const Index d_model = random.index(1, 24);
    const Index d_mlp = random.index(1, 48);
    const attn::MlpParameters parameters{.w_up = random_linear(random, d_mlp, d_model),
                                         .w_down = random_linear(random, d_model, d_mlp)};
    const Matrix x = random.matrix(n, d_model);
    Matrix found(n, d_model);
    attn::mlp(x, parameters, found);
    for (Index t = 0; t < n; ++t) {
      const std::vector<double> row(x.row(t).data(), x.row(t).data() + d_model);
      std::vector<double> inner;
      inner.reserve(static_cast<std::size_t>(d_mlp));
      for (Index i = 0; i < d_mlp; ++i) {
        const double up = slow_output(row, parameters.w_up, i);
        inner.push_back(up * (1.0 + std::erf(up / std::numbers::sqrt2)) / 2.0);
      }
      for (Index i = 0; i < d_model; ++i) {
        EXPECT_NEAR(found(t, i), slow_output(inner, parameters.w_down, i), 2e-5);
      }
    }
  }
}

TEST(Mlp, RefusesWidthsThatDiffer) {
  test::Random random(172);
  const attn::MlpParameters good{.w_up = random_linear(random, 6, 4), .w_down = random_linear(random, 4, 6)};
  const Matrix x = random.matrix(3, 4);
  Matrix output(3, 4);
  EXPECT_NO_THROW(attn::mlp(x, good, output));
  EXPECT_THROW(attn::mlp(random.matrix(3, 5), good, output), attn::ShapeError);
  const attn::MlpParameters bad{.w_up = good.w_up, .w_down = random_linear(random, 4, 5)};
  EXPECT_THROW(attn::mlp(x, bad, output), attn::ShapeError);
  Matrix too_wide(3, 5);
  EXPECT_THROW(attn::mlp(x, good, too_wide), attn::ShapeError);
  Matrix too_short(2, 4);
  EXPECT_THROW(attn::mlp(x, good, too_short), attn::ShapeError);
}

double slow_activation(attn::Activation activation, double x) {
  switch (activation) {
    case attn::Activation::kGelu:
      return x * (1.0 + std::erf(x / std::numbers::sqrt2)) / 2.0;
    case attn::Activation::kGeluTanh:
      return x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x))) / 2.0;
    case attn::Activation::kSilu:
      return x / (1.0 + std::exp(-x));
    case attn::Activation::kRelu:
      return std::max(x, 0.0);
  }
  return 0.0;
}

TEST(Mlp, BendsWithEveryActivationAndWithAGate) {
  using enum attn::Activation;
  test::Random random(173);
  for (const attn::Activation activation : {kGelu, kGeluTanh, kSilu, kRelu}) {
    for (const bool has_gate : {false, true}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(activation) << (has_gate ? " with" : " without")
                                      << " a gate");
      attn::MlpParameters parameters{.activation = activation,
                                     .w_gate = {},
                                     .w_up = random_linear(random, 13, 6),
                                     .w_down = random_linear(random, 6, 13)};
      if (has_gate) parameters.w_gate = random_linear(random, 13, 6);
      EXPECT_EQ(parameters.has_gate(), has_gate);
      const Matrix x = random.matrix(5, 6, 2.0F);
      Matrix found(5, 6);
      attn::mlp(x, parameters, found);
      for (Index t = 0; t < 5; ++t) {
        const std::vector<double> row(x.row(t).data(), x.row(t).data() + 6);
        std::vector<double> inner;
        for (Index i = 0; i < 13; ++i) {
          const double up = slow_output(row, parameters.w_up, i);
          inner.push_back(has_gate ? slow_activation(activation, slow_output(row, parameters.w_gate, i)) * up
                                   : slow_activation(activation, up));
        }
        for (Index i = 0; i < 6; ++i) EXPECT_NEAR(found(t, i), slow_output(inner, parameters.w_down, i), 2e-5);
      }
    }
  }
}

TEST(Bend, MultipliesNumberByNumber) {
  attn::MlpParameters parameters{.activation = attn::Activation::kRelu,
                                 .w_gate = {.w = attn::WeightMatrix(Matrix(Matrix::Ones(2, 2))), .bias = {}},
                                 .w_up = {},
                                 .w_down = {}};
  Matrix gate(2, 2);
  gate << 2, -3, 0, 0.5F;
  Matrix up(2, 2);
  up << 5, 7, 11, -4;
  attn::bend(parameters, gate, up);
  Matrix expected(2, 2);
  expected << 10, 0, 0, -2;
  EXPECT_EQ(up, expected);
  parameters.w_gate = {};
  Matrix none;
  attn::bend(parameters, none, up);
  expected << 10, 0, 0, 0;
  EXPECT_EQ(up, expected);
}

TEST(Mlp, RefusesAGateThatDoesNotFit) {
  test::Random random(174);
  const attn::MlpParameters parameters{.w_gate = random_linear(random, 6, 5),
                                       .w_up = random_linear(random, 6, 4),
                                       .w_down = random_linear(random, 4, 6)};
  Matrix output(3, 4);
  EXPECT_THROW(attn::mlp(random.matrix(3, 4), parameters, output), attn::ShapeError);
}

}  // namespace
