// A reader that trusts no number of the file before it has checked it against the file's length, and a small writer.
#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <tuple>

#include "formats/disguise.h"
#include "formats/json.h"

namespace attn {
namespace {

using nlohmann::json;

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
    if (bytes.starts_with("GGUF")) fail("another kind of model", "a safetensors file", "a GGUF file");
    refuse_text(bytes);
    const std::string_view header = header_of(bytes);
    const json parsed = parse_json(header, "The header of " + name_, ErrorCode::kBadFile);
    if (!parsed.is_object()) fail("the header must be an object", "an object", parsed.type_name());
    if (parsed.size() > kMostTensors) {
      throw Error(ErrorCode::kTooLarge, name_ + " has too many tensors.", "at most " + std::to_string(kMostTensors),
                  std::to_string(parsed.size()));
    }
    data_start_ = kLengthBytes + header.size();

    Checkpoint checkpoint;
    for (const auto& [key, value] : parsed.items()) {
      if (key == "__metadata__") {
        checkpoint.metadata = metadata_from(value);
      } else {
        checkpoint.tensors.emplace(key, tensor_from(key, value));
      }
    }
    check_layout(checkpoint);
    checkpoint.bytes = file_.size;
    return checkpoint;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& expected, const std::string& found) const {
    throw Error(ErrorCode::kBadFile, name_ + ": " + problem + ": expected " + expected + ", found " + found + ".",
                expected, found);
  }

  [[noreturn]] void fail_tensor(const std::string& tensor, const std::string& problem, const std::string& expected,
                                const std::string& found) const {
    fail("tensor \"" + tensor + "\": " + problem, expected, found);
  }

  /// A server's error message or a configuration instead of the weights: no header is so long that its length is text.
  void refuse_text(std::string_view bytes) const {
    const std::string_view beginning = bytes.substr(0, kLengthBytes);
    const auto is_text = [](char byte) {
      return byte == '\n' || byte == '\r' || byte == '\t' || (byte >= ' ' && byte <= '~');
    };
    if (beginning.empty() || !std::ranges::all_of(beginning, is_text)) return;
    const char first = beginning[std::min(beginning.find_first_not_of(" \n\r\t"), beginning.size() - 1)];
    const std::string found = first == '{' || first == '[' ? "a JSON document" : "a text";
    throw Error(ErrorCode::kNotAModel, name_ + " is " + found + ", not weights.", "a safetensors file", found);
  }

  std::string_view header_of(std::string_view bytes) const {
    if (bytes.size() < kLengthBytes) {
      fail("the file is too short", "8 bytes of header length", std::to_string(bytes.size()) + " bytes");
    }
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length > kLargestHeader) {
      throw Error(ErrorCode::kTooLarge, name_ + ": the header says it is too long to be read.",
                  "a header of at most " + std::to_string(kLargestHeader) + " bytes",
                  std::to_string(length) + " bytes");
    }
    // Compared with what is left, never added to: a sum could wrap around.
    if (length > bytes.size() - kLengthBytes) {
      fail("the header is cut off", "a header of " + std::to_string(length) + " bytes",
           std::to_string(bytes.size() - kLengthBytes) + " bytes");
    }
    const std::string_view header = bytes.substr(kLengthBytes, static_cast<std::size_t>(length));
    const std::size_t first = header.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) fail("the header is empty", "a JSON object", "nothing");
    if (header[first] != '{') fail("the header must be an object", "{", "another first byte");
    return header;
  }

  std::map<std::string, std::string> metadata_from(const json& value) const {
    if (!value.is_object()) fail("__metadata__", "an object of texts", value.type_name());
    std::map<std::string, std::string> metadata;
    for (const auto& [key, entry] : value.items()) {
      if (!entry.is_string()) fail("__metadata__, \"" + key + "\"", "a text", entry.type_name());
      metadata.emplace(key, entry.get<std::string>());
    }
    return metadata;
  }

  Tensor tensor_from(const std::string& name, const json& value) const {
    if (!value.is_object()) fail_tensor(name, "its entry", "an object", value.type_name());
    for (const auto& [key, entry] : value.items()) {
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        fail_tensor(name, "an unknown field", "dtype, shape and data_offsets", '"' + key + '"');
      }
    }
    const DtypeRow& dtype = dtype_from(name, field(name, value, "dtype"));
    Tensor tensor{.dtype = dtype.dtype, .dtype_name = std::string(dtype.name), .shape = {}, .data = {}, .bytes = 0};
    std::uint64_t bits = 0;
    std::tie(tensor.shape, bits) = shape_from(name, field(name, value, "shape"), dtype.bits);
    if (bits % 8 != 0) fail_tensor(name, "its size", "a whole number of bytes", std::to_string(bits) + " bits");

    const json& offsets = field(name, value, "data_offsets");
    if (!offsets.is_array() || offsets.size() != 2)
      fail_tensor(name, "data_offsets", "two numbers", offsets_text(offsets));
    const std::uint64_t begin = natural(name, "data_offsets", offsets[0]);
    const std::uint64_t end = natural(name, "data_offsets", offsets[1]);
    const std::uint64_t available = file_.size - data_start_;
    if (begin > end)
      fail_tensor(name, "data_offsets", "a begin before its end",
                  std::to_string(begin) + " and " + std::to_string(end));
    if (end > available) {
      fail_tensor(name, "data_offsets", "an end within the file's " + std::to_string(available) + " bytes of data",
                  std::to_string(end));
    }
    if (end - begin != bits / 8) {
      fail_tensor(name, "its size",
                  std::to_string(bits / 8) + " bytes for " + tensor.dtype_name + " " + shape_of(tensor.shape),
                  std::to_string(end - begin) + " bytes");
    }
    tensor.data = {file_.data, file_.data.get() + data_start_ + begin};
    tensor.bytes = static_cast<std::size_t>(end - begin);
    return tensor;
  }

  const json& field(const std::string& name, const json& value, const char* key) const {
    const auto found = value.find(key);
    if (found == value.end()) fail_tensor(name, "a missing field", key, "none");
    return *found;
  }

  const DtypeRow& dtype_from(const std::string& name, const json& value) const {
    if (!value.is_string()) fail_tensor(name, "dtype", "a text", value.type_name());
    const auto wanted = value.get<std::string>();
    const auto* row = std::ranges::find(kDtypes, std::string_view(wanted), &DtypeRow::name);
    if (row == kDtypes.end())
      fail_tensor(name, "dtype", "a type that safetensors knows", '"' + wanted.substr(0, 40) + '"');
    return *row;
  }

  /// The shape, and how many bits it takes.
  std::pair<std::vector<Index>, std::uint64_t> shape_from(const std::string& name, const json& value,
                                                          std::uint64_t element_bits) const {
    if (!value.is_array()) fail_tensor(name, "shape", "a list of numbers", value.type_name());
    if (value.size() > kMostDimensions) {
      fail_tensor(name, "shape", "at most " + std::to_string(kMostDimensions) + " dimensions",
                  std::to_string(value.size()));
    }
    // Half of what an Index can hold is far more than memory can, and leaves no sum or product of ours to overflow.
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / 2;
    std::vector<Index> shape;
    std::uint64_t bits = element_bits;
    bool is_empty = false;
    for (const json& entry : value) {
      const std::uint64_t length = natural(name, "shape", entry);
      if (length > kMost) fail_tensor(name, "shape", "lengths that memory can hold", std::to_string(length));
      is_empty = is_empty || length == 0;
      if (length != 0 && bits > std::numeric_limits<std::uint64_t>::max() / length) {
        fail_tensor(name, "shape", "a size that does not overflow", "one that does");
      }
      bits *= length == 0 ? 1 : length;
      shape.push_back(static_cast<Index>(length));
    }
    if (is_empty) return {std::move(shape), 0};
    if (bits / 8 > kMost)
      fail_tensor(name, "shape", "a size that memory can hold", std::to_string(bits / 8) + " bytes");
    return {std::move(shape), bits};
  }

  std::uint64_t natural(const std::string& name, const char* what, const json& value) const {
    if (!value.is_number_unsigned()) {
      fail_tensor(name, what, "whole numbers that are not negative", found_number(value));
    }
    return value.get<std::uint64_t>();
  }

  static std::string found_number(const json& value) {
    if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
    return value.is_number_float() ? "the fraction " + number_text(value.get<double>()) : value.type_name();
  }

  static std::string offsets_text(const json& value) {
    return value.is_array() ? std::to_string(value.size()) + " of them" : value.type_name();
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
        fail_tensor(*name, offset < end ? "it overlaps another tensor" : "there is a hole before it",
                    "it to begin at byte " + std::to_string(end - data_start_) + " of the data",
                    "byte " + std::to_string(offset - data_start_));
      }
      end += bytes;
    }
    if (end != file_.size) {
      fail("the tensors must fill the file", std::to_string(end) + " bytes in all",
           std::to_string(file_.size) + " bytes");
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
      throw Error(ErrorCode::kBadFile, "Two parts of the checkpoint hold the tensor \"" + name.substr(0, 80) + "\".",
                  "every tensor in one part", "it twice");
    }
  }
  if (whole.tensors.size() > kMostTensors) {
    throw Error(ErrorCode::kTooLarge, "The parts of the checkpoint have too many tensors.",
                "at most " + std::to_string(kMostTensors), std::to_string(whole.tensors.size()));
  }
  return whole;
}

std::string write_safetensors(const std::map<std::string, std::string>& metadata,
                              const std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>& tensors) {
  json header = json::object();
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
