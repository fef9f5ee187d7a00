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

TEST(Parts, AreTextsNumbersShapesAndOtherParts) {
  const std::string text = "b";
  const std::vector<std::ptrdiff_t> shape = {12, 24, 24};
  const std::vector<std::ptrdiff_t> scalar;
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(attn::joined({}), "");
  EXPECT_EQ(attn::joined({"a", text, std::string_view("cd").substr(1)}), "abd");
  EXPECT_EQ(attn::joined({-5, " ", kLargest, " ", 0.25F, " ", 1e-5}), "-5 18446744073709551615 0.25 1e-5");
  EXPECT_EQ(attn::joined({shape, " ", scalar}), "[12, 24, 24] []");
  const attn::Parts inner = {"(", 1, ")"};
  EXPECT_EQ(attn::joined({inner, inner}), "(1)(1)");
}

TEST(Fail, ThrowsTheTexts) {
  const auto caught = [](auto work) {
    try {
      work();
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kBadRequest, "Nothing was thrown.");
  };
  const Error plain = caught([] { attn::fail(ErrorCode::kTooLong, {"All ", 6, "."}, {"at most ", 5}, {6}); });
  EXPECT_EQ(plain.code(), ErrorCode::kTooLong);
  EXPECT_STREQ(plain.what(), "All 6.");
  EXPECT_EQ(plain.expected(), "at most 5");
  EXPECT_EQ(plain.found(), "6");
  const Error placed = caught([] { attn::fail_at(ErrorCode::kBadFile, {"f"}, {"p ", 1}, {"e ", 2}, {"f ", 3}); });
  EXPECT_STREQ(placed.what(), "f: p 1: expected e 2, found f 3.");
  EXPECT_EQ(placed.expected(), "e 2");
  EXPECT_EQ(placed.found(), "f 3");
}

TEST(FailShapes, IsABadRequestThatNamesBothShapes) {
  try {
    attn::fail_shapes("rows must fit", attn::Matrix(2, 3), attn::Matrix(9, 9).middleCols(2, 5));
  } catch (const attn::ShapeError& error) {
    EXPECT_STREQ(error.what(), "rows must fit: [2, 3] and [9, 5]");
    EXPECT_EQ(error.code(), ErrorCode::kBadRequest);
    EXPECT_EQ(error.expected(), "rows must fit");
    EXPECT_EQ(error.found(), "[2, 3] and [9, 5]");
  }
}

}  // namespace
