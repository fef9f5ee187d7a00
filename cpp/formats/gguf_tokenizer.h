// The tokenizer that a GGUF carries, as it stands there; what it means is for its user to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace attn {

struct GgufTokenizer {
  bool present = false;             ///< Whether the file names a tokenizer model or lists tokens.
  std::string model;                ///< "gpt2" is byte-level BPE, "llama" SentencePiece, "bert" WordPiece.
  std::vector<std::string> tokens;  ///< By id. Valid UTF-8: bytes that are not have become U+FFFD.
  std::vector<float> scores;        ///< One a token, or none.
  /// One a token, or none: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
  std::vector<std::int32_t> types;
  std::vector<std::string> merges;  ///< "left right", first merged first.
  std::optional<std::string> pre;   ///< How text is split before the merges: "smollm", "qwen2".
  std::optional<std::string> chat_template;
  std::optional<std::string> huggingface;  ///< A whole tokenizer.json.
  std::optional<std::int64_t> bos;         ///< These three are ids of tokens.
  std::optional<std::int64_t> eos;
  std::optional<std::int64_t> unknown;
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::optional<bool> add_space_prefix;
};

}  // namespace attn
