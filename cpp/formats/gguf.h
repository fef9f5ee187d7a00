// Reads GGUF: typed settings, a tokenizer and tensors in one file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "formats/gguf_tokenizer.h"
#include "model/checkpoint.h"
#include "model/settings.h"

namespace attn {

inline constexpr std::size_t kLargestGgufHeader = std::size_t{64} << 20U;  ///< Bytes before the tensors' data.
inline constexpr std::size_t kLongestGgufText = std::size_t{4} << 20U;     ///< Bytes.
inline constexpr std::size_t kLongestGgufKey = 65535;                      ///< Bytes. The format's own limit.
inline constexpr std::size_t kLongestGgufName = 64;                        ///< Of a tensor, the format's own limit.
inline constexpr std::size_t kLongestGgufList = std::size_t{1} << 20U;     ///< Elements.
inline constexpr std::size_t kMostGgufKeys = 16384;
inline constexpr std::size_t kMostGgufTensors = 16384;
inline constexpr std::size_t kMostGgufDimensions = 4;
inline constexpr std::size_t kLongestSettingList = 1024;  ///< A longer list stays out of the settings,
inline constexpr std::size_t kLongestSettingKey = 256;    ///< a list of a longer key
inline constexpr std::size_t kLongestSettingText = 4096;  ///< and a longer text too;
inline constexpr std::size_t kMostSettings = 65536;       ///< these are all there may be.

struct GgufFile {
  Checkpoint checkpoint;  ///< No metadata: they are settings.
  Settings settings;      ///< By key. A list is there as a config.json's would be: "key", "key.0", "key.1".
  GgufTokenizer tokenizer;
};

/// Whether a file that begins like this is GGUF, of whatever version and byte order.
bool is_gguf(std::string_view beginning);

/// Reads the header and checks it against the file; the tensors stay where they are.
///
/// Accepted: versions 2 and 3; every type of value but a list of lists; every type of tensor that ggml knows (what can
/// be computed with is decided when a tensor is used); tensors listed in any order; any power of two as alignment; no
/// tensor at all; the padding after the last tensor or none.
///
/// @param name  names the file in messages: "model.gguf"
/// @throws Error (bad-file) for anything that breaks the format: a file that is cut off; a key or a tensor's name that
///         is empty, malformed or there twice; a boolean that is neither 0 nor 1; text that is not UTF-8; a dimension
///         of 0; sizes that overflow; rows that are not whole blocks; tensors that overlap, leave a hole, are not
///         aligned or do not end with the file; a tokenizer whose parts disagree
/// @throws Error (too-large) beyond the limits above
/// @throws Error (unsupported) for another version or byte order, a list of lists, a type that is not known, and a part
///         of a file that was split
/// @throws Error (not-a-model) for another kind of file (disguise.h)
GgufFile read_gguf(FileBytes file, const std::string& name);

}  // namespace attn
