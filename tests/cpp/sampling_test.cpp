// From logits to a token: the chances against a slow reference, and the choices against their chances.
#include "attn/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "golden.h"

namespace {

using attn::Candidate;
using attn::ErrorCode;
using attn::Index;
using attn::Sampling;
using attn::Vector;

Vector logits_of(std::initializer_list<float> numbers) {
  Vector logits(static_cast<Index>(numbers.size()));
  std::copy(numbers.begin(), numbers.end(), logits.data());
  return logits;
}

struct SlowCandidate {
  std::int32_t id = 0;
  long double probability = 0.0L;
  long double chance = 0.0L;
};

/// The definition, rule after rule, over whole lists.
std::vector<SlowCandidate> slow_candidates(const Vector& logits, const Sampling& sampling) {
  std::vector<SlowCandidate> all(static_cast<std::size_t>(logits.size()));
  long double sum = 0.0L;
  const auto largest = static_cast<long double>(logits.maxCoeff());
  const auto above = [&](std::int32_t id) { return static_cast<long double>(logits(id)) - largest; };
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].id = static_cast<std::int32_t>(i);
    sum += std::exp(above(all[i].id));
  }
  for (SlowCandidate& one : all) one.probability = std::exp(above(one.id)) / sum;
  std::stable_sort(all.begin(), all.end(), [&](const SlowCandidate& left, const SlowCandidate& right) {
    return logits(left.id) > logits(right.id);
  });
  if (sampling.temperature == 0.0F) {
    all[0].chance = 1.0L;
    return all;
  }
  // Temperature.
  long double heated = 0.0L;
  for (SlowCandidate& one : all)
    heated += one.chance = std::exp(above(one.id) / static_cast<long double>(sampling.temperature));
  for (SlowCandidate& one : all) one.chance /= heated;
  // top_k, and what is left sums to 1 again.
  if (sampling.top_k > 0) {
    for (std::size_t i = static_cast<std::size_t>(sampling.top_k); i < all.size(); ++i) all[i].chance = 0.0L;
    long double left = 0.0L;
    for (const SlowCandidate& one : all) left += one.chance;
    for (SlowCandidate& one : all) one.chance /= left;
  }
  // top_p: the shortest beginning that reaches the share.
  if (sampling.top_p < 1.0F) {
    long double reached = 0.0L;
    for (SlowCandidate& one : all) {
      const bool is_enough = reached >= static_cast<long double>(sampling.top_p);
      reached += one.chance;
      if (is_enough) one.chance = 0.0L;
    }
    long double left = 0.0L;
    for (const SlowCandidate& one : all) left += one.chance;
    for (SlowCandidate& one : all) one.chance /= left;
  }
  return all;
}

TEST(Candidates, AreThoseOfASlowReference) {
  test::Random random(241);
  for (int round = 0; round < 400; ++round) {
    const Index n = random.index(1, 60);
    const Vector logits = random.vector(n, static_cast<float>(random.index(1, 12)));
    const float temperatures[] = {0.0F, 0.01F, 0.7F, 1.0F, 1.7F, 5.0F};
    const float shares[] = {1e-6F, 0.1F, 0.5F, 0.9F, 0.999F, 1.0F};
    const Index counts[] = {0, 1, 2, 7, n, 1000};
    const Sampling sampling{.temperature = temperatures[random.index(0, 5)],
                            .top_k = counts[random.index(0, 5)],
                            .top_p = shares[random.index(0, 5)]};
    SCOPED_TRACE(testing::Message() << n << " tokens, temperature " << sampling.temperature << ", top_k "
                                    << sampling.top_k << ", top_p " << sampling.top_p);
    const std::vector<Candidate> found = attn::candidates(logits, sampling, n);
    const std::vector<SlowCandidate> expected = slow_candidates(logits, sampling);
    ASSERT_EQ(found.size(), expected.size());
    double probabilities = 0.0;
    double chances = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].id, expected[i].id);
      ASSERT_EQ(found[i].logit, logits(found[i].id));
      ASSERT_NEAR(static_cast<double>(found[i].probability), static_cast<double>(expected[i].probability), 1e-6);
      ASSERT_NEAR(static_cast<double>(found[i].chance), static_cast<double>(expected[i].chance), 1e-6);
      probabilities += static_cast<double>(found[i].probability);
      chances += static_cast<double>(found[i].chance);
    }
    EXPECT_NEAR(probabilities, 1.0, 1e-5);
    EXPECT_NEAR(chances, 1.0, 1e-5);
  }
}

TEST(Candidates, AreAsManyAsAskedForAndThereAre) {
  const Vector logits = logits_of({1, 3, 2});
  EXPECT_EQ(attn::candidates(logits, {}, 2).size(), 2U);
  EXPECT_EQ(attn::candidates(logits, {}, 10).size(), 3U);
  EXPECT_TRUE(attn::candidates(logits, {}, 0).empty());
  EXPECT_TRUE(attn::candidates(logits, {}, -1).empty());
  EXPECT_TRUE(attn::candidates(Vector(), {}, 3).empty());
  // What is cut off the list is still counted.
  EXPECT_EQ(attn::candidates(logits, {}, 1)[0].probability, attn::candidates(logits, {}, 3)[0].probability);
}

TEST(Candidates, OfEqualLogitsTheLowerIdComesFirst) {
  const Vector logits = logits_of({1, 2, 1, 2, 2});
  const std::vector<Candidate> found = attn::candidates(logits, {.top_k = 2}, 5);
  std::vector<std::int32_t> ids;
  for (const Candidate& one : found) ids.push_back(one.id);
  EXPECT_EQ(ids, (std::vector<std::int32_t>{1, 3, 4, 0, 2}));
  EXPECT_FLOAT_EQ(found[0].chance, 0.5F);
  EXPECT_FLOAT_EQ(found[1].chance, 0.5F);
  EXPECT_EQ(found[2].chance, 0.0F) << "as probable as those before it, and yet beyond top_k";
  EXPECT_EQ(attn::candidates(logits, {.temperature = 0.0F}, 1)[0].id, 1);
}

TEST(Candidates, TheRulesActInTheirOrder) {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  const Vector logits = logits_of({std::log(4.0F), std::log(2.0F), 0.0F, 0.0F});
  const auto kept = [&](const Sampling& sampling) {
    std::ptrdiff_t count = 0;
    for (const Candidate& one : attn::candidates(logits, sampling, 4)) count += one.chance > 0.0F ? 1 : 0;
    return count;
  };
  EXPECT_EQ(kept({.top_p = 0.6F}), 2);
  // A temperature of 5 makes them so equal that the same share needs more of them.
  EXPECT_EQ(kept({.temperature = 5.0F, .top_p = 0.6F}), 3);
  // Of the first two alone, the first has two thirds: top_k came before top_p.
  EXPECT_EQ(kept({.top_k = 2, .top_p = 0.6F}), 1);
  EXPECT_EQ(kept({.top_k = 3, .top_p = 1.0F}), 3);
  // The model's own probability knows nothing of rules.
  EXPECT_FLOAT_EQ(attn::candidates(logits, {.temperature = 5.0F, .top_k = 1, .top_p = 0.1F}, 4)[1].probability, 0.25F);
}

TEST(Candidates, ATopPKeepsAtLeastOneAndNoMoreThanItNeeds) {
  const Vector logits = logits_of({0, 0, 0, 0});
  const auto chances = [&](float top_p) {
    std::vector<float> found;
    for (const Candidate& one : attn::candidates(logits, {.top_p = top_p}, 4)) found.push_back(one.chance);
    return found;
  };
  EXPECT_EQ(chances(std::numeric_limits<float>::denorm_min()), (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ(chances(0.25F), (std::vector<float>{1, 0, 0, 0})) << "reached exactly";
  EXPECT_EQ(chances(0.5F), (std::vector<float>{0.5F, 0.5F, 0, 0}));
  EXPECT_EQ(chances(0.51F), (std::vector<float>{1 / 3.0F, 1 / 3.0F, 1 / 3.0F, 0}));
  EXPECT_EQ(chances(1.0F), (std::vector<float>{0.25F, 0.25F, 0.25F, 0.25F}));
}

TEST(Candidates, TakeLogitsOfAnySize) {
  for (const Sampling& sampling :
       {Sampling{}, Sampling{.temperature = 1e-30F}, Sampling{.temperature = std::numeric_limits<float>::denorm_min()},
        Sampling{.temperature = 5.0F, .top_k = 2, .top_p = 0.9F}}) {
    const std::vector<Candidate> found = attn::candidates(logits_of({-3e38F, 3e38F, 0.0F}), sampling, 3);
    EXPECT_EQ(found[0].id, 1);
    EXPECT_EQ(found[0].chance, 1.0F);
    EXPECT_EQ(found[0].probability, 1.0F);
    EXPECT_EQ(found[2].chance, 0.0F);
  }
}

TEST(Sample, WithoutTemperatureTakesTheLargest) {
  test::Random random(242);
  for (int round = 0; round < 50; ++round) {
    const Vector logits = random.vector(30, 3.0F);
    Index largest = 0;
    logits.maxCoeff(&largest);
    for (std::uint32_t seed = 0; seed < 5; ++seed) {
      EXPECT_EQ(attn::sample(logits, {.temperature = 0.0F}, seed, round).id, largest);
      EXPECT_EQ(attn::sample(logits, {.top_k = 1}, seed, round).id, largest);
      EXPECT_EQ(attn::sample(logits, {.top_p = 1e-6F}, seed, round).id, largest);
    }
  }
}

TEST(Sample, IsOneOfTheCandidates) {
  test::Random random(243);
  const Vector logits = random.vector(40, 2.0F);
  const Sampling sampling{.temperature = 1.2F, .top_k = 12, .top_p = 0.8F};
  const std::vector<Candidate> all = attn::candidates(logits, sampling, 40);
  for (Index position = 0; position < 500; ++position) {
    const Candidate chosen = attn::sample(logits, sampling, 3, position);
    const auto same = std::ranges::find(all, chosen.id, &Candidate::id);
    EXPECT_GT(chosen.chance, 0.0F);
    EXPECT_EQ(chosen.chance, same->chance);
    EXPECT_EQ(chosen.probability, same->probability);
    EXPECT_EQ(chosen.logit, same->logit);
  }
}

std::vector<std::int32_t> text_of(std::uint32_t seed) {
  const Vector logits = Vector::Zero(1000);
  std::vector<std::int32_t> ids;
  for (Index position = 0; position < 50; ++position) ids.push_back(attn::sample(logits, {}, seed, position).id);
  return ids;
}

TEST(Sample, RepeatsWithItsSeedAndDiffersWithAnother) {
  EXPECT_EQ(text_of(7), text_of(7));
  std::set<std::vector<std::int32_t>> texts;
  for (std::uint32_t seed = 0; seed < 100; ++seed) texts.insert(text_of(seed));
  texts.insert(text_of(0xFFFFFFFFU));
  EXPECT_EQ(texts.size(), 101U);
  const std::vector<std::int32_t> ids = text_of(7);
  EXPECT_GE(std::set(ids.begin(), ids.end()).size(), 40U) << "one seed gives a text, not one token again and again";
}

TEST(Sample, MakesTheSameChoicesOnEveryMachine) {
  std::vector<std::int32_t> ids = text_of(42);
  ids.resize(6);
  EXPECT_EQ(ids, (std::vector<std::int32_t>{915, 412, 293, 786, 134, 415}));
}

/// Pearson's statistic of 20,000 choices; with `n` kinds its mean is n - 1 and its variance twice that.
double chi_square(const Vector& logits, const Sampling& sampling, const std::function<Candidate(Index)>& choice) {
  constexpr Index kDraws = 20'000;
  std::map<std::int32_t, double> counts;
  for (Index draw = 0; draw < kDraws; ++draw) counts[choice(draw).id] += 1.0;
  double statistic = 0.0;
  for (const Candidate& one : attn::candidates(logits, sampling, logits.size())) {
    const double expected = static_cast<double>(one.chance) * static_cast<double>(kDraws);
    if (one.chance == 0.0F) {
      EXPECT_EQ(counts.count(one.id), 0U) << "ruled out and yet chosen: " << one.id;
      continue;
    }
    statistic += std::pow(counts[one.id] - expected, 2.0) / expected;
  }
  return statistic;
}

TEST(Sample, ChoosesAsOftenAsTheChancesSay) {
  test::Random random(244);
  const Vector logits = random.vector(20, 1.5F);
  for (const Sampling& sampling : {Sampling{}, Sampling{.temperature = 0.6F}, Sampling{.temperature = 2.0F, .top_k = 8},
                                   Sampling{.top_p = 0.7F}}) {
    double degrees = -1.0;
    for (const Candidate& one : attn::candidates(logits, sampling, 20)) degrees += one.chance > 0.0F ? 1.0 : 0.0;
    ASSERT_GE(degrees, 3.0);
    const double most = degrees + 5.0 * std::sqrt(2.0 * degrees);
    for (const std::uint32_t seed : {0U, 1U, 12345U}) {
      EXPECT_LE(chi_square(logits, sampling, [&](Index draw) { return attn::sample(logits, sampling, seed, draw); }),
                most)
          << "over positions, seed " << seed;
    }
    for (const Index position : {0, 17}) {
      EXPECT_LE(chi_square(logits, sampling,
                           [&](Index draw) {
                             return attn::sample(logits, sampling, static_cast<std::uint32_t>(draw), position);
                           }),
                most)
          << "over seeds, position " << position;
    }
  }
}

TEST(Sample, OneChoiceDoesNotTellTheNext) {
  // Pairs of neighbouring choices among four equal tokens: sixteen kinds, all equally frequent.
  const Vector logits = Vector::Zero(4);
  std::vector<double> counts(16);
  for (Index position = 0; position < 20'000; ++position) {
    const auto left = static_cast<std::size_t>(attn::sample(logits, {}, 9, position).id);
    const auto right = static_cast<std::size_t>(attn::sample(logits, {}, 9, position + 1).id);
    counts[4 * left + right] += 1.0;
  }
  double statistic = 0.0;
  for (const double count : counts) statistic += std::pow(count - 1250.0, 2.0) / 1250.0;
  EXPECT_LE(statistic, 15.0 + 5.0 * std::sqrt(30.0));
}

TEST(Sampling, RefusesRulesThatMakeNoSense) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Vector logits = logits_of({1, 2});
  const auto refused = [&](const Sampling& sampling, const char* what, const char* expected, const char* found) {
    SCOPED_TRACE(what + std::string(found));
    test::expect_refusal({ErrorCode::kBadRequest, what, expected, found},
                         [&] { attn::candidates(logits, sampling, 1); });
    test::expect_refusal({ErrorCode::kBadRequest, what, expected, found},
                         [&] { attn::sample(logits, sampling, 0, 0); });
  };
  refused({.temperature = -0.5F}, "temperature", "0 to 5", "^-0.5$");
  refused({.temperature = 5.5F}, "temperature", "0 to 5", "^5.5$");
  refused({.temperature = nan}, "temperature", "0 to 5", "NaN");
  refused({.temperature = infinity}, "temperature", "0 to 5", "infinity");
  refused({.top_k = -1}, "top_k", "0 or more", "^-1$");
  refused({.top_p = 0.0F}, "top_p", "above 0", "^0$");
  refused({.top_p = -1.0F}, "top_p", "above 0", "^-1$");
  refused({.top_p = 1.5F}, "top_p", "at most 1", "^1.5$");
  refused({.top_p = nan}, "top_p", "at most 1", "NaN");
}

}  // namespace
