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

}  // namespace
