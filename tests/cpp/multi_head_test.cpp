// Multi-head attention, to itself and across, with shared key heads, against a slow reference.
#include "attn/multi_head.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "reference.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Linear;
using attn::Matrix;
using test::difference;
using test::Exact;

Linear random_linear(test::Random& random, Index d_out, Index d_in, bool has_bias = true) {
  return {.w = attn::WeightMatrix(random.matrix(d_out, d_in)),
          .bias = has_bias ? random.vector(d_out) : attn::Vector()};
}

Exact slow_linear(const Exact& input, const Linear& map) {
  Exact output = input * map.w.view().cast<double>().transpose();
  if (map.bias.size() != 0) output.rowwise() += map.bias.cast<double>();
  return output;
}

struct Sizes {
  Index n_query, n_key, n_heads, n_kv_heads, d_head, d_value, d_model, d_other;
};

attn::MultiHeadParameters random_parameters(test::Random& random, const Sizes& sizes, bool has_bias = true) {
  return {.n_heads = sizes.n_heads,
          .n_kv_heads = sizes.n_kv_heads,
          .w_query = random_linear(random, sizes.n_heads * sizes.d_head, sizes.d_model, has_bias),
          .w_key = random_linear(random, sizes.n_kv_heads * sizes.d_head, sizes.d_other, has_bias),
          .w_value = random_linear(random, sizes.n_kv_heads * sizes.d_value, sizes.d_other, has_bias),
          .w_output = random_linear(random, sizes.d_model, sizes.n_heads * sizes.d_value, has_bias)};
}

TEST(MultiHeadAttention, AgreesWithASlowReferenceOnManyShapes) {
  const Sizes all[] = {
      {1, 1, 1, 1, 1, 1, 1, 1},   {5, 5, 2, 2, 3, 3, 6, 6},   {5, 9, 2, 2, 3, 4, 6, 7}, {9, 5, 4, 2, 3, 5, 8, 2},
      {4, 4, 6, 1, 2, 2, 12, 12}, {12, 12, 3, 3, 1, 1, 3, 3}, {1, 7, 4, 4, 8, 2, 5, 9}, {40, 40, 12, 4, 4, 4, 16, 16},
  };
  test::Random random(111);
  for (const Sizes& sizes : all) {
    SCOPED_TRACE(testing::Message() << sizes.n_query << " queries, " << sizes.n_key << " keys, " << sizes.n_heads
                                    << " heads");
    const attn::MultiHeadParameters parameters = random_parameters(random, sizes, random.index(0, 1) == 1);
    const Matrix x = random.matrix(sizes.n_query, sizes.d_model);
    const Matrix y = random.matrix(sizes.n_key, sizes.d_other);
    const attn::MultiHeadTrace found = attn::multi_head_attention(x, y, parameters);

    const Exact query = slow_linear(x.cast<double>(), parameters.w_query);
    const Exact key = slow_linear(y.cast<double>(), parameters.w_key);
    const Exact value = slow_linear(y.cast<double>(), parameters.w_value);
    Exact concat(sizes.n_query, sizes.n_heads * sizes.d_value);
    ASSERT_EQ(found.heads.size(), static_cast<std::size_t>(sizes.n_heads));
    for (Index head = 0; head < sizes.n_heads; ++head) {
      const Index shared = head / (sizes.n_heads / sizes.n_kv_heads);
      const auto expected = test::slow_attention(
          query.middleCols(head * sizes.d_head, sizes.d_head), key.middleCols(shared * sizes.d_head, sizes.d_head),
          value.middleCols(shared * sizes.d_value, sizes.d_value), Exact(), [](Index, Index) { return true; });
      EXPECT_LE(difference(found.heads[static_cast<std::size_t>(head)].weights, expected.weights), 1e-5);
      EXPECT_LE(difference(found.heads[static_cast<std::size_t>(head)].output, expected.output), 2e-5);
      concat.middleCols(head * sizes.d_value, sizes.d_value) = expected.output;
    }
    EXPECT_LE(difference(found.query, query), 1e-5);
    EXPECT_LE(difference(found.key, key), 1e-5);
    EXPECT_LE(difference(found.value, value), 1e-5);
    EXPECT_LE(difference(found.output, slow_linear(concat, parameters.w_output)), 1e-4);
  }
}

TEST(MultiHeadAttention, HidesInEveryHeadWhatTheMaskHides) {
  test::Random random(112);
  const attn::MultiHeadParameters parameters = random_parameters(random, {6, 6, 3, 3, 4, 4, 12, 12});
  const Matrix x = random.matrix(6, 12);
  const attn::Mask mask = attn::combine(attn::causal_mask(), attn::padding_mask({0, 1, 0, 0, 0, 0}));
  const attn::MultiHeadTrace before = attn::multi_head_attention(x, x, parameters, mask);
  for (const attn::HeadTrace& head : before.heads) {
    for (Index t = 0; t < 6; ++t) {
      for (Index s = 0; s < 6; ++s) EXPECT_EQ(head.weights(t, s) > 0.0F, s <= t && s != 1);
    }
  }
  Matrix other = x;
  other.bottomRows(2).setConstant(9.0F);
  const attn::MultiHeadTrace after = attn::multi_head_attention(other, other, parameters, mask);
  EXPECT_EQ(difference(after.output.topRows(4), before.output.topRows(4)), 0.0);
}

TEST(HeadOf, ShowsAHeadsColumnsWhereTheyLie) {
  Matrix projected(2, 6);
  projected << 0, 1, 2, 3, 4, 5,  //
      6, 7, 8, 9, 10, 11;
  const Matrix& fixed = projected;
  const attn::MatrixView second = attn::head_of(fixed, 1, 3);
  EXPECT_EQ(second.data(), projected.data() + 2);
  EXPECT_EQ(second(1, 1), 9.0F);
  attn::head_of(projected, 2, 3).setZero();
  EXPECT_EQ(projected(0, 4), 0.0F);
  EXPECT_EQ(projected(1, 3), 9.0F);
}

TEST(KvHeadOf, NeighboursShareAHead) {
  for (Index head = 0; head < 12; ++head) {
    EXPECT_EQ(attn::kv_head_of(head, 12, 12), head);
    EXPECT_EQ(attn::kv_head_of(head, 12, 4), head / 3);
    EXPECT_EQ(attn::kv_head_of(head, 12, 1), 0);
  }
}

TEST(MultiHeadAttention, RefusesHeadsThatDoNotDivideTheirProjections) {
  test::Random random(113);
  const Matrix x = random.matrix(3, 12);
  const attn::MultiHeadParameters good = random_parameters(random, {3, 3, 4, 2, 3, 3, 12, 12});
  EXPECT_NO_THROW(attn::multi_head_attention(x, x, good));
  const auto refused = [&](const char* what, const char* expected, const char* found,
                           const std::function<void(attn::MultiHeadParameters&)>& spoil) {
    SCOPED_TRACE(what);
    attn::MultiHeadParameters bad = good;
    spoil(bad);
    test::expect_refusal({ErrorCode::kBadRequest, what, expected, found},
                         [&] { attn::multi_head_attention(x, x, bad); });
  };
  refused("w_query", "multiple of 5", "12", [](auto& bad) { bad.n_heads = 5; });
  refused("w_query", "multiple of 0", "12", [](auto& bad) { bad.n_heads = 0; });
  refused("w_key", "multiple of 4", "6", [](auto& bad) { bad.n_kv_heads = 4; });
  refused("w_key", "multiple of 0", "6", [](auto& bad) { bad.n_kv_heads = 0; });
  refused("w_value", "multiple of 2", "5", [&](auto& bad) { bad.w_value = random_linear(random, 5, 12); });
  refused("number of heads", "multiple of 3", "4", [&](auto& bad) { bad.n_kv_heads = 3; });
}

TEST(MultiHeadAttention, RefusesWidthsThatDisagree) {
  test::Random random(114);
  const attn::MultiHeadParameters good = random_parameters(random, {3, 5, 2, 2, 3, 4, 6, 7});
  const Matrix x = random.matrix(3, 6);
  const Matrix y = random.matrix(5, 7);
  EXPECT_NO_THROW(attn::multi_head_attention(x, y, good));
  EXPECT_THROW(attn::multi_head_attention(y, y, good), attn::ShapeError);
  EXPECT_THROW(attn::multi_head_attention(x, x, good), attn::ShapeError);
  EXPECT_THROW(attn::multi_head_attention(x.topRows(0), y, good), attn::ShapeError);
  EXPECT_THROW(attn::multi_head_attention(x, y.topRows(0), good), attn::ShapeError);
  attn::MultiHeadParameters bad = good;
  bad.w_output = random_linear(random, 6, 9);
  EXPECT_THROW(attn::multi_head_attention(x, y, bad), attn::ShapeError);
  bad = good;
  bad.w_key = random_linear(random, 8, 7);
  EXPECT_THROW(attn::multi_head_attention(x, y, bad), attn::ShapeError);
  bad = good;
  bad.w_query.bias = random.vector(5);
  EXPECT_THROW(attn::multi_head_attention(x, y, bad), attn::ShapeError);
}

}  // namespace
