// What a picture of a whole run needs, against a slow reference that looks at every weight.
#include "analysis/overview.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "random_runs.h"

namespace {

using attn::Index;

/// A trace of random queries and keys.
attn::ForwardTrace random_trace(Index n_layers, Index n_heads, Index n_tokens, bool causal, std::uint64_t seed) {
  return test::random_run(n_layers, n_heads, n_heads, n_tokens, causal, seed);
}

attn::LinkFilter random_filter(const attn::ForwardTrace& trace, std::size_t budget, std::uint64_t seed) {
  test::Random random(seed);
  attn::LinkFilter filter;
  filter.budget = budget;
  for (Index t = 0; t < trace.n_key; ++t) filter.apart.push_back(random.index(0, 4) == 0 ? 1 : 0);
  for (Index h = 0; h < trace.n_layers() * trace.n_heads; ++h) filter.heads.push_back(random.index(0, 4) == 0 ? 0 : 1);
  return filter;
}

/// Tokens that are all different, and none special.
attn::TextFacts plain_text(const attn::ForwardTrace& trace) {
  attn::TextFacts text;
  for (Index t = 0; t < trace.n_key; ++t) text.ids.push_back(static_cast<std::int32_t>(t));
  text.special.resize(static_cast<std::size_t>(trace.n_key));
  return text;
}

attn::Overview overview_of(const attn::ForwardTrace& trace, const attn::LinkFilter& filter) {
  attn::Overview overview;
  attn::overview_of(trace, plain_text(trace), filter, overview).finish();
  return overview;
}

/// Every link that passes, strongest first.
std::vector<attn::Link> all_links(const attn::ForwardTrace& trace, const attn::LinkFilter& filter) {
  std::vector<attn::Link> links;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (Index head = 0; head < trace.n_heads; ++head) {
      if (filter.heads[static_cast<std::size_t>(layer * trace.n_heads + head)] == 0) continue;
      const attn::Matrix weights = attn::head_weights(trace, layer, head);
      for (Index t = 0; t < trace.n_query; ++t) {
        for (Index s = 0; s < trace.n_key; ++s) {
          const bool apart =
              filter.apart[static_cast<std::size_t>(t)] != 0 || filter.apart[static_cast<std::size_t>(s)] != 0;
          if (s == t || apart || weights(t, s) <= 0.0F) continue;
          links.push_back({static_cast<std::uint32_t>(layer * 65536 + head), static_cast<std::uint32_t>(t),
                           static_cast<std::uint32_t>(s), weights(t, s)});
        }
      }
    }
  }
  std::ranges::stable_sort(links, std::ranges::greater(), &attn::Link::weight);
  return links;
}

void expect_same(const std::vector<attn::Link>& found, const std::vector<attn::Link>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].head, expected[i].head) << i;
    EXPECT_EQ(found[i].query, expected[i].query) << i;
    EXPECT_EQ(found[i].key, expected[i].key) << i;
    EXPECT_EQ(found[i].weight, expected[i].weight) << i;
  }
}

TEST(Overview, ListsTheStrongestLinksAndCountsAll) {
  std::uint64_t seed = 0;
  for (const auto& [layers, heads, tokens, causal, budget] :
       {std::tuple(1, 1, 1, false, 10), std::tuple(2, 3, 9, false, 0), std::tuple(2, 3, 9, true, 7),
        std::tuple(3, 2, 30, false, 500), std::tuple(1, 2, 130, true, 16384)}) {
    const attn::ForwardTrace trace = random_trace(layers, heads, tokens, causal, ++seed);
    const attn::LinkFilter filter = random_filter(trace, static_cast<std::size_t>(budget), seed);
    const attn::Overview overview = overview_of(trace, filter);
    std::vector<attn::Link> links = all_links(trace, filter);
    for (std::size_t percent = 0; percent <= 100; ++percent) {
      const auto expected = std::count_if(links.begin(), links.end(), [&](const attn::Link& link) {
        return static_cast<double>(link.weight) >= static_cast<double>(percent) / 100.0;
      });
      EXPECT_EQ(overview.counts[percent], static_cast<std::uint32_t>(expected)) << percent;
    }
    links.resize(std::min(links.size(), static_cast<std::size_t>(budget)));
    expect_same(overview.links, links);
  }
}

TEST(Overview, SetsSharesApartAndFindsEachRowsStrongestKey) {
  const attn::ForwardTrace trace = random_trace(2, 3, 20, true, 31);
  const attn::LinkFilter filter = random_filter(trace, 10, 31);
  const attn::Overview overview = overview_of(trace, filter);
  std::size_t at = 0;
  for (Index layer = 0; layer < 2; ++layer) {
    for (Index head = 0; head < 3; ++head) {
      const attn::Matrix weights = attn::head_weights(trace, layer, head);
      for (Index t = 0; t < 20; ++t, ++at) {
        double apart = 0;
        Index strongest = -1;
        for (Index s = 0; s < 20; ++s) {
          if (filter.apart[static_cast<std::size_t>(s)] != 0) {
            apart += weights(t, s);
          } else if (weights(t, s) > 0 && (strongest < 0 || weights(t, s) > weights(t, strongest))) {
            strongest = s;
          }
        }
        EXPECT_NEAR(overview.set_apart[at], apart, 1e-6);
        EXPECT_EQ(overview.strongest[at], strongest);
      }
    }
  }
}

TEST(Overview, PoolsThumbnailsByTheirLargestWeight) {
  for (const Index n_tokens : {5, 64, 100}) {
    const attn::ForwardTrace trace = random_trace(1, 2, n_tokens, false, 41);
    const attn::Overview overview = overview_of(trace, random_filter(trace, 5, 41));
    const Index size = std::min<Index>(n_tokens, attn::kThumbnailSize);
    ASSERT_EQ(overview.thumbnail_size, size);
    for (Index head = 0; head < 2; ++head) {
      attn::Matrix pooled = attn::Matrix::Zero(size, size);
      const attn::Matrix weights = attn::head_weights(trace, 0, head);
      for (Index t = 0; t < n_tokens; ++t) {
        for (Index s = 0; s < n_tokens; ++s) {
          float& cell = pooled(t * size / n_tokens, s * size / n_tokens);
          cell = std::max(cell, weights(t, s));
        }
      }
      for (Index i = 0; i < size * size; ++i) {
        const auto expected = static_cast<int>(std::lround(255.0F * std::sqrt(pooled.data()[i])));
        EXPECT_EQ(overview.thumbnails[static_cast<std::size_t>(head * size * size + i)], expected);
      }
    }
  }
}

TEST(Overview, DoesNotDependOnHowItIsSliced) {
  const attn::ForwardTrace trace = random_trace(2, 2, 150, false, 51);
  const attn::LinkFilter filter = random_filter(trace, 100, 51);
  attn::Overview sliced;
  attn::Stepper stepper = attn::overview_of(trace, plain_text(trace), filter, sliced);
  double last = 0.0;
  while (!stepper.done()) {
    stepper.run_for(0.0);
    EXPECT_GE(stepper.progress(), last);
    last = stepper.progress();
  }
  EXPECT_EQ(last, 1.0);
  const attn::Overview whole = overview_of(trace, filter);
  expect_same(sliced.links, whole.links);
  EXPECT_EQ(sliced.thumbnails, whole.thumbnails);
  EXPECT_EQ(sliced.set_apart, whole.set_apart);
}

TEST(Overview, RefusesAFilterOfAnotherSize) {
  const attn::ForwardTrace trace = random_trace(2, 2, 5, false, 61);
  attn::Overview overview;
  attn::LinkFilter filter = random_filter(trace, 5, 61);
  filter.apart.push_back(0);
  test::expect_refusal({attn::ErrorCode::kBadRequest, "tokens", "5", "6"},
                       [&] { attn::overview_of(trace, plain_text(trace), filter, overview); });
  filter = random_filter(trace, 5, 61);
  filter.heads.pop_back();
  test::expect_refusal({attn::ErrorCode::kBadRequest, "heads", "4", "3"},
                       [&] { attn::overview_of(trace, plain_text(trace), filter, overview); });
}

TEST(TokenRow, IsTheRowOfEveryHeadAndItsLinks) {
  const attn::ForwardTrace trace = random_trace(2, 3, 80, false, 71);
  attn::LinkFilter filter = random_filter(trace, 100'000, 71);
  const Index query = 70;
  filter.apart[static_cast<std::size_t>(query)] = 0;
  const attn::TokenRow row = attn::token_row(trace, query, filter);
  for (Index layer = 0; layer < 2; ++layer) {
    for (Index head = 0; head < 3; ++head) {
      const attn::Matrix weights = attn::head_weights(trace, layer, head);
      for (Index s = 0; s < 80; ++s) {
        EXPECT_EQ(row.weights[static_cast<std::size_t>((layer * 3 + head) * 80 + s)], weights(query, s));
      }
    }
  }
  std::vector<attn::Link> expected = all_links(trace, filter);
  std::erase_if(expected, [&](const attn::Link& link) { return link.query != static_cast<std::uint32_t>(query); });
  expect_same(row.links, expected);
  EXPECT_THROW(attn::token_row(trace, 80, filter), attn::Error);
}

}  // namespace
