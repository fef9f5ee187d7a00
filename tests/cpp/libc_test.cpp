// The WebAssembly build's own strtod against the C library's.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "golden.h"

// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name for a function that it redirects
extern "C" double __wrap_strtod(const char* text, char** end);

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

}  // namespace
