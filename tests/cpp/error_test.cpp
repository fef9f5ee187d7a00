// The one exception: its code in words, and its three texts.
#include "linalg/error.h"

#include <gtest/gtest.h>

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

TEST(ShapeError, IsABadRequestThatNamesBothShapes) {
  const attn::ShapeError error("rows must fit", attn::Matrix(2, 3), attn::Matrix(4, 5));
  EXPECT_STREQ(error.what(), "rows must fit: [2, 3] and [4, 5]");
  EXPECT_EQ(error.code(), ErrorCode::kBadRequest);
  EXPECT_EQ(error.expected(), "rows must fit");
  EXPECT_EQ(error.found(), "[2, 3] and [4, 5]");
  const auto caught_as_error = [&] { throw error; };
  EXPECT_THROW(caught_as_error(), Error);
}

}  // namespace
