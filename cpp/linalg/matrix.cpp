// Shapes in messages.
#include "linalg/matrix.h"

namespace attn {

void fail_shapes(std::string_view rule, const Shape& left, const Shape& right) {
  const std::string found =
      joined({std::span<const Index>(left.numbers), " and ", std::span<const Index>(right.numbers)});
  throw ShapeError(ErrorCode::kBadRequest, joined({rule, ": ", found}), std::string(rule), found);
}

}  // namespace attn
