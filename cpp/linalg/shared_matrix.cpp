// Matrices that share their memory: with a file, or as owners of their own.
#include "linalg/shared_matrix.h"

#include <utility>

namespace attn {

SharedMatrix::SharedMatrix(std::shared_ptr<const float> numbers, Index rows, Index cols)
    : numbers_(std::move(numbers)), rows_(rows), cols_(cols) {}

SharedMatrix::SharedMatrix(Matrix matrix) : rows_(matrix.rows()), cols_(matrix.cols()) {
  const auto owner = std::make_shared<const Matrix>(std::move(matrix));
  numbers_ = std::shared_ptr<const float>(owner, owner->data());
}

}  // namespace attn
