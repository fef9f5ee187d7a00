// The product that nearly all of a transformer's time goes into. Faster kernels will stand behind this interface.
#pragma once

#include "linalg/shared_matrix.h"

namespace attn {

/// A learned affine map. Stored output-major, as checkpoints store it: row i makes output i.
struct Linear {
  SharedMatrix w;  ///< [d_out, d_in]
  Vector bias;     ///< [d_out], or empty for none
};

/// Rows that `linear` likes to get at once. Fewer waste time on packing `w`, more make a step too long to be cancelled
/// in time: 128 rows of 384 -> 1536 take about 6 ms in WebAssembly.
inline constexpr Index kRowBlock = 128;

/// Applies the map to every row:
///
///     output = input * w^T + bias
///
/// A caller that must not be busy for long gives blocks of rows: `input.middleRows(...)`, `output.middleRows(...)`.
///
/// @param input   [n, d_in]
/// @param output  [n, d_out], overwritten; must not overlap `input`
/// @throws ShapeError if the widths disagree
/// Cost: 2 n d_in d_out floating-point operations.
void linear(const MatrixView& input, const Linear& map, MatrixOut output);

/// The same, into a new matrix [n, d_out].
Matrix linear(const MatrixView& input, const Linear& map);

}  // namespace attn
