// A read-only matrix over memory that it shares, and shapes in words.
#include "linalg/shared_matrix.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace {

using attn::Matrix;
using attn::SharedMatrix;

TEST(SharedMatrix, IsEmptyByDefault) {
  const SharedMatrix none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.rows(), 0);
  EXPECT_EQ(none.cols(), 0);
  EXPECT_EQ(none.view().size(), 0);
}

TEST(SharedMatrix, ShowsTheMatrixItTookOver) {
  test::Random random(201);
  Matrix matrix = random.matrix(3, 4);
  const Matrix copy = matrix;
  const float* place = matrix.data();
  const SharedMatrix shared(std::move(matrix));
  EXPECT_EQ(shared.view(), copy);
  EXPECT_EQ(shared.view().data(), place) << "taken over, not copied";
  EXPECT_EQ(shared.row(2), copy.row(2));
  EXPECT_FALSE(shared.empty());
}

TEST(SharedMatrix, CopiesShowTheSameNumbersAndKeepThemAlive) {
  const auto numbers = std::shared_ptr<float[]>(new float[6]{0, 1, 2, 3, 4, 5});
  const std::weak_ptr<float[]> watch = numbers;
  SharedMatrix copy;
  {
    const SharedMatrix shared(std::shared_ptr<const float>(numbers, numbers.get()), 2, 3);
    copy = shared;
    EXPECT_EQ(copy.view().data(), numbers.get());
  }
  EXPECT_EQ(watch.use_count(), 2);
  EXPECT_EQ(copy.row(1)(2), 5.0F);
  copy = {};
  EXPECT_EQ(watch.use_count(), 1) << "the last copy lets go";
}

TEST(SharedMatrix, WithoutRowsOrColumnsIsEmpty) {
  EXPECT_TRUE(SharedMatrix(Matrix(0, 4)).empty());
  EXPECT_TRUE(SharedMatrix(Matrix(4, 0)).empty());
  EXPECT_EQ(SharedMatrix(Matrix(0, 4)).cols(), 4);
}

}  // namespace
