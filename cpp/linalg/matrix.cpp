// Copies, sums, and shapes in messages.
#include "linalg/matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

void copy(const MatrixView& from, MatrixOut to) {
  for (Index t = 0; t < from.rows(); ++t) std::copy_n(from.row(t).data(), from.cols(), to.row(t).data());
}

void add(const MatrixView& what, MatrixOut to) {
  for (Index t = 0; t < what.rows(); ++t) to.row(t) += what.row(t);
}

Matrix copy_of(const MatrixView& rows) {
  Matrix result(rows.rows(), rows.cols());
  copy(rows, result);
  return result;
}

float largest_size(const MatrixView& numbers) {
  float largest = 0.0F;
  for (Index t = 0; t < numbers.rows(); ++t) {
    for (const float number : numbers.row(t)) {
      // Written so that what is no number passes for larger than any.
      if (!(std::abs(number) <= largest)) largest = std::isnan(number) ? kInfinity : std::abs(number);
    }
  }
  return largest;
}

Vector row_of(const MatrixView& matrix, Index row) {
  Vector result(matrix.cols());
  copy(matrix.middleRows(row, 1), result);
  return result;
}

void fail_shapes(std::string_view rule, const Shape& left, const Shape& right) {
  const std::string found =
      joined({std::span<const Index>(left.numbers), " and ", std::span<const Index>(right.numbers)});
  throw ShapeError(ErrorCode::kBadRequest, joined({rule, ": ", found}), std::string(rule), found);
}

}  // namespace attn
