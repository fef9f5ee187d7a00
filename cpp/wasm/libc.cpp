// Stands in for two functions of the C library in the WebAssembly build; CMakeLists.txt redirects the calls here. The
// real ones, with their 128-bit floating point, would be a sixth of the file.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// value * 10^exponent. Rounds once if 10^|exponent| is exact, that is up to 10^22.
double scaled(double value, int exponent) {
  constexpr int kExact = 22;
  constexpr double kLargestExact = 1e22;
  for (; exponent > kExact && std::isfinite(value) && value != 0.0; exponent -= kExact) value *= kLargestExact;
  for (; exponent < -kExact && value != 0.0; exponent += kExact) value /= kLargestExact;
  double power = 1.0;
  for (int i = std::abs(exponent); i > 0 && i <= kExact; --i) power *= 10.0;
  return exponent < 0 ? value / power : value * power;
}

}  // namespace

extern "C" {

// The linker redirects calls to these names: they are its choice.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
double __wrap_strtod(const char* text, char** end);
int __wrap_snprintf(char* text, std::size_t size, const char* format, ...);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

/// Only the JSON parser calls it, with text that it has found to be a number. Correctly rounded for up to 15 digits and
/// powers of ten up to 22, which is every number that a configuration holds; beyond that, off by a few units in the
/// last place of a double, where all are kept as float.
double __wrap_strtod(const char* text, char** end) {
  const bool is_negative = *text == '-';
  if (is_negative) ++text;
  constexpr std::uint64_t kMostDigits = 100'000'000'000'000'000;  // One more after these fits 64 bits.
  std::uint64_t digits = 0;
  int exponent = 0;
  bool is_fraction = false;
  for (; is_digit(*text) || *text == '.'; ++text) {
    if (*text == '.') {
      is_fraction = true;
    } else if (digits < kMostDigits) {
      digits = digits * 10 + static_cast<std::uint64_t>(*text - '0');
      exponent -= is_fraction ? 1 : 0;
    } else {
      exponent += is_fraction ? 0 : 1;
    }
  }
  if (*text == 'e' || *text == 'E') {
    ++text;
    const int sign = *text == '-' ? -1 : 1;
    if (*text == '-' || *text == '+') ++text;
    constexpr int kMostStated = 100'000'000;  // No text is so long that its digits could make up for more.
    int stated = 0;
    for (; is_digit(*text); ++text) stated = stated < kMostStated ? stated * 10 + (*text - '0') : stated;
    exponent += sign * stated;
  }
  if (end != nullptr) *end = const_cast<char*>(text);
  const double value = scaled(static_cast<double>(digits), exponent);
  return is_negative ? -value : value;
}

/// Only the JSON parser and the standard library's error texts call it, for messages that nobody shows:
/// formats/json.cpp words its own.
int __wrap_snprintf(char* text, std::size_t size, const char* /*format*/, ...) {
  if (size > 0) *text = '\0';
  return 0;
}

}  // extern "C"
