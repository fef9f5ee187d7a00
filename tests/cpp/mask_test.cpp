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

}  // namespace
