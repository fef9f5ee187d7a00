// Shapes in messages.
#include "linalg/matrix.h"

namespace attn {

std::string shape_of(const MatrixView& matrix) {
  return "[" + std::to_string(matrix.rows()) + ", " + std::to_string(matrix.cols()) + "]";
}

ShapeError::ShapeError(const std::string& rule, const MatrixView& left, const MatrixView& right)
    : Error(ErrorCode::kBadRequest, rule + ": " + shape_of(left) + " and " + shape_of(right), rule,
            shape_of(left) + " and " + shape_of(right)) {}

}  // namespace attn
