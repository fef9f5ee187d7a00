// Matrices that grow: what copies share, who may write in place, and that nobody ever sees another's rows.
#include "linalg/growing_matrix.h"

#include <gtest/gtest.h>

#include <utility>

#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::GrowingMatrix;
using attn::Index;
using attn::Matrix;

TEST(GrowingMatrix, BeginsEmpty) {
  const GrowingMatrix nothing;
  EXPECT_EQ(nothing.rows(), 0);
  EXPECT_EQ(nothing.cols(), 0);
  EXPECT_EQ(nothing.size(), 0);
  EXPECT_EQ(nothing.view().size(), 0);
  EXPECT_EQ(nothing.top(0).rows(), 0);
}

TEST(GrowingMatrix, TakesAMatrixOver) {
  test::Random random(221);
  Matrix numbers = random.matrix(3, 4);
  const Matrix copy = numbers;
  const float* place = numbers.data();
  const GrowingMatrix grown(std::move(numbers));
  EXPECT_EQ(Matrix(grown.view()), copy);
  EXPECT_EQ(grown.view().data(), place) << "without a copy";
  EXPECT_EQ(grown.size(), 12);
}

TEST(GrowingMatrix, GrowsToTheSameNumbersHoweverItIsFed) {
  test::Random random(222);
  for (int round = 0; round < 50; ++round) {
    const Index cols = random.index(1, 9);
    const Matrix whole = random.matrix(random.index(1, 400), cols);
    GrowingMatrix grown;
    while (grown.rows() < whole.rows()) {
      const Index first = grown.rows();
      const Index count = std::min(random.index(0, 90), whole.rows() - first);
      attn::MatrixOut added = grown.append(count, cols);
      ASSERT_EQ(added.rows(), count);
      ASSERT_EQ(added.cols(), cols);
      added = whole.middleRows(first, count);
      ASSERT_EQ(Matrix(grown.view()), whole.topRows(grown.rows()));
    }
  }
}

TEST(GrowingMatrix, AppendsInPlaceWhileThereIsRoom) {
  GrowingMatrix grown;
  grown.append(1, 2).setZero();
  grown.append(1, 2).setOnes();  // Moves to a place with room.
  const float* place = grown.view().data();
  for (int i = 0; i < 60; ++i) grown.append(1, 2).setConstant(2.0F);
  EXPECT_EQ(grown.view().data(), place);
  EXPECT_EQ(grown.rows(), 62);
  // A thousand tokens, one by one, are moved a few times and not a thousand times.
  int moves = 0;
  for (int i = 0; i < 1000; ++i) {
    place = grown.view().data();
    grown.append(1, 2).setConstant(3.0F);
    if (grown.view().data() != place) ++moves;
  }
  EXPECT_LE(moves, 16);
}

TEST(GrowingMatrix, TheFirstFillingTakesNoMoreThanItNeeds) {
  GrowingMatrix grown;
  grown.append(100, 3).setZero();
  const float* place = grown.view().data();
  grown.append(1, 3).setZero();
  EXPECT_NE(grown.view().data(), place) << "there was no room left over";
}

TEST(GrowingMatrix, CopiesShareAndDoNotSeeEachOthersRows) {
  GrowingMatrix first;
  first.append(2, 2).setConstant(1.0F);
  first.append(1, 2).setConstant(2.0F);
  GrowingMatrix second = first;
  EXPECT_EQ(second.view().data(), first.view().data());
  // The first to add takes the place; the other must not write over it.
  second.append(1, 2).setConstant(3.0F);
  EXPECT_EQ(second.view().data(), first.view().data()) << "the longest grows in place";
  EXPECT_EQ(first.rows(), 3);
  first.append(2, 2).setConstant(4.0F);
  EXPECT_NE(second.view().data(), first.view().data());
  Matrix expected_first(5, 2);
  expected_first << 1, 1, 1, 1, 2, 2, 4, 4, 4, 4;
  Matrix expected_second(4, 2);
  expected_second << 1, 1, 1, 1, 2, 2, 3, 3;
  EXPECT_EQ(Matrix(first.view()), expected_first);
  EXPECT_EQ(Matrix(second.view()), expected_second);
}

TEST(GrowingMatrix, ATopIsTheBeginningAndNeverWritesOverTheRest) {
  test::Random random(223);
  const Matrix whole = random.matrix(10, 3);
  const GrowingMatrix all{Matrix(whole)};
  for (const Index n : {0, 1, 9, 10}) {
    GrowingMatrix beginning = all.top(n);
    EXPECT_EQ(beginning.rows(), n);
    EXPECT_EQ(beginning.cols(), 3);
    EXPECT_EQ(Matrix(beginning.view()), whole.topRows(n));
    EXPECT_EQ(beginning.view().data(), all.view().data());
    beginning.append(4, 3).setConstant(9.0F);
    EXPECT_EQ(Matrix(all.view()), whole) << n;
    EXPECT_EQ(Matrix(beginning.view().topRows(n)), whole.topRows(n));
    EXPECT_TRUE((beginning.view().bottomRows(4).array() == 9.0F).all());
  }
}

TEST(GrowingMatrix, WhatACopyDroppedIsNotWrittenAgain) {
  GrowingMatrix kept;
  kept.append(1, 1).setConstant(1.0F);
  kept.append(1, 1).setConstant(2.0F);
  {
    GrowingMatrix dropped = kept;
    dropped.append(1, 1).setConstant(-1.0F);
  }
  const GrowingMatrix before = kept;
  kept.append(1, 1).setConstant(3.0F);
  Matrix expected(3, 1);
  expected << 1, 2, 3;
  EXPECT_EQ(Matrix(kept.view()), expected);
  EXPECT_EQ(Matrix(before.view()), expected.topRows(2));
}

TEST(GrowingMatrix, KeepsItsWidthOnceItHasRows) {
  GrowingMatrix grown;
  grown.append(0, 5);
  grown.append(2, 3).setOnes();  // Nothing was there to be as wide as.
  test::expect_refusal({ErrorCode::kBadRequest, "wide", "wide", R"(\[2, 3\] and \[1, 4\])"},
                       [&] { grown.append(1, 4); });
  EXPECT_TRUE(grown.view().isOnes(0.0F)) << "a refusal must change nothing";
  EXPECT_EQ(grown.rows(), 2);
}

}  // namespace
