// Frequencies, and the ways to stretch them.
#include "model/families/rotary_settings.h"

#include <cmath>
#include <numbers>

#include "linalg/error.h"

namespace attn {
namespace {

constexpr double kMost = 1e12;

double positive(const Settings& settings, const Part& key) {
  if (!has(settings, key)) {
    fail(ErrorCode::kBadConfig, {"The configuration lacks \"", key, "\"."}, {"a number above 0"}, {"nothing"});
  }
  return number_or(settings, key, 0.0, kMost, 1.0);
}

[[noreturn]] void refuse(const Parts& what, const Parts& expected, const Parts& found) {
  fail(ErrorCode::kUnsupported, {"Rotation ", what, " is not supported."}, expected, found);
}

/// Slow pairs, whose wave is longer than the original context, turn `factor` times as slowly; fast ones as ever; those
/// between, something between.
void slow_down(const Settings& settings, const Part& group, Vector& frequencies) {
  const double factor = positive(settings, {group, "factor"});
  const double low = positive(settings, {group, "low_freq_factor"});
  const double high = positive(settings, {group, "high_freq_factor"});
  const double context = positive(settings, {group, "original_max_position_embeddings"});
  if (!(high > low)) {
    fail(ErrorCode::kBadConfig, {"high_freq_factor must be above low_freq_factor."}, {"above ", low}, {high});
  }
  for (float& frequency : frequencies) {
    const double waves = context * static_cast<double>(frequency) / (2.0 * std::numbers::pi);
    if (waves > high) continue;
    const double share = waves < low ? 0.0 : (waves - low) / (high - low);
    frequency = static_cast<float>((1.0 - share) * static_cast<double>(frequency) / factor +
                                   share * static_cast<double>(frequency));
  }
}

}  // namespace

Rotary rotary_from(const Settings& settings, Index d_head) {
  const bool is_new = has(settings, "rope_parameters");
  const char* group = is_new ? "rope_parameters." : "rope_scaling.";
  const auto found = settings.find(is_new ? "rope_parameters" : "rope_scaling");
  if (found != settings.end() && has(settings, found->first) && !std::holds_alternative<NestedSetting>(found->second)) {
    fail(ErrorCode::kBadConfig, {"\"", found->first, "\" says how to rotate in an object."}, {"an object or null"},
         {"something else"});
  }
  const char* theta_group = has(settings, {group, "rope_theta"}) ? group : "";
  for (const char* layers : {"full_attention", "sliding_attention"}) {
    if (has(settings, {group, layers}))
      refuse({"that differs from layer to layer"}, {"one kind for all layers"}, {layers});
  }
  for (const char* place : {group, ""}) {
    const double share = number_or(settings, {place, "partial_rotary_factor"}, 0.0, 1.0, 1.0);
    if (share != 1.0) refuse({"of a part of the width"}, {"partial_rotary_factor 1"}, {share});
  }
  if (d_head % 2 != 0) {
    fail(ErrorCode::kBadConfig, {"Rotation needs heads of even width."}, {"an even number"}, {d_head});
  }
  Rotary rotary = rotary_of(d_head, number_or(settings, {theta_group, "rope_theta"}, 0.0, kMost, 10000.0));
  const std::string_view kind = text_or(settings, {group, "rope_type"}, text_or(settings, {group, "type"}, "default"));
  if (kind == "linear") {
    rotary.frequencies /= static_cast<float>(positive(settings, {group, "factor"}));
  } else if (kind == "llama3") {
    slow_down(settings, group, rotary.frequencies);
  } else if (kind != "default") {
    refuse({"of the kind \"", kind, "\""}, {"default, linear or llama3"}, {"\"", kind, "\""});
  }
  return rotary;
}

}  // namespace attn
