// The one exception: its code in words, and its three texts.
#include "linalg/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "linalg/matrix.h"

namespace {

using attn::Error;
using attn::ErrorCode;

TEST(ErrorCode, IsSpelledAsTheContractSpellsIt) {
  using enum ErrorCode;
  const std::pair<ErrorCode, const char*> names[] = {{kBadRequest, "bad-request"},  {kBadFile, "bad-file"},
                                                     {kBadConfig, "bad-config"},    {kNotAModel, "not-a-model"},
                                                     {kUnsupported, "unsupported"}, {kTooLarge, "too-large"},
                                                     {kTooLong, "too-long"},        {kOutOfMemory, "out-of-memory"}};
  for (const auto& [code, name] : names) EXPECT_STREQ(attn::name_of(code), name);
}

TEST(Error, CarriesItsCodeAndItsTexts) {
  const Error error(ErrorCode::kTooLong, "A sentence.", "at most 5", "6");
  EXPECT_EQ(error.code(), ErrorCode::kTooLong);
  EXPECT_STREQ(error.what(), "A sentence.");
  EXPECT_EQ(error.expected(), "at most 5");
  EXPECT_EQ(error.found(), "6");
  EXPECT_TRUE(Error(ErrorCode::kBadFile, "x").expected().empty());
}

TEST(NumberText, IsShortAndReadsAsTheNumber) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::pair<double, const char*> texts[] = {{0.0, "0"},
                                                  {1.0, "1"},
                                                  {-3.0, "-3"},
                                                  {0.5, "0.5"},
                                                  {1.06666667, "1.066667"},
                                                  {0.9999999, "1"},
                                                  {0.0001, "0.0001"},
                                                  {1e-5, "1e-5"},
                                                  {-2.5e-7, "-2.5e-7"},
                                                  {1e15, "1e15"},
                                                  {1.5e300, "1.5e300"},
                                                  {1e-300, "1e-300"},
                                                  {kInfinity, "infinity"},
                                                  {-kInfinity, "-infinity"},
                                                  {std::numeric_limits<double>::quiet_NaN(), "NaN"}};
  for (const auto& [number, text] : texts) EXPECT_EQ(attn::number_text(number), text);
  for (int exponent = -300; exponent <= 300; ++exponent) {
    const std::string text = attn::number_text(std::pow(10.0, exponent));
    EXPECT_NEAR(std::strtod(text.c_str(), nullptr) / std::pow(10.0, exponent), 1.0, 1e-6) << text;
    EXPECT_NE(text.rfind("10e", 0), 0U) << text;
  }
}

TEST(ShapeError, IsABadRequestThatNamesBothShapes) {
  const auto refuse = [] { throw attn::ShapeError("rows must fit", attn::Matrix(2, 3), attn::Matrix(4, 5)); };
  EXPECT_THROW(refuse(), Error);
  const attn::ShapeError error("rows must fit", attn::Matrix(2, 3), attn::Matrix(4, 5));
  EXPECT_STREQ(error.what(), "rows must fit: [2, 3] and [4, 5]");
  EXPECT_EQ(error.code(), ErrorCode::kBadRequest);
  EXPECT_EQ(error.expected(), "rows must fit");
  EXPECT_EQ(error.found(), "[2, 3] and [4, 5]");
}

}  // namespace
