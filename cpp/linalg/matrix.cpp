// Shapes in messages.
#include "linalg/matrix.h"

namespace attn {

std::string shape_of(const MatrixView& matrix) {
  return "[" + std::to_string(matrix.rows()) + ", " + std::to_string(matrix.cols()) + "]";
}

ShapeError::ShapeError(const std::string& rule, const MatrixView& left, const MatrixView& right)
    : ShapeError(rule, shape_of(left), shape_of(right)) {}

ShapeError::ShapeError(const std::string& rule, const std::string& left, const std::string& right)
    : Error(ErrorCode::kBadRequest, rule + ": " + left + " and " + right, rule, left + " and " + right) {}

}  // namespace attn
