// Work in pieces: when it runs, how it ends, and what happens to what it holds.
#include "model/stepper.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using attn::Stepper;

/// Writes down each piece it does.
Stepper count_to(int last, std::vector<int>& done) {
  for (int i = 1; i <= last; ++i) {
    done.push_back(i);
    co_yield static_cast<double>(i) / (last + 1);
  }
}

// A coroutine's argument must outlive the call, so it is taken by value.
Stepper hold(std::shared_ptr<int> held) {  // NOLINT(performance-unnecessary-value-param)
  co_yield 0.5;
  ++*held;
}

Stepper fail_second() {
  co_yield 0.5;
  throw std::runtime_error("the second piece");
}

TEST(Stepper, DoesNothingBeforeItIsAsked) {
  std::vector<int> done;
  const Stepper work = count_to(3, done);
  EXPECT_TRUE(done.empty());
  EXPECT_FALSE(work.done());
  EXPECT_EQ(work.progress(), 0.0);
}

TEST(Stepper, DoesOnePieceAtATime) {
  std::vector<int> done;
  Stepper work = count_to(3, done);
  for (int i = 1; i <= 3; ++i) {
    work.advance();
    EXPECT_EQ(done.size(), static_cast<std::size_t>(i));
    EXPECT_EQ(work.progress(), i / 4.0);
    EXPECT_FALSE(work.done());
  }
  work.advance();
  EXPECT_TRUE(work.done());
  EXPECT_EQ(work.progress(), 1.0);
  work.advance();
  work.run_for(5.0);
  work.finish();
  EXPECT_EQ(done, (std::vector<int>{1, 2, 3})) << "work that is done stays done";
}

TEST(Stepper, RunsAtLeastOnePieceInNoTimeAndAllInLongTime) {
  std::vector<int> done;
  Stepper work = count_to(3, done);
  work.run_for(0.0);
  EXPECT_EQ(done.size(), 1U);
  work.run_for(1e9);
  EXPECT_EQ(done.size(), 3U);
  EXPECT_TRUE(work.done());
}

TEST(Stepper, FinishesFromAnywhere) {
  std::vector<int> done;
  Stepper work = count_to(5, done);
  work.advance();
  work.finish();
  EXPECT_TRUE(work.done());
  EXPECT_EQ(done.size(), 5U);
}

TEST(Stepper, IsDoneWithoutWork) {
  Stepper none;
  EXPECT_TRUE(none.done());
  EXPECT_EQ(none.progress(), 1.0);
  none.advance();
  none.finish();
  EXPECT_TRUE(none.done());
}

TEST(Stepper, ReportsAFailureOnceAndIsOver) {
  Stepper work = fail_second();
  work.advance();
  EXPECT_THROW(work.advance(), std::runtime_error);
  EXPECT_TRUE(work.done());
  EXPECT_NO_THROW(work.advance());
  Stepper other = fail_second();
  EXPECT_THROW(other.finish(), std::runtime_error);
}

TEST(Stepper, LetsGoOfWhatItHoldsWhenDropped) {
  const auto held = std::make_shared<int>(0);
  {
    Stepper work = hold(held);
    work.advance();
    EXPECT_GT(held.use_count(), 1);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0) << "the rest of the work is dropped";
}

TEST(Stepper, CanBeMovedHalfway) {
  std::vector<int> done;
  Stepper first = count_to(3, done);
  first.advance();
  Stepper second = std::move(first);
  second.advance();
  EXPECT_EQ(second.progress(), 0.5);
  const auto held = std::make_shared<int>(0);
  Stepper third = hold(held);
  third = std::move(second);
  third.finish();
  EXPECT_EQ(done.size(), 3U);
}

}  // namespace
