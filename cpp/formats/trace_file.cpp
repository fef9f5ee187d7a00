// A reader that checks every tensor before it believes it, and a writer of weights alone.
#include "formats/trace_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "formats/json.h"
#include "formats/safetensors.h"

namespace attn {
namespace {

constexpr Index kMostLayers = 256;
constexpr Index kMostHeads = 256;
constexpr Index kMostTokens = 65536;
// Of a query, key or value: with more, products of them would not fit a float. Models stay below a few thousand.
constexpr float kLargestPart = 1e15F;
constexpr std::string_view kFormat = "attention-trace";
constexpr std::string_view kVersion = "1";

std::optional<std::string> metadata_of(const Checkpoint& checkpoint, const char* key) {
  const auto found = checkpoint.metadata.find(key);
  if (found == checkpoint.metadata.end()) return std::nullopt;
  return found->second;
}

/// Reads one trace; holds what its messages need.
class Reader {
 public:
  Reader(const Checkpoint& checkpoint, const std::string& name) : checkpoint_(checkpoint), name_(name) {}

  TraceFile read() {
    check_version();
    TraceFile file;
    file.tokens = read_tokens();
    n_tokens_ = static_cast<Index>(file.tokens.size());
    file.name = metadata_of(checkpoint_, "name");
    file.text = metadata_of(checkpoint_, "text");
    file.causal = read_causal();

    ForwardTrace& trace = file.trace;
    trace.n_query = trace.n_key = n_tokens_;
    trace.causal = file.causal.value_or(false);
    const Index n_layers = count_of_numbered("layers");
    if (n_layers == 0) refuse({"the layers"}, {"layers.0.weights"}, {"no tensor of that name"});
    limit("layers", n_layers, kMostLayers);
    for (Index layer = 0; layer < n_layers; ++layer) trace.layers.push_back(read_layer(layer, trace));
    read_hidden(trace);
    return file;
  }

 private:
  [[noreturn]] void refuse(const Parts& problem, const Parts& expected, const Parts& found) const {
    fail_at(ErrorCode::kBadFile, {name_}, problem, expected, found);
  }

  void limit(const char* what, Index found, Index most) const {
    if (found <= most) return;
    fail(ErrorCode::kTooLarge, {name_, " has too many ", what, "."}, {"at most ", most}, {found});
  }

  void check_version() const {
    if (!is_trace(checkpoint_)) refuse({"metadata, \"format\""}, {kFormat}, {"none or another"});
    const std::string version = metadata_of(checkpoint_, "version").value_or("");
    if (version.empty()) refuse({"metadata, \"version\""}, {kVersion}, {"none"});
    if (version != kVersion) {
      fail(ErrorCode::kUnsupported, {name_, " is a trace of version \"", version, "\"."}, {"version ", kVersion},
           {"\"", version, "\""});
    }
    const bool has_decoder = metadata_of(checkpoint_, "decoder_tokens").has_value();
    for (const auto& [tensor, unused] : checkpoint_.tensors) {
      if (has_decoder || tensor.starts_with("encoder.") || tensor.starts_with("decoder.")) {
        fail(ErrorCode::kUnsupported, {name_, " is an encoder-decoder's trace, which is not supported yet."},
             {"layers.N.weights"}, {tensor});
      }
    }
  }

  std::vector<std::string> read_tokens() const {
    const auto text = metadata_of(checkpoint_, "tokens");
    if (!text) refuse({"metadata, \"tokens\""}, {"a JSON list of texts"}, {"none"});
    Json list = parse_json(*text, name_ + ", metadata \"tokens\"", ErrorCode::kBadFile);
    if (list.kind != Json::Kind::kList) {
      refuse({"metadata, \"tokens\""}, {"a JSON list of texts"}, {list.kind_name()});
    }
    if (list.items.empty()) refuse({"metadata, \"tokens\""}, {"at least one token"}, {"an empty list"});
    limit("tokens", static_cast<Index>(list.items.size()), kMostTokens);
    std::vector<std::string> tokens;
    for (Json& token : list.items) {
      if (token.kind != Json::Kind::kText) refuse({"metadata, \"tokens\""}, {"texts alone"}, {token.kind_name()});
      tokens.push_back(std::move(token.text));
    }
    return tokens;
  }

  std::optional<bool> read_causal() const {
    const auto text = metadata_of(checkpoint_, "causal");
    if (!text) return std::nullopt;
    if (*text != "true" && *text != "false") refuse({"metadata, \"causal\""}, {"true or false"}, {"\"", *text, "\""});
    return *text == "true";
  }

  /// How many numbers N there are in names "group.N" or "group.N.something". They must be 0, 1, 2 and so on.
  Index count_of_numbered(const char* group) const {
    const std::string start = joined({group, "."});
    std::set<Index> numbers;
    for (const auto& [tensor, unused] : checkpoint_.tensors) {
      if (!tensor.starts_with(start)) continue;
      const char* begin = tensor.data() + start.size();
      const char* end = tensor.data() + tensor.size();
      Index number = -1;
      const auto [rest, problem] = std::from_chars(begin, end, number);
      const bool has_zero_in_front = rest > begin + 1 && *begin == '0';
      if (problem != std::errc() || number < 0 || has_zero_in_front || (rest != end && *rest != '.')) {
        refuse({"a tensor's name"}, {group, ".N with N from 0"}, {"\"", tensor, "\""});
      }
      numbers.insert(number);
    }
    Index expected = 0;
    for (const Index number : numbers) {
      if (number != expected) {
        refuse({"numbers without gaps"}, {group, ".", expected}, {group, ".", number});
      }
      ++expected;
    }
    return expected;
  }

  /// A tensor [heads, n_tokens, last]; `heads` and `last` may be anything from 1 on.
  const Tensor& head_tensor(const Part& tensor_name) const {
    const Tensor& tensor = *checkpoint_.find(tensor_name);
    const std::vector<Index>& shape = tensor.shape;
    if (shape.size() != 3 || shape[0] < 1 || shape[1] != n_tokens_ || shape[2] < 1) {
      refuse({tensor_name}, {"[heads, ", n_tokens_, " tokens, width]"}, {shape});
    }
    limit("heads", shape[0], kMostHeads);
    return tensor;
  }

  SharedMatrix finite_numbers(const Part& tensor_name, const Tensor& tensor, Index rows, Index cols) const {
    SharedMatrix numbers = numbers_of(tensor_name, tensor, rows, cols);
    if (!std::isfinite(largest_size(numbers.view()))) refuse({tensor_name}, {"finite numbers"}, {"infinity or NaN"});
    return numbers;
  }

  LayerTrace read_layer(Index index, ForwardTrace& trace) const {
    const std::string prefix = joined({"layers.", index, "."});
    const bool has_weights = checkpoint_.find({prefix, "weights"}) != nullptr;
    Index n_parts = 0;
    for (const char* part : {"query", "key", "value"}) n_parts += checkpoint_.find({prefix, part}) != nullptr ? 1 : 0;
    if (n_parts != 0 && n_parts != 3) {
      refuse({"layer ", index}, {"all of query, key and value"}, {n_parts, " of them"});
    }
    if (!has_weights && n_parts == 0) refuse({"layer ", index}, {prefix, "weights"}, {"no tensor of that name"});

    LayerTrace layer;
    if (n_parts == 3) read_parts(prefix, index, layer, trace);
    if (has_weights) read_weights({prefix, "weights"}, index, layer, trace);
    return layer;
  }

  void read_parts(const Part& prefix, Index index, LayerTrace& layer, ForwardTrace& trace) const {
    const std::vector<Index>& query_shape = head_tensor({prefix, "query"}).shape;
    const std::vector<Index>& key_shape = head_tensor({prefix, "key"}).shape;
    const std::vector<Index>& value_shape = head_tensor({prefix, "value"}).shape;
    if (query_shape[2] != key_shape[2]) refuse({prefix, "key"}, {"the query's d_head"}, {key_shape});
    if (value_shape[0] != key_shape[0]) refuse({prefix, "value"}, {"as many heads as the key has"}, {value_shape});
    if (query_shape[0] % key_shape[0] != 0) {
      refuse({prefix, "key"}, {"a number of heads that divides the query's"}, {key_shape});
    }
    same_count({prefix, "query"}, index, query_shape[0], trace.n_heads);
    same_count({prefix, "key"}, index, key_shape[0], trace.n_kv_heads);
    layer.query = side_by_side({prefix, "query"});
    layer.key = side_by_side({prefix, "key"});
    layer.value = side_by_side({prefix, "value"});
    layer.rule = scaled_by_width(query_shape[2], trace.causal ? causal_mask() : Mask{});
  }

  /// Every layer must have the heads that layer 0 has.
  void same_count(const Part& tensor_name, Index index, Index found, Index& count) const {
    if (index == 0 && count == 0) count = found;
    if (found != count) refuse({tensor_name}, {count, " heads, as before"}, {found});
  }

  /// [heads, n_tokens, width] as [n_tokens, heads * width].
  GrowingMatrix side_by_side(const Part& tensor_name) const {
    const Tensor& tensor = head_tensor(tensor_name);
    const Index heads = tensor.shape[0];
    const Index width = tensor.shape[2];
    const SharedMatrix stacked = finite_numbers(tensor_name, tensor, heads * n_tokens_, width);
    const float largest = largest_size(stacked.view());
    if (largest > kLargestPart) {
      refuse({tensor_name}, {"numbers up to ", double{kLargestPart}}, {double{largest}});
    }
    Matrix result(n_tokens_, heads * width);
    for (Index head = 0; head < heads; ++head) {
      copy(stacked.view().middleRows(head * n_tokens_, n_tokens_), result.middleCols(head * width, width));
    }
    return GrowingMatrix(std::move(result));
  }

  void read_weights(const Part& tensor_name, Index index, LayerTrace& layer, ForwardTrace& trace) const {
    const Tensor& tensor = head_tensor(tensor_name);
    if (tensor.shape[2] != n_tokens_) {
      refuse({tensor_name}, {"[heads, ", n_tokens_, ", ", n_tokens_, "], as many as there are tokens"}, {tensor.shape});
    }
    same_count(tensor_name, index, tensor.shape[0], trace.n_heads);
    if (trace.n_kv_heads == 0) trace.n_kv_heads = trace.n_heads;
    const float tolerance = tensor.dtype == Dtype::kF32 ? 1e-3F : 1e-2F;
    layer.weights = finite_numbers(tensor_name, tensor, trace.n_heads * n_tokens_, n_tokens_);
    const auto weights = layer.weights.view();
    for (Index row = 0; row < weights.rows(); ++row) {
      double sum = 0.0;
      for (const float weight : weights.row(row)) {
        if (weight < 0.0F || weight > 1.0F) refuse({tensor_name}, {"weights from 0 to 1"}, {weight});
        sum += double{weight};
      }
      if (sum != 0.0 && std::abs(sum - 1.0) > double{tolerance}) {
        refuse({tensor_name, ", head ", row / n_tokens_, ", row ", row % n_tokens_},
               {"weights that sum to 1, or all zeros"}, {"a sum of ", sum});
      }
    }
    if (layer.query.size() != 0) check_agreement(tensor_name, layer, trace, tolerance);
  }

  /// A file that has both must not show weights that its query and key do not explain.
  void check_agreement(const Part& tensor_name, const LayerTrace& layer, const ForwardTrace& trace,
                       float tolerance) const {
    ForwardTrace alone;
    alone.n_heads = trace.n_heads;
    alone.n_kv_heads = trace.n_kv_heads;
    alone.n_query = alone.n_key = n_tokens_;
    alone.layers.push_back(layer);
    alone.layers.front().weights = {};
    for (Index head = 0; head < trace.n_heads; ++head) {
      const Matrix expected = head_weights(alone, 0, head);
      const float* found = layer.weights.row(head * n_tokens_).data();
      for (Index i = 0; i < expected.size(); ++i) {
        const float difference = std::abs(expected.data()[i] - found[i]);
        if (difference <= tolerance) continue;
        refuse({tensor_name, ", head ", head}, {"the weights that query and key give"},
               {"a difference of ", difference});
      }
    }
  }

  void read_hidden(ForwardTrace& trace) const {
    const Index count = count_of_numbered("hidden");
    if (count == 0) return;
    if (count != trace.n_layers() + 1) {
      refuse({"hidden"}, {"hidden.0 to hidden.", trace.n_layers()}, {count, " of them"});
    }
    for (Index layer = 0; layer < count; ++layer) {
      const Parts tensor_name = {"hidden.", layer};
      const Tensor* tensor = checkpoint_.find(tensor_name);
      if (tensor == nullptr) refuse({"hidden"}, tensor_name, {"another name"});
      const std::vector<Index>& shape = tensor->shape;
      const Index d_model = trace.hidden.empty() ? -1 : trace.hidden.front().cols();
      if (shape.size() != 2 || shape[0] != n_tokens_ || shape[1] < 1 || (d_model >= 0 && shape[1] != d_model)) {
        refuse(tensor_name, {"[", n_tokens_, " tokens, d_model]"}, {shape});
      }
      trace.hidden.emplace_back(copy_of(finite_numbers(tensor_name, *tensor, shape[0], shape[1]).view()));
    }
  }

  const Checkpoint& checkpoint_;
  const std::string& name_;
  Index n_tokens_ = 0;
};

std::map<std::string, std::string> metadata_for(const TraceFile& file) {
  std::map<std::string, std::string> metadata = {{"format", std::string(kFormat)},
                                                 {"version", std::string(kVersion)},
                                                 {"tokens", nlohmann::json(file.tokens).dump()}};
  if (file.name) metadata["name"] = *file.name;
  if (file.text) metadata["text"] = *file.text;
  if (file.causal) metadata["causal"] = *file.causal ? "true" : "false";
  return metadata;
}

using Tensors = std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>;

Tensors weights_of(const ForwardTrace& trace) {
  Tensors tensors;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    Matrix weights(trace.n_heads * trace.n_query, trace.n_key);
    for (Index head = 0; head < trace.n_heads; ++head) {
      weights.middleRows(head * trace.n_query, trace.n_query) = head_weights(trace, layer, head);
    }
    tensors["layers." + std::to_string(layer) + ".weights"] = {{trace.n_heads, trace.n_query, trace.n_key},
                                                               SharedMatrix(std::move(weights))};
  }
  return tensors;
}

/// [n, heads * width] as [heads, n, width].
Tensors::mapped_type stacked(const GrowingMatrix& side_by_side, Index heads) {
  const MatrixView view = side_by_side.view();
  const Index width = view.cols() / heads;
  Matrix result(heads * view.rows(), width);
  for (Index head = 0; head < heads; ++head) {
    result.middleRows(head * view.rows(), view.rows()) = view.middleCols(head * width, width);
  }
  return {{heads, view.rows(), width}, SharedMatrix(std::move(result))};
}

/// A reader knows nothing of the rule but whether it is causal.
void check_plain(const TraceFile& file, Index layer) {
  const ForwardTrace& trace = file.trace;
  const LayerTrace& found = trace.layers[static_cast<std::size_t>(layer)];
  const auto refuse = [&](const Parts& expected, const Parts& instead) {
    fail(ErrorCode::kUnsupported, {"Layer ", layer, " cannot be written with query, key and value, only with weights."},
         expected, instead);
  };
  if (found.query.size() == 0) refuse({"query, key and value"}, {"weights alone"});
  const Mask& mask = found.rule.mask;
  const ScoreRule plain = scaled_by_width(found.query.cols() / trace.n_heads);
  if (found.rule.scale != plain.scale) refuse({"a scale of ", plain.scale}, {found.rule.scale});
  if (found.rule.bias.size() != 0) refuse({"no bias"}, {"a bias"});
  if (mask.window > 0 && mask.window < trace.n_key) {
    refuse({"no sliding window"}, {"one of ", mask.window});
  }
  if (!mask.padding.empty()) refuse({"no padding"}, {"padding"});
  if (mask.causal != file.causal.value_or(false)) refuse({"a mask as the file's \"causal\" says"}, {"another"});
}

}  // namespace

bool is_trace(const Checkpoint& checkpoint) { return metadata_of(checkpoint, "format") == kFormat; }

TraceFile read_trace(const Checkpoint& checkpoint, const std::string& name) { return Reader(checkpoint, name).read(); }

std::string write_weights(const TraceFile& file) {
  return write_safetensors(metadata_for(file), weights_of(file.trace));
}

std::string write_vectors(const TraceFile& file) {
  Tensors tensors = weights_of(file.trace);
  for (Index layer = 0; layer < file.trace.n_layers(); ++layer) {
    check_plain(file, layer);
    const LayerTrace& found = file.trace.layers[static_cast<std::size_t>(layer)];
    const std::string prefix = "layers." + std::to_string(layer) + ".";
    tensors[prefix + "query"] = stacked(found.query, file.trace.n_heads);
    tensors[prefix + "key"] = stacked(found.key, file.trace.n_kv_heads);
    tensors[prefix + "value"] = stacked(found.value, file.trace.n_kv_heads);
  }
  return write_safetensors(metadata_for(file), tensors);
}

}  // namespace attn
