// Stands in for some functions of the C library in the WebAssembly build; CMakeLists.txt redirects the calls here. The
// real ones, with their 128-bit floating point and their tables, would be a fifth of the file.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numbers>

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

/// 2^exponent, for what a double can hold without a leading zero.
double power_of_two(int exponent) { return std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52U); }

/// The natural logarithm of a positive number: x = 2^exponent m with m near 1, and log m = 2 artanh((m - 1) / (m + 1)).
double logarithm(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < std::numbers::sqrt2 / 2.0) {
    m *= 2.0;
    --exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  double sum = 0.0;
  for (int i = 21; i > 0; i -= 2) sum = sum * s * s + 1.0 / i;
  return 2.0 * s * sum + exponent * std::numbers::ln2;
}

/// sin(x + quarters pi / 2): by how many quarter turns x is nearest to what number, and the series for what is left.
double sine(double x, int quarters) {
  // Half of pi in three parts; the products with the first two are exact.
  constexpr double kHigh = 0x1.921fb54p+0;
  constexpr double kMiddle = 0x1.10b4610p-30;
  constexpr double kLow = 0x1.a62633145c06ep-58;
  const double turns = std::nearbyint(x * (2.0 / std::numbers::pi));
  const double r = ((x - turns * kHigh) - turns * kMiddle) - turns * kLow;
  const auto quarter = static_cast<std::uint64_t>(static_cast<std::int64_t>(turns) + quarters);
  const bool is_cosine = (quarter & 1U) != 0;
  double sum = 0.0;
  for (int i = is_cosine ? 18 : 19; i > 1; i -= 2) sum = (1.0 + sum) * -r * r / (i * (i - 1));
  const double result = is_cosine ? 1.0 + sum : r + r * sum;
  return (quarter & 2U) != 0 ? -result : result;
}

}  // namespace

extern "C" {

// The linker redirects calls to these names: they are its choice.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
double __wrap_sin(double x);
double __wrap_cos(double x);
double __wrap_exp(double x);
float __wrap_expf(float x);
double __wrap_pow(double base, double exponent);
double __wrap_strtod(const char* text, char** end);
int __wrap_snprintf(char* text, std::size_t size, const char* format, ...);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

/// The angles of rotation, up to 2^24 and more: within 1e-15.
double __wrap_sin(double x) { return sine(x, 0); }
double __wrap_cos(double x) { return sine(x, 1); }

/// Within a few units in the last place: 2^k e^r with r near 0.
double __wrap_exp(double x) {
  constexpr double kLargest = 709.782712893384;
  constexpr double kLeast = -745.2;
  if (std::isnan(x)) return x;
  if (x > kLargest) return std::numeric_limits<double>::infinity();
  if (x < kLeast) return 0.0;
  constexpr double kLn2High =
      0x1.62e42feep-1;  // NOLINT(modernize-use-std-numbers): few bits, so that k times it is exact.
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const double k = std::nearbyint(x / std::numbers::ln2);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  constexpr double kOverFactorial[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1.0,         1.0};
  double sum = 0.0;
  for (const double factor : kOverFactorial) sum = sum * r + factor;
  // In two steps, because 2^k may be too large or too small where the result is neither.
  const int half = static_cast<int>(k) / 2;
  return sum * power_of_two(half) * power_of_two(static_cast<int>(k) - half);
}

float __wrap_expf(float x) { return static_cast<float>(__wrap_exp(x)); }

/// Only the frequencies of rotation are made with it: the base is positive.
double __wrap_pow(double base, double exponent) { return __wrap_exp(exponent * logarithm(base)); }

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
