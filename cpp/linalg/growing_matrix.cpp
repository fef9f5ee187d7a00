// Rows are added in place by whoever shows the last of them; anyone else gets a storage of their own.
#include "linalg/growing_matrix.h"

#include <algorithm>
#include <utility>

namespace attn {

GrowingMatrix::GrowingMatrix(Matrix matrix) : rows_(matrix.rows()) {
  storage_ = std::make_shared<Storage>(Storage{.numbers = std::move(matrix), .used = rows_});
}

MatrixView GrowingMatrix::view() const {
  if (storage_ == nullptr) return {};
  return storage_->numbers.topRows(rows_);
}

MatrixOut GrowingMatrix::append(Index count, Index cols) {
  if (storage_ != nullptr && rows_ != 0 && cols != this->cols()) {
    fail_shapes("rows must be as wide as those before", *this, Shape(count, cols));
  }
  const Index wanted = rows_ + count;
  const bool is_last = storage_ != nullptr && storage_->used == rows_ && storage_->numbers.cols() == cols;
  if (!is_last || storage_->numbers.rows() < wanted) {
    // A first filling takes what it needs; what grows later will grow again.
    constexpr Index kRoom = 64;
    const Index capacity = rows_ == 0 ? wanted : wanted + std::max(kRoom, wanted / 8);
    auto grown = std::make_shared<Storage>(Storage{.numbers = Matrix(capacity, cols), .used = 0});
    if (rows_ != 0) copy(view(), grown->numbers.topRows(rows_));
    storage_ = std::move(grown);
  }
  rows_ = storage_->used = wanted;
  return storage_->numbers.middleRows(wanted - count, count);
}

GrowingMatrix GrowingMatrix::top(Index rows) const {
  GrowingMatrix first = *this;
  first.rows_ = rows;
  return first;
}

}  // namespace attn
