// The activations against their definitions in double precision, at every width.
#include "linalg/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "golden.h"

namespace {

using attn::Activation;
using attn::Index;
using attn::Matrix;

double expected(Activation activation, double x) {
  switch (activation) {
    case Activation::kGelu:
      return x * (1.0 + std::erf(x / std::numbers::sqrt2)) / 2.0;
    case Activation::kGeluTanh:
      return x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x))) / 2.0;
    case Activation::kSilu:
      return x / (1.0 + std::exp(-x));
    case Activation::kRelu:
      return std::max(x, 0.0);
  }
  return 0.0;
}

constexpr Activation kAll[] = {Activation::kGelu, Activation::kGeluTanh, Activation::kSilu, Activation::kRelu};

TEST(Activate, IsWithinItsToleranceAtEveryWidthAndInAPartOfAMatrix) {
  test::Random random(311);
  for (const Activation activation : kAll) {
    for (Index width = 1; width <= 20; ++width) {
      const Matrix before = 10.0F * random.matrix(5, width + 3);
      Matrix after = before;
      attn::activate(activation, after.block(1, 2, 3, width));
      for (Index t = 0; t < before.rows(); ++t) {
        for (Index i = 0; i < before.cols(); ++i) {
          const bool is_inside = t >= 1 && t < 4 && i >= 2 && i < 2 + width;
          if (is_inside) {
            EXPECT_NEAR(after(t, i), expected(activation, before(t, i)), 2e-6) << before(t, i);
          } else {
            EXPECT_EQ(after(t, i), before(t, i));
          }
        }
      }
    }
  }
}

TEST(Activate, StaysFiniteFarOut) {
  for (const Activation activation : kAll) {
    Matrix far(1, 6);
    far << -1e4F, 1e4F, -100.0F, 100.0F, 0.0F, -20.0F;
    const Matrix before = far;
    attn::activate(activation, far);
    for (Index i = 0; i < far.size(); ++i) {
      const double wanted = expected(activation, before(i));
      EXPECT_NEAR(far(i), wanted, 2e-6 * std::max(1.0, std::abs(wanted))) << before(i);
    }
  }
}

}  // namespace
