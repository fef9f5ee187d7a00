// The exponential of four numbers at a time, and rows of every length.
#include "linalg/fours.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "golden.h"

namespace {

using attn::Four;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Exponential, IsWithinTwoUnitsInTheLastPlace) {
  test::Random random(321);
  for (int round = 0; round < 200'000; ++round) {
    Four x{};
    for (int lane = 0; lane < 4; ++lane) x[lane] = 87.0F * random.number();
    const Four found = attn::exponential(x);
    for (int lane = 0; lane < 4; ++lane) {
      EXPECT_NEAR(double{found[lane]} / std::exp(double{x[lane]}), 1.0, 2.4e-7) << x[lane];
    }
  }
  EXPECT_EQ(attn::exponential(Four{})[0], 1.0F);
}

TEST(Exponential, IsZeroWhereFloatsEndAndStaysFinite) {
  const Four low = attn::exponential(Four{-kInfinity, -1e30F, -87.1F, -1000.0F});
  for (int lane = 0; lane < 4; ++lane) EXPECT_EQ(low[lane], 0.0F);
  const Four high = attn::exponential(Four{kInfinity, 1e30F, 88.1F, 88.0F});
  for (int lane = 0; lane < 4; ++lane) EXPECT_NEAR(double{high[lane]} / std::exp(88.0), 1.0, 2.4e-7);
  const Four mixed = attn::exponential(Four{std::numeric_limits<float>::quiet_NaN(), 0.0F, -kInfinity, 1.0F});
  EXPECT_TRUE(std::isnan(mixed[0]));
  EXPECT_EQ(mixed[1], 1.0F);
}

TEST(Exponential, IsNoNumberForAnyThatIsNone) {
  for (const std::uint32_t bits : {0x7F800001U, 0x7FC00000U, 0x7FED5A1EU, 0x7FFFFFFFU, 0xFF800001U, 0xFFFFFFFFU}) {
    EXPECT_TRUE(std::isnan(attn::exponential(Four{} + std::bit_cast<float>(bits))[2])) << bits;
  }
}

TEST(ByFours, ReachesEveryNumberOfARowAndNoOther) {
  for (attn::Index count = 0; count <= 13; ++count) {
    std::vector<float> row(16, 1.0F);
    attn::by_fours(row.data(), count, [](Four four) { return four + 1.0F; });
    for (attn::Index i = 0; i < 16; ++i) EXPECT_EQ(row[static_cast<std::size_t>(i)], i < count ? 2.0F : 1.0F);
  }
}

}  // namespace
