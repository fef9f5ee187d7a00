// Masks: what each hides, how two combine, and where they are applied.
#include "attn/mask.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "linalg/softmax.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Mask;
using attn::Matrix;

/// One text a row: "1" where a key stays visible.
std::vector<std::string> visible(const Mask& mask, Index n_query, Index n_key, Index first_query = 0) {
  Matrix scores = Matrix::Constant(n_query, n_key, 2.0F);
  attn::apply(mask, first_query, scores);
  std::vector<std::string> rows;
  for (Index t = 0; t < n_query; ++t) {
    rows.emplace_back();
    for (Index s = 0; s < n_key; ++s) {
      rows.back() += scores(t, s) == 2.0F ? '1' : '0';
      EXPECT_TRUE(scores(t, s) == 2.0F || scores(t, s) == attn::kMasked);
    }
  }
  return rows;
}

using Rows = std::vector<std::string>;

TEST(Mask, HidesNothingByDefault) { EXPECT_EQ(visible({}, 2, 3), (Rows{"111", "111"})); }

TEST(Mask, CausalHidesLaterKeys) {
  EXPECT_EQ(visible(attn::causal_mask(), 3, 3), (Rows{"100", "110", "111"}));
  EXPECT_EQ(visible(attn::causal_mask(), 1, 1), (Rows{"1"}));
}

TEST(Mask, CausalGoesByTheFirstRowsPosition) {
  EXPECT_EQ(visible(attn::causal_mask(), 2, 4, 1), (Rows{"1100", "1110"}));
  EXPECT_EQ(visible(attn::causal_mask(), 2, 2, 5), (Rows{"11", "11"}));
}

TEST(Mask, PaddingIsHiddenFromAll) {
  EXPECT_EQ(visible(attn::padding_mask({0, 1, 0}), 2, 3), (Rows{"101", "101"}));
  EXPECT_EQ(visible(attn::padding_mask({1, 1}), 1, 2), (Rows{"00"}));
  EXPECT_EQ(visible(attn::padding_mask({}), 1, 2), (Rows{"11"}));
}

TEST(Mask, CombinedHidesWhatEitherHides) {
  const Mask none;
  const Mask causal = attn::causal_mask();
  const Mask padding = attn::padding_mask({1, 0, 0});
  EXPECT_EQ(visible(attn::combine(none, none), 1, 3), (Rows{"111"}));
  for (const Mask& both : {attn::combine(causal, padding), attn::combine(padding, causal)}) {
    EXPECT_EQ(visible(both, 3, 3), (Rows{"000", "010", "011"}));
  }
  EXPECT_EQ(visible(attn::combine(padding, attn::padding_mask({0, 0, 1})), 1, 3), (Rows{"010"}));
  EXPECT_EQ(visible(attn::combine(none, padding), 1, 3), (Rows{"011"}));
}

TEST(Mask, RefusesPaddingOfAnotherLength) {
  Matrix scores = Matrix::Zero(2, 3);
  test::expect_refusal({ErrorCode::kBadRequest, "padding", "^3$", "^2$"},
                       [&] { attn::apply(attn::padding_mask({0, 1}), 0, scores); });
  test::expect_refusal({ErrorCode::kBadRequest, "padding", "^3$", "^4$"},
                       [&] { attn::apply(attn::padding_mask({0, 1, 0, 0}), 0, scores); });
  EXPECT_TRUE(scores.isZero(0.0F)) << "a refusal must change nothing";
  test::expect_refusal({ErrorCode::kBadRequest, "padding", "^1$", "^2$"},
                       [] { attn::combine(attn::padding_mask({1}), attn::padding_mask({1, 0})); });
}

TEST(Mask, AWindowEndsAtTheQueryItself) {
  EXPECT_EQ(visible(attn::sliding_mask(1), 3, 3), (Rows{"100", "010", "001"}));
  EXPECT_EQ(visible(attn::sliding_mask(2), 4, 4), (Rows{"1000", "1100", "0110", "0011"}));
  EXPECT_EQ(visible(attn::sliding_mask(4), 4, 4), visible(attn::causal_mask(), 4, 4));
  EXPECT_EQ(visible(attn::sliding_mask(1'000'000), 4, 4), visible(attn::causal_mask(), 4, 4));
  test::expect_refusal({ErrorCode::kBadRequest, "window", "1 or more", "^0$"}, [] { attn::sliding_mask(0); });
  test::expect_refusal({ErrorCode::kBadRequest, "window", "1 or more", "^-3$"}, [] { attn::sliding_mask(-3); });
}

TEST(Mask, AWindowGoesByTheFirstRowsPosition) {
  EXPECT_EQ(visible(attn::sliding_mask(2), 2, 5, 2), (Rows{"01100", "00110"}));
  EXPECT_EQ(visible(attn::sliding_mask(3), 2, 4, 3), (Rows{"0111", "0011"})) << "the last query has no key of its own";
  EXPECT_EQ(visible(attn::sliding_mask(2), 1, 3, 9), (Rows{"000"})) << "all keys are further back than the window";
}

TEST(Mask, ARowIsTheSameInWhateverPieceItIsAskedFor) {
  test::Random random(111);
  for (int round = 0; round < 100; ++round) {
    const Index n = random.index(1, 30);
    Mask mask = random.index(0, 1) == 0 ? attn::causal_mask() : attn::sliding_mask(random.index(1, n + 2));
    if (random.index(0, 1) == 0) {
      std::vector<std::uint8_t> padding(static_cast<std::size_t>(n));
      for (std::uint8_t& one : padding) one = random.index(0, 3) == 0 ? 1 : 0;
      mask = attn::combine(mask, attn::padding_mask(padding));
    }
    const Rows whole = visible(mask, n, n);
    for (Index t = 0; t < n; ++t) {
      EXPECT_EQ(visible(mask, 1, n, t)[0], whole[static_cast<std::size_t>(t)]);
      for (Index s = 0; s < n; ++s) {
        const bool in_window = mask.window == 0 || t - s < mask.window;
        const bool is_padding = !mask.padding.empty() && mask.padding[static_cast<std::size_t>(s)] != 0;
        EXPECT_EQ(whole[static_cast<std::size_t>(t)][static_cast<std::size_t>(s)] == '1',
                  s <= t && in_window && !is_padding);
      }
    }
  }
}

TEST(Mask, OfTwoWindowsTheNarrowerHolds) {
  const Mask none;
  const Mask causal = attn::causal_mask();
  for (const auto& [left, right] : {std::pair(attn::sliding_mask(2), attn::sliding_mask(3)),
                                    std::pair(attn::sliding_mask(3), attn::sliding_mask(2)),
                                    std::pair(attn::sliding_mask(2), causal), std::pair(causal, attn::sliding_mask(2)),
                                    std::pair(none, attn::sliding_mask(2)), std::pair(attn::sliding_mask(2), none)}) {
    EXPECT_EQ(visible(attn::combine(left, right), 4, 4), (Rows{"1000", "1100", "0110", "0011"}));
  }
  EXPECT_EQ(visible(attn::combine(attn::sliding_mask(2), attn::padding_mask({0, 1, 0, 0})), 4, 4),
            (Rows{"1000", "1000", "0010", "0011"}));
  EXPECT_EQ(attn::combine(causal, none).window, 0);
}

}  // namespace
