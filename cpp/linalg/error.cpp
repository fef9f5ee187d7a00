// The names of the error codes, and messages put together.
#include "linalg/error.h"

#include <cmath>
#include <cstdint>
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

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (value < 0) return "-" + number_text(-value);
  if (std::isinf(value)) return "infinity";
  constexpr double kLeastPlain = 1e-4;
  constexpr double kMostPlain = 1e15;
  int exponent = 0;
  if (value != 0 && (value < kLeastPlain || value >= kMostPlain)) {
    constexpr double kTen = 10.0;
    while (value >= kTen) {
      value /= kTen;
      ++exponent;
    }
    while (value < 1.0) {
      value *= kTen;
      --exponent;
    }
    // The products round: what should have become 1 may have stayed just below it and gone on to almost 10.
    constexpr double kAlmostTen = 9.9999995;
    if (value >= kAlmostTen) {
      value = 1.0;
      ++exponent;
    }
    return number_text(value) + "e" + std::to_string(exponent);
  }
  constexpr std::int64_t kMillion = 1'000'000;
  auto whole = static_cast<std::int64_t>(value);
  auto millionths = static_cast<std::int64_t>(std::round((value - static_cast<double>(whole)) * kMillion));
  if (millionths == kMillion) {
    ++whole;
    millionths = 0;
  }
  if (millionths == 0) return std::to_string(whole);
  std::string digits = std::to_string(kMillion + millionths).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(whole) + "." + digits;
}

Error::Error(ErrorCode code, const std::string& message, std::string expected, std::string found)
    : std::runtime_error(message), code_(code), expected_(std::move(expected)), found_(std::move(found)) {}

void Part::add_to(std::string& text) const {
  switch (kind_) {
    case Kind::kText:
      text.append(text_, size_);
      return;
    case Kind::kString:
      text += *string_;
      return;
    case Kind::kShape:
      text += '[';
      for (std::size_t i = 0; i < size_; ++i) {
        if (i != 0) text += ", ";
        text += std::to_string(shape_[i]);
      }
      text += ']';
      return;
    case Kind::kParts:
      for (const Part& part : *parts_) part.add_to(text);
      return;
    case Kind::kReal:
      text += number_text(real_);
      return;
    case Kind::kSigned:
      text += std::to_string(signed_);
      return;
    case Kind::kUnsigned:
      text += std::to_string(unsigned_);
      return;
  }
}

std::string joined(const Parts& parts) {
  std::string text;
  for (const Part& part : parts) part.add_to(text);
  return text;
}

void fail(ErrorCode code, const Parts& message, const Parts& expected, const Parts& found) {
  throw Error(code, joined(message), joined(expected), joined(found));
}

void fail_at(ErrorCode code, const Parts& where, const Parts& problem, const Parts& expected, const Parts& found) {
  fail(code, {where, ": ", problem, ": expected ", expected, ", found ", found, "."}, expected, found);
}

}  // namespace attn
