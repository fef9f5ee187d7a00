// Learned matrices of every type, seen whole and in parts, against all of their numbers expanded at once.
#include "linalg/weight_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "golden.h"
#include "quantised.h"

namespace {

using attn::Dtype;
using attn::ErrorCode;
using attn::Index;
using attn::Matrix;
using attn::WeightMatrix;

class WeightMatrices : public testing::TestWithParam<Dtype> {
 protected:
  test::Quantised whole() { return test::quantised(GetParam()); }
};

TEST_P(WeightMatrices, AreTheNumbersOfTheirBlocks) {
  const auto [weights, numbers] = whole();
  EXPECT_EQ(weights.rows(), 8);
  EXPECT_EQ(weights.cols(), 512);
  EXPECT_FALSE(weights.empty());
  EXPECT_EQ(weights.dtype(), GetParam());
  EXPECT_EQ(weights.is_plain(), GetParam() == Dtype::kF32);
  for (const auto& [first, count] : {std::pair<Index, Index>{0, 8}, {3, 2}, {7, 1}, {8, 0}}) {
    Matrix found(count, 512);
    weights.expand_rows(first, found);
    EXPECT_EQ(found, numbers.middleRows(first, count)) << first;
  }
  for (Index row = 0; row < 8; ++row) EXPECT_EQ(weights.row(row), numbers.row(row));
}

TEST_P(WeightMatrices, ExpandIntoSomeColumnsOfALargerMatrix) {
  const auto [weights, numbers] = whole();
  Matrix larger = Matrix::Constant(3, 600, 7.0F);
  weights.expand_rows(2, larger.middleCols(50, 512));
  EXPECT_EQ(larger.middleCols(50, 512), numbers.middleRows(2, 3));
  EXPECT_TRUE((larger.leftCols(50).array() == 7.0F).all() && (larger.rightCols(38).array() == 7.0F).all());
}

TEST_P(WeightMatrices, SomeRowsShareTheMemory) {
  const auto [weights, numbers] = whole();
  const WeightMatrix some = weights.some_rows(2, 5).some_rows(1, 3);
  ASSERT_EQ(some.rows(), 3);
  for (Index row = 0; row < 3; ++row) EXPECT_EQ(some.row(row), numbers.row(3 + row));
  EXPECT_TRUE(weights.some_rows(8, 0).empty());
  if (weights.is_plain()) {
    EXPECT_EQ(some.view().data(), weights.view().row(3).data());
  }
}

TEST_P(WeightMatrices, ColumnsAreTakenByWholeBlocks) {
  const auto [weights, numbers] = whole();
  const Index block = attn::layout_of(GetParam()).block;
  for (const auto& [first, count] : {std::pair<Index, Index>{0, 512}, {256, 256}, {0, block}, {512 - block, block}}) {
    SCOPED_TRACE(testing::Message() << first << ", " << count);
    const WeightMatrix some = weights.columns(first, count);
    EXPECT_EQ(some.cols(), count);
    EXPECT_EQ(some.is_plain(), weights.is_plain());
    Matrix found(8, count);
    some.expand_rows(0, found);
    EXPECT_EQ(found, numbers.middleCols(first, count));
    if (some.is_plain()) {
      EXPECT_EQ(Matrix(some.view()), found);
      EXPECT_EQ(some.view().data(), weights.view().data() + first) << "the memory is shared";
    }
    const WeightMatrix corner = some.some_rows(6, 2);
    EXPECT_EQ(corner.row(1), numbers.row(7).segment(first, count));
  }
  if (block == 1) return;
  const std::string name = attn::name_of(GetParam());
  test::expect_refusal({ErrorCode::kBadFile, name, std::to_string(block), "^16$"},
                       [&] { return weights.columns(16, block); });
  test::expect_refusal({ErrorCode::kBadFile, name, std::to_string(block), "^16$"},
                       [&] { return weights.columns(0, 16); });
}

TEST_P(WeightMatrices, ReorderedIsACopyInAnotherOrder) {
  const auto [weights, numbers] = whole();
  const std::vector<Index> order = {7, 0, 3, 3, 1, 6, 2, 5};
  const WeightMatrix other = weights.reordered(order);
  EXPECT_EQ(other.dtype(), GetParam());
  EXPECT_EQ(other.is_plain(), weights.is_plain());
  for (std::size_t row = 0; row < order.size(); ++row) {
    EXPECT_EQ(other.row(static_cast<Index>(row)), numbers.row(order[row]));
  }
  const WeightMatrix right = weights.columns(256, 256).reordered({1, 0});
  EXPECT_EQ(right.rows(), 2);
  EXPECT_EQ(right.row(0), numbers.row(1).tail(256));
}

TEST_P(WeightMatrices, NeedNoAlignment) {
  const auto [weights, numbers] = whole();
  const std::size_t bytes = test::bytes_in(GetParam(), 8 * 512);
  const attn::FileBytes file = attn::allocate_file(bytes + 4);
  const attn::Checkpoint golden =
      test::golden(std::string("gguf/blocks/") + attn::name_of(GetParam()) + ".safetensors");
  for (std::size_t shift = 1; shift < 4; ++shift) {
    std::memcpy(file.data.get() + shift, golden.find("raw")->data.get(), bytes);
    const WeightMatrix shifted(GetParam(), std::shared_ptr<const std::byte>(file.data, file.data.get() + shift), 8,
                               512);
    EXPECT_FALSE(shifted.is_plain()) << "its floats cannot be read in place";
    EXPECT_EQ(shifted.row(5), numbers.row(5));
    Matrix found(8, 512);
    shifted.expand_rows(0, found);
    EXPECT_EQ(found, numbers);
    EXPECT_EQ(shifted.reordered({5}).row(0), numbers.row(5));
  }
}

TEST_P(WeightMatrices, RefuseRowsThatAreNoWholeBlocks) {
  const auto block = attn::layout_of(GetParam()).block;
  if (block == 1) return;
  const attn::FileBytes file = attn::allocate_file(4096);
  const std::shared_ptr<const std::byte> data(file.data, file.data.get());
  for (const Index cols : {Index{1}, block - 1, block + 1, block + block / 2}) {
    test::expect_refusal({ErrorCode::kBadFile, attn::name_of(GetParam()), "multiple of " + std::to_string(block),
                          "^" + std::to_string(cols) + "$"},
                         [&] { WeightMatrix(GetParam(), data, 2, cols); });
  }
  EXPECT_NO_THROW(WeightMatrix(GetParam(), data, 1, block));
}

TEST_P(WeightMatrices, KeepTheirMemoryAlive) {
  WeightMatrix part;
  Matrix numbers;
  {
    const auto [weights, all] = whole();
    part = weights.some_rows(4, 2);
    numbers = all.middleRows(4, 2);
  }
  Matrix found(2, 512);
  part.expand_rows(0, found);
  EXPECT_EQ(found, numbers);
}

INSTANTIATE_TEST_SUITE_P(Types, WeightMatrices, testing::ValuesIn(test::kComputedTypes),
                         [](const auto& type) { return std::string(attn::name_of(type.param)); });

TEST(WeightMatrix, TakesAMatrixOver) {
  test::Random random(211);
  const Matrix numbers = random.matrix(3, 5);
  const WeightMatrix weights{Matrix(numbers)};
  EXPECT_TRUE(weights.is_plain());
  EXPECT_EQ(weights.dtype(), Dtype::kF32);
  EXPECT_EQ(Matrix(weights.view()), numbers);
  const WeightMatrix copy = weights;  // NOLINT(performance-unnecessary-copy-initialization): what is tested.
  EXPECT_EQ(copy.view().data(), weights.view().data());
}

TEST(WeightMatrix, IsEmptyByDefault) {
  EXPECT_TRUE(WeightMatrix().empty());
  EXPECT_EQ(WeightMatrix().rows(), 0);
  EXPECT_EQ(WeightMatrix().cols(), 0);
}

TEST(WeightMatrix, RefusesTypesThatAreNotComputed) {
  const attn::FileBytes file = attn::allocate_file(64);
  test::expect_refusal({ErrorCode::kUnsupported, "type", "F32", "another"}, [&] {
    WeightMatrix(Dtype::kOther, std::shared_ptr<const std::byte>(file.data, file.data.get()), 1, 4);
  });
}

}  // namespace
