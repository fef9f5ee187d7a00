// See error.h.
#include "linalg/error.h"

#include <utility>

namespace attn {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadRequest:
      return "bad-request";
    case ErrorCode::kBadFile:
      return "bad-file";
    case ErrorCode::kBadConfig:
      return "bad-config";
    case ErrorCode::kNotAModel:
      return "not-a-model";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kTooLong:
      return "too-long";
    case ErrorCode::kOutOfMemory:
      return "out-of-memory";
  }
  return "bad-request";
}

Error::Error(ErrorCode code, const std::string& message, std::string expected, std::string found)
    : std::runtime_error(message), code_(code), expected_(std::move(expected)), found_(std::move(found)) {}

}  // namespace attn
