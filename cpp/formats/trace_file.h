// Reads and writes traces: a run's attention as a safetensors file, so that it can be shown without the model.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/checkpoint.h"
#include "model/trace.h"

namespace attn {

/// What a trace file says beside the numbers.
struct TraceFile {
  std::vector<std::string> tokens;
  std::optional<std::string> name;
  std::optional<std::string> text;
  std::optional<bool> causal;
  ForwardTrace trace;
};

/// Whether the file says of itself that it is a trace: metadata `format` is `attention-trace`.
bool is_trace(const Checkpoint& checkpoint);

/// Reads a trace. The file holds, as F32 or F16:
///
///     metadata  format = attention-trace, version = 1, tokens = JSON list of texts; optionally name, text, causal
///     layers.N.weights                            [n_heads, n_tokens, n_tokens], N from 0 without gaps
///     layers.N.query, .key, .value  in its place  [n_heads or n_kv_heads, n_tokens, d_head], or beside it
///     hidden.N                      optionally    [n_tokens, d_model], N from 0 to the number of layers
///
/// Other tensors are ignored. From query, key and value the weights follow by plain scaling, 1 / sqrt(d_head).
///
/// @param name  names the file in messages
/// @throws Error (bad-file) if something is missing, a layer is left out, shapes disagree with each other or with
///         `tokens`, a number is not finite, a query, key or value is too large to compute with (1e15), a weight is
///         outside [0, 1], a row neither sums to 1 (within 1e-3, or 1e-2 for F16) nor is all zeros, or weights differ
///         from what query and key give
/// @throws Error (unsupported) for another version, another dtype or an encoder-decoder's trace
/// @throws Error (too-large) beyond 256 layers, 256 heads or 65,536 tokens
TraceFile read_trace(const Checkpoint& checkpoint, const std::string& name);

/// The bytes of a file that holds the weights alone. read_trace gives back the same numbers, bit for bit.
std::string write_weights(const TraceFile& file);

/// The same, and query, key and value of every layer, so that a reader has scores too.
/// @throws Error (unsupported) where they do not explain the weights by plain scaling alone, as read_trace takes them
///         to: windows that hide a key of this text, padding, another scale, a bias; or where the trace lacks them
std::string write_vectors(const TraceFile& file);

}  // namespace attn
