// Text and bytes that are not: the table of the Unicode standard's section 3.9, and its neighbours.
#include "formats/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

using namespace std::string_view_literals;

TEST(Utf8, TakesText) {
  for (const std::string_view text : {""sv, "a"sv, "\0"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv,
                                      "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv,
                                      "\xF4\x8F\xBF\xBF"sv, "na\xC3\xAFve \xE6\xB3\xA8 \xF0\x9F\xA4\x97!"sv}) {
    EXPECT_TRUE(attn::is_utf8(text)) << text;
    EXPECT_EQ(attn::as_utf8(text), text);
  }
}

TEST(Utf8, ReplacesEveryByteThatIsNoText) {
  const std::pair<std::string_view, int> wrong[] = {
      {"\x80"sv, 1},              // A following byte alone.
      {"\xBF\xBF"sv, 2},          //
      {"\xC2"sv, 1},              // A first byte alone.
      {"\xE2\x82"sv, 2},          // Two of three.
      {"\xF0\x9F\xA4"sv, 3},      // Three of four.
      {"\xC0\x80"sv, 2},          // Zero, overlong.
      {"\xC1\xBF"sv, 2},          //
      {"\xE0\x9F\xBF"sv, 3},      //
      {"\xF0\x8F\xBF\xBF"sv, 4},  //
      {"\xED\xA0\x80"sv, 3},      // A surrogate.
      {"\xED\xBF\xBF"sv, 3},      //
      {"\xF4\x90\x80\x80"sv, 4},  // Beyond U+10FFFF.
      {"\xF5\x80\x80\x80"sv, 4},  //
      {"\xFE"sv, 1},              // Bytes that never occur.
      {"\xFF"sv, 1},
  };
  for (const auto& [bytes, count] : wrong) {
    std::string expected = "a";
    for (int i = 0; i < count; ++i) expected += "\xEF\xBF\xBD";
    expected += "z";
    const std::string given = "a" + std::string(bytes) + "z";
    EXPECT_FALSE(attn::is_utf8(given)) << testing::PrintToString(given);
    EXPECT_EQ(attn::as_utf8(given), expected) << testing::PrintToString(given);
    EXPECT_TRUE(attn::is_utf8(attn::as_utf8(given)));
  }
}

TEST(Utf8, GoesOnBehindACharacterThatBreaksOff) {
  EXPECT_EQ(attn::as_utf8("\xE2\x82\xC3\xA9"), "\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9");
}

}  // namespace
