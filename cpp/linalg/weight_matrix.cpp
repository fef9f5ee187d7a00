// Rows found by their bytes, and expanded by their type.
#include "linalg/weight_matrix.h"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

namespace attn {
namespace {

void check_whole_blocks(Index count, Dtype dtype) {
  const Index block = layout_of(dtype).block;
  if (count % block == 0) return;
  fail(ErrorCode::kBadFile, {"Rows of ", name_of(dtype), " come in whole blocks."},
       {"a multiple of ", block, " columns"}, {count});
}

std::size_t bytes_of(Index count, Dtype dtype) {
  const auto [block, bytes] = layout_of(dtype);
  return static_cast<std::size_t>(count / block) * bytes;
}

bool is_aligned(const std::byte* address) { return std::bit_cast<std::uintptr_t>(address) % alignof(float) == 0; }

}  // namespace

WeightMatrix::WeightMatrix(Dtype dtype, std::shared_ptr<const std::byte> blocks, Index rows, Index cols)
    : dtype_(dtype), rows_(rows), cols_(cols), blocks_(std::move(blocks)) {
  check_whole_blocks(cols, dtype);
  row_bytes_ = bytes_of(cols, dtype);
  is_plain_ = dtype == Dtype::kF32 && is_aligned(blocks_.get());
}

WeightMatrix::WeightMatrix(Matrix matrix)
    : rows_(matrix.rows()), cols_(matrix.cols()), row_bytes_(bytes_of(matrix.cols(), Dtype::kF32)) {
  const auto owner = std::make_shared<const Matrix>(std::move(matrix));
  blocks_ = std::shared_ptr<const std::byte>(owner, reinterpret_cast<const std::byte*>(owner->data()));
}

MatrixView WeightMatrix::view() const {
  const auto stride = static_cast<Index>(row_bytes_ / sizeof(float));
  return Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>(reinterpret_cast<const float*>(blocks_.get()), rows_, cols_,
                                                           Eigen::OuterStride<>(stride));
}

void WeightMatrix::expand_rows(Index first, MatrixOut output) const {
  for (Index i = 0; i < output.rows(); ++i) expand(dtype_, blocks(first + i), cols_, output.row(i).data());
}

Vector WeightMatrix::row(Index row) const {
  Vector numbers(cols_);
  expand(dtype_, blocks(row), cols_, numbers.data());
  return numbers;
}

WeightMatrix WeightMatrix::some_rows(Index first, Index count) const {
  WeightMatrix some = *this;
  some.rows_ = count;
  some.blocks_ = std::shared_ptr<const std::byte>(blocks_, blocks(first));
  return some;
}

WeightMatrix WeightMatrix::reordered(const std::vector<Index>& order) const {
  const std::size_t bytes = bytes_of(cols_, dtype_);
  const auto copy = std::shared_ptr<std::byte[]>(new std::byte[order.size() * bytes]);
  for (std::size_t row = 0; row < order.size(); ++row) std::memcpy(copy.get() + row * bytes, blocks(order[row]), bytes);
  return {dtype_, std::shared_ptr<const std::byte>(copy, copy.get()), static_cast<Index>(order.size()), cols_};
}

WeightMatrix WeightMatrix::columns(Index first, Index count) const {
  check_whole_blocks(first, dtype_);
  check_whole_blocks(count, dtype_);
  WeightMatrix some = *this;
  some.cols_ = count;
  some.blocks_ = std::shared_ptr<const std::byte>(blocks_, blocks_.get() + bytes_of(first, dtype_));
  return some;
}

}  // namespace attn
