// Recognises what people save by mistake in place of a model's file.
#pragma once

#include <string>
#include <string_view>

namespace attn {

/// Returns if `bytes` begins like none of the kinds known here.
///
/// @param bytes  the beginning of a file, a few hundred bytes or more
/// @param what   names the file in messages: "model.safetensors"
/// @throws Error (not-a-model) for a Git LFS pointer, a web page, an archive, a Python pickle, an ONNX-like or other
///         known binary; (unsupported) for GGUF, which is a model, but not read yet
void refuse_disguised(std::string_view bytes, const std::string& what);

}  // namespace attn
