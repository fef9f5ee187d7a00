// A reader that trusts no number of the file before it has checked it against the file's length, and a small writer.
#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "formats/disguise.h"
#include "formats/json.h"

namespace attn {
namespace {

using Kind = Json::Kind;

constexpr std::size_t kLengthBytes = 8;

struct DtypeRow {
  std::string_view name;
  Dtype dtype;
  std::uint64_t bits;
};

// Every type that the format knows, as of its version of May 2026.
constexpr auto kDtypes = std::to_array<DtypeRow>({
    {"F32", Dtype::kF32, 32},          {"F16", Dtype::kF16, 16},      {"BF16", Dtype::kBF16, 16},
    {"F64", Dtype::kOther, 64},        {"BOOL", Dtype::kOther, 8},    {"U8", Dtype::kOther, 8},
    {"I8", Dtype::kOther, 8},          {"U16", Dtype::kOther, 16},    {"I16", Dtype::kOther, 16},
    {"U32", Dtype::kOther, 32},        {"I32", Dtype::kOther, 32},    {"U64", Dtype::kOther, 64},
    {"I64", Dtype::kOther, 64},        {"C64", Dtype::kOther, 64},    {"F4", Dtype::kOther, 4},
    {"F6_E2M3", Dtype::kOther, 6},     {"F6_E3M2", Dtype::kOther, 6}, {"F8_E4M3", Dtype::kOther, 8},
    {"F8_E5M2", Dtype::kOther, 8},     {"F8_E8M0", Dtype::kOther, 8}, {"F8_E4M3FNUZ", Dtype::kOther, 8},
    {"F8_E5M2FNUZ", Dtype::kOther, 8},
});

/// Reads one file; holds what its messages need.
class Reader {
 public:
  Reader(FileBytes file, const std::string& name) : file_(std::move(file)), name_(name) {}

  Checkpoint read() {
    const std::string_view bytes(reinterpret_cast<const char*>(file_.data.get()), file_.size);
    constexpr std::size_t kBeginning = 512;
    refuse_disguised(bytes.substr(0, kBeginning), name_);
    if (bytes.starts_with("GGUF")) refuse({"another kind of model"}, {"a safetensors file"}, {"a GGUF file"});
    refuse_text(bytes);
    const std::string_view header = header_of(bytes);
    Json parsed = parse_json(header, "The header of " + name_, ErrorCode::kBadFile);
    if (parsed.kind != Kind::kObject) refuse({"the header must be an object"}, {"an object"}, {parsed.kind_name()});
    if (parsed.items.size() > kMostTensors) {
      fail(ErrorCode::kTooLarge, {name_, " has too many tensors."}, {"at most ", kMostTensors}, {parsed.items.size()});
    }
    data_start_ = kLengthBytes + header.size();

    Checkpoint checkpoint;
    for (Json& entry : parsed.items) {
      if (entry.key == "__metadata__") {
        checkpoint.metadata = metadata_from(entry);
      } else {
        checkpoint.tensors.emplace(entry.key, tensor_from(entry));
      }
    }
    check_layout(checkpoint);
    checkpoint.bytes = file_.size;
    return checkpoint;
  }

 private:
  [[noreturn]] void refuse(const Parts& problem, const Parts& expected, const Parts& found) const {
    fail_at(ErrorCode::kBadFile, {name_}, problem, expected, found);
  }

  [[noreturn]] void refuse_tensor(const std::string& tensor, const Parts& problem, const Parts& expected,
                                  const Parts& found) const {
    refuse({"tensor \"", tensor, "\": ", problem}, expected, found);
  }

  /// A server's error message or a configuration instead of the weights: no header is so long that its length is text.
  void refuse_text(std::string_view bytes) const {
    const std::string_view beginning = bytes.substr(0, kLengthBytes);
    const auto is_text = [](char byte) {
      return byte == '\n' || byte == '\r' || byte == '\t' || (byte >= ' ' && byte <= '~');
    };
    if (beginning.empty() || !std::ranges::all_of(beginning, is_text)) return;
    const char first = beginning[std::min(beginning.find_first_not_of(" \n\r\t"), beginning.size() - 1)];
    const char* found = first == '{' || first == '[' ? "a JSON document" : "a text";
    fail(ErrorCode::kNotAModel, {name_, " is ", found, ", not weights."}, {"a safetensors file"}, {found});
  }

  std::string_view header_of(std::string_view bytes) const {
    if (bytes.size() < kLengthBytes) {
      refuse({"the file is too short"}, {"8 bytes of header length"}, {bytes.size(), " bytes"});
    }
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length > kLargestHeader) {
      fail(ErrorCode::kTooLarge, {name_, ": the header says it is too long to be read."},
           {"a header of at most ", kLargestHeader, " bytes"}, {length, " bytes"});
    }
    // Compared with what is left, never added to: a sum could wrap around.
    if (length > bytes.size() - kLengthBytes) {
      refuse({"the header is cut off"}, {"a header of ", length, " bytes"}, {bytes.size() - kLengthBytes, " bytes"});
    }
    const std::string_view header = bytes.substr(kLengthBytes, static_cast<std::size_t>(length));
    const std::size_t first = header.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) refuse({"the header is empty"}, {"a JSON object"}, {"nothing"});
    if (header[first] != '{') refuse({"the header must be an object"}, {"{"}, {"another first byte"});
    return header;
  }

  std::map<std::string, std::string> metadata_from(Json& value) const {
    if (value.kind != Kind::kObject) refuse({"__metadata__"}, {"an object of texts"}, {value.kind_name()});
    std::map<std::string, std::string> metadata;
    for (Json& entry : value.items) {
      if (entry.kind != Kind::kText) refuse({"__metadata__, \"", entry.key, "\""}, {"a text"}, {entry.kind_name()});
      metadata.emplace(std::move(entry.key), std::move(entry.text));
    }
    return metadata;
  }

  Tensor tensor_from(const Json& value) const {
    const std::string& name = value.key;
    if (value.kind != Kind::kObject) refuse_tensor(name, {"its entry"}, {"an object"}, {value.kind_name()});
    for (const Json& entry : value.items) {
      const std::string& key = entry.key;
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        refuse_tensor(name, {"an unknown field"}, {"dtype, shape and data_offsets"}, {"\"", key, "\""});
      }
    }
    const DtypeRow& dtype = dtype_from(name, field(value, "dtype"));
    Tensor tensor{.dtype = dtype.dtype, .dtype_name = dtype.name, .shape = {}, .data = {}, .bytes = 0};
    std::uint64_t bits = 0;
    std::tie(tensor.shape, bits) = shape_from(name, field(value, "shape"), dtype.bits);
    if (bits % 8 != 0) refuse_tensor(name, {"its size"}, {"a whole number of bytes"}, {bits, " bits"});

    const auto [begin, end] = offsets_from(name, field(value, "data_offsets"));
    if (end - begin != bits / 8) {
      refuse_tensor(name, {"its size"}, {bits / 8, " bytes for ", tensor.dtype_name, " ", tensor.shape},
                    {end - begin, " bytes"});
    }
    tensor.data = {file_.data, file_.data.get() + data_start_ + begin};
    tensor.bytes = static_cast<std::size_t>(end - begin);
    return tensor;
  }

  const Json& field(const Json& entry, const char* key) const {
    const Json* found = entry.find(key);
    if (found == nullptr) refuse_tensor(entry.key, {"a missing field"}, {key}, {"none"});
    return *found;
  }

  const DtypeRow& dtype_from(const std::string& name, const Json& value) const {
    if (value.kind != Kind::kText) refuse_tensor(name, {"dtype"}, {"a text"}, {value.kind_name()});
    const auto* row = std::ranges::find(kDtypes, std::string_view(value.text), &DtypeRow::name);
    if (row == kDtypes.end()) {
      refuse_tensor(name, {"dtype"}, {"a type that safetensors knows"},
                    {"\"", std::string_view(value.text).substr(0, 40), "\""});
    }
    return *row;
  }

  /// Where the tensor's bytes begin and end, within the data.
  std::pair<std::uint64_t, std::uint64_t> offsets_from(const std::string& name, const Json& value) const {
    if (value.kind != Kind::kList) refuse_tensor(name, {"data_offsets"}, {"two numbers"}, {value.kind_name()});
    if (value.items.size() != 2) {
      refuse_tensor(name, {"data_offsets"}, {"two numbers"}, {value.items.size(), " of them"});
    }
    const std::uint64_t begin = natural(name, "data_offsets", value.items[0]);
    const std::uint64_t end = natural(name, "data_offsets", value.items[1]);
    const std::uint64_t available = file_.size - data_start_;
    if (begin > end) refuse_tensor(name, {"data_offsets"}, {"a begin before its end"}, {begin, " and ", end});
    if (end > available) {
      refuse_tensor(name, {"data_offsets"}, {"an end within the file's ", available, " bytes of data"}, {end});
    }
    return {begin, end};
  }

  /// The shape, and how many bits it takes.
  std::pair<std::vector<Index>, std::uint64_t> shape_from(const std::string& name, const Json& value,
                                                          std::uint64_t element_bits) const {
    if (value.kind != Kind::kList) refuse_tensor(name, {"shape"}, {"a list of numbers"}, {value.kind_name()});
    if (value.items.size() > kMostDimensions) {
      refuse_tensor(name, {"shape"}, {"at most ", kMostDimensions, " dimensions"}, {value.items.size()});
    }
    // Half of what an Index can hold is far more than memory can, and leaves no sum or product of ours to overflow.
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / 2;
    std::vector<Index> shape;
    std::uint64_t bits = element_bits;
    bool is_empty = false;
    for (const Json& entry : value.items) {
      const std::uint64_t length = natural(name, "shape", entry);
      if (length > kMost) refuse_tensor(name, {"shape"}, {"lengths that memory can hold"}, {length});
      is_empty = is_empty || length == 0;
      if (length != 0 && bits > std::numeric_limits<std::uint64_t>::max() / length) {
        refuse_tensor(name, {"shape"}, {"a size that does not overflow"}, {"one that does"});
      }
      bits *= length == 0 ? 1 : length;
      shape.push_back(static_cast<Index>(length));
    }
    if (is_empty) return {std::move(shape), 0};
    if (bits / 8 > kMost) refuse_tensor(name, {"shape"}, {"a size that memory can hold"}, {bits / 8, " bytes"});
    return {std::move(shape), bits};
  }

  std::uint64_t natural(const std::string& name, const char* what, const Json& value) const {
    const char* expected = "whole numbers that are not negative";
    if (value.kind == Kind::kNegative) refuse_tensor(name, {what}, {expected}, {value.negative});
    if (value.kind == Kind::kReal) refuse_tensor(name, {what}, {expected}, {"the fraction ", value.real});
    if (value.kind != Kind::kNatural) refuse_tensor(name, {what}, {expected}, {value.kind_name()});
    return value.natural;
  }

  /// The tensors must fill the data exactly: in order of their offsets, each begins where the one before it ends.
  void check_layout(const Checkpoint& checkpoint) const {
    // Empty tensors come before what begins at the same place.
    std::multimap<std::pair<std::size_t, std::size_t>, const std::string*> in_order;
    for (const auto& [name, tensor] : checkpoint.tensors)
      in_order.emplace(std::pair(static_cast<std::size_t>(tensor.data.get() - file_.data.get()), tensor.bytes), &name);
    std::size_t end = data_start_;
    for (const auto& [place, name] : in_order) {
      const auto& [offset, bytes] = place;
      if (offset != end) {
        refuse_tensor(*name, {offset < end ? "it overlaps another tensor" : "there is a hole before it"},
                      {"it to begin at byte ", end - data_start_, " of the data"}, {"byte ", offset - data_start_});
      }
      end += bytes;
    }
    if (end != file_.size) {
      refuse({"the tensors must fill the file"}, {end, " bytes in all"}, {file_.size, " bytes"});
    }
  }

  FileBytes file_;
  const std::string& name_;
  std::size_t data_start_ = 0;
};

}  // namespace

Checkpoint read_safetensors(FileBytes file, const std::string& name) { return Reader(std::move(file), name).read(); }

Checkpoint merge_shards(std::vector<Checkpoint> shards) {
  Checkpoint whole;
  for (Checkpoint& shard : shards) {
    whole.bytes += shard.bytes;
    whole.metadata.merge(shard.metadata);
    whole.tensors.merge(shard.tensors);
    // What could not be moved over was there already.
    if (!shard.tensors.empty()) {
      const std::string& name = shard.tensors.begin()->first;
      fail(ErrorCode::kBadFile, {"Two parts of the checkpoint hold the tensor \"", name.substr(0, 80), "\"."},
           {"every tensor in one part"}, {"it twice"});
    }
  }
  if (whole.tensors.size() > kMostTensors) {
    fail(ErrorCode::kTooLarge, {"The parts of the checkpoint have too many tensors."}, {"at most ", kMostTensors},
         {whole.tensors.size()});
  }
  return whole;
}

std::string write_safetensors(const std::map<std::string, std::string>& metadata,
                              const std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>& tensors) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto& [shape, numbers] = tensor;
    const std::size_t begin = end;
    end += sizeof(float) * static_cast<std::size_t>(numbers.rows() * numbers.cols());
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');

  std::string bytes;
  bytes.reserve(kLengthBytes + text.size() + end);
  const std::uint64_t length = text.size();
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += text;
  for (const auto& [name, tensor] : tensors) {
    const auto view = tensor.second.view();
    bytes.append(reinterpret_cast<const char*>(view.data()), sizeof(float) * static_cast<std::size_t>(view.size()));
  }
  return bytes;
}

}  // namespace attn
