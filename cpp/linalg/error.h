// The one exception of the library: a refusal that says what was expected and what was found.
#pragma once

#include <stdexcept>
#include <string>

namespace attn {

/// What the caller can do about it differs.
enum class ErrorCode {
  kBadRequest,   ///< A caller's mistake: shapes that do not fit, an index that does not exist.
  kBadFile,      ///< A file that breaks its format.
  kBadConfig,    ///< A configuration that is malformed or contradicts the weights.
  kNotAModel,    ///< A web page, an LFS pointer, an archive.
  kUnsupported,  ///< Valid, but of a kind that is not built in.
  kTooLarge,     ///< Past a stated limit.
  kTooLong,      ///< More tokens than the model has positions.
  kOutOfMemory,
};

/// The code as the element's public contract spells it: "bad-file".
const char* name_of(ErrorCode code);

/// A number for messages, with up to six digits after the point: "0.25", "-1", "1e-12". Made by hand because the C
/// library's printing of floating-point numbers would be a tenth of the WebAssembly file.
std::string number_text(double value);

/// Thrown before anything has changed, so that every object the caller holds is still what it was.
class Error : public std::runtime_error {
 public:
  /// @param message   one sentence for the reader, naming file, field or argument
  /// @param expected  what would have been right
  /// @param found     what was there
  Error(ErrorCode code, const std::string& message, std::string expected = {}, std::string found = {});

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& expected() const { return expected_; }
  [[nodiscard]] const std::string& found() const { return found_; }

 private:
  ErrorCode code_;
  std::string expected_;
  std::string found_;
};

}  // namespace attn
