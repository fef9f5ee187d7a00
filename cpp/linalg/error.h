// The one exception of the library: a refusal that says what was expected and what was found.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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

class Part;
using Parts = std::initializer_list<Part>;

/// A piece of a message: a text, a number (as number_text has it), a shape ("[12, 24]") or several pieces. It refers to
/// what it is made from and lives no longer than the call that it is an argument of.
///
/// Messages are put together from pieces in one place, and only when they are needed: `"a" + std::string` where
/// something is refused would, with all that must be freed again, be a quarter of the WebAssembly file.
class Part {
 public:
  // NOLINTBEGIN(google-explicit-constructor): what a message is made of stands in it as it is.
  constexpr Part(const char* text) : Part(std::string_view(text)) {}
  Part(const std::string& text) : kind_(Kind::kString), string_(&text) {}
  constexpr Part(std::string_view text) : kind_(Kind::kText), size_(text.size()), text_(text.data()) {}
  constexpr Part(std::span<const std::ptrdiff_t> shape)
      : kind_(Kind::kShape), size_(shape.size()), shape_(shape.data()) {}
  Part(const std::vector<std::ptrdiff_t>& shape) : Part(std::span(shape)) {}
  constexpr Part(const Parts& parts) : kind_(Kind::kParts), parts_(&parts) {}
  constexpr Part(double number) : kind_(Kind::kReal), real_(number) {}
  template <std::signed_integral Number>
  constexpr Part(Number number) : kind_(Kind::kSigned), signed_(number) {}
  template <std::unsigned_integral Number>
  constexpr Part(Number number) : kind_(Kind::kUnsigned), unsigned_(number) {}
  // NOLINTEND(google-explicit-constructor)

  void add_to(std::string& text) const;

 private:
  enum class Kind { kText, kString, kShape, kParts, kReal, kSigned, kUnsigned };

  Kind kind_;
  std::size_t size_ = 0;
  // NOLINTBEGIN(readability-identifier-naming): as private as what stands above.
  union {
    const char* text_;
    const std::string* string_;
    const std::ptrdiff_t* shape_;
    const Parts* parts_;
    double real_;
    std::int64_t signed_;
    std::uint64_t unsigned_;
  };
  // NOLINTEND(readability-identifier-naming)
};

std::string joined(const Parts& parts);

/// Throws an Error of these texts.
[[noreturn]] void fail(ErrorCode code, const Parts& message, const Parts& expected = {}, const Parts& found = {});

/// Throws an Error whose message is "where: problem: expected ..., found ....".
[[noreturn]] void fail_at(ErrorCode code, const Parts& where, const Parts& problem, const Parts& expected,
                          const Parts& found);

}  // namespace attn
