// The product that nearly all of a transformer's time goes into. Faster kernels will stand behind this interface.
#pragma once

#include "linalg/weight_matrix.h"

namespace attn {

/// A learned affine map. Stored output-major, as nearly all checkpoints store it: row i makes output i. GPT-2's are
/// input-major: row i takes input i.
struct Linear {
  WeightMatrix w;  ///< [d_out, d_in], or [d_in, d_out] if input-major
  Vector bias;     ///< [d_out], or empty for none
  bool input_major = false;

  [[nodiscard]] Index d_out() const { return input_major ? w.cols() : w.rows(); }
  [[nodiscard]] Index d_in() const { return input_major ? w.rows() : w.cols(); }
};

/// The map to some of its outputs. Shares the weights.
Linear outputs_of(const Linear& map, Index first, Index count);

/// Rows that `linear` likes to get at once. Fewer waste time on packing `w`, more make a step too long to be cancelled
/// in time: 128 rows of 384 -> 1536 take about 6 ms in WebAssembly.
inline constexpr Index kRowBlock = 128;

/// Applies the map to every row:
///
///     output = input * w^T + bias        (input * w + bias if input-major)
///
/// Weights that are not plain floats are expanded a panel of rows at a time, into memory that fits a cache.
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
