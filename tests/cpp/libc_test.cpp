// The WebAssembly build's own functions against the C library's.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "golden.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names for functions that it redirects
extern "C" {
double __wrap_strtod(const char* text, char** end);
double __wrap_sin(double x);
double __wrap_cos(double x);
double __wrap_exp(double x);
float __wrap_expf(float x);
double __wrap_pow(double base, double exponent);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

void expect_same(const std::string& text, double tolerance) {
  char* end = nullptr;
  const double found = __wrap_strtod(text.c_str(), &end);
  const double expected = std::strtod(text.c_str(), nullptr);
  EXPECT_EQ(end, text.c_str() + text.size()) << text;
  if (std::isinf(expected) || expected == 0.0) {
    EXPECT_EQ(found, expected) << text;
  } else {
    EXPECT_LE(std::abs(found - expected), tolerance * std::abs(expected)) << text;
  }
}

TEST(Strtod, ReadsWhatConfigurationsHoldExactly) {
  for (const char* text : {"0", "-0.0", "1", "-1", "0.1", "0.02", "1e-12", "1e-05", "1E+6", "10000.0", "500000.0",
                           "0.875", "3.14159265358979"}) {
    expect_same(text, 0.0);
  }
  test::Random random(81);
  for (int round = 0; round < 100'000; ++round) {
    const std::string digits = std::to_string(random.index(0, 999'999'999'999'999));
    const auto point = static_cast<std::size_t>(random.index(1, static_cast<attn::Index>(digits.size())));
    const std::string text = digits.substr(0, point) + "." + digits.substr(point) + "0";
    expect_same(text, 0.0);
  }
}

TEST(Strtod, StaysWithinAFewUnitsInTheLastPlaceAnywhere) {
  constexpr double kFewUnits = 1e-15;
  test::Random random(82);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = std::to_string(random.index(1, 9)) + ".";
    for (attn::Index i = random.index(1, 25); i > 0; --i) text += std::to_string(random.index(0, 9));
    text += "e" + std::to_string(random.index(-290, 290));
    expect_same(text, kFewUnits);
  }
  for (const char* text : {"1e400", "-1e400", "1e-400", "1e999999999999", "1e-999999999999", "0e99"})
    expect_same(text, 0.0);
}

TEST(SinAndCos, AreExactToTheLastBitOrSoForEveryAngleOfARotation) {
  test::Random random(83);
  for (const double size : {1.0, 100.0, 1e5, 16777216.0}) {
    for (int round = 0; round < 50'000; ++round) {
      const double x = size * random.number();
      EXPECT_NEAR(__wrap_sin(x), std::sin(x), 1e-15) << x;
      EXPECT_NEAR(__wrap_cos(x), std::cos(x), 1e-15) << x;
    }
  }
  EXPECT_EQ(__wrap_sin(0.0), 0.0);
  EXPECT_EQ(__wrap_cos(0.0), 1.0);
}

TEST(Exp, IsWithinAFewUnitsInTheLastPlace) {
  test::Random random(84);
  for (int round = 0; round < 100'000; ++round) {
    const double x = 700.0 * random.number();
    EXPECT_NEAR(__wrap_exp(x) / std::exp(x), 1.0, 1e-15) << x;
    const float y = 80.0F * random.number();
    EXPECT_FLOAT_EQ(__wrap_expf(y), std::exp(y)) << y;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.0, -0.0, 709.78, 710.0, -745.0, -746.0, 1e300, -1e300, kInfinity, -kInfinity}) {
    EXPECT_DOUBLE_EQ(__wrap_exp(x), std::exp(x)) << x;
  }
  EXPECT_TRUE(std::isnan(__wrap_exp(std::nan(""))));
}

TEST(Pow, IsExactToFloatForFrequencies) {
  test::Random random(85);
  for (int round = 0; round < 100'000; ++round) {
    const double base = std::exp(28.0 * std::abs(random.number()));
    const double exponent = -std::abs(random.number());
    EXPECT_NEAR(__wrap_pow(base, exponent) / std::pow(base, exponent), 1.0, 1e-14) << base << " " << exponent;
  }
  EXPECT_DOUBLE_EQ(__wrap_pow(0.001, 0.5), std::sqrt(0.001));
  EXPECT_EQ(__wrap_pow(10000.0, 0.0), 1.0);
}

}  // namespace
