// A cursor that checks every number of the header against what is left of it, and a reader that checks the rest.
#include "formats/gguf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "formats/disguise.h"
#include "formats/utf8.h"

namespace attn {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::string_view kSwappedMagic = "FUGG";
constexpr std::uint64_t kUsualAlignment = 32;
constexpr std::size_t kShown = 80;  // Bytes of a text from the file that a message repeats.

/// The types of values, by the format's numbers.
enum class Value : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kText,
  kList,
  kU64,
  kI64,
  kF64,
};

constexpr std::array<const char*, 13> kValueNames = {"uint8", "int8", "uint16", "int16",  "uint32", "int32",  "float32",
                                                     "bool",  "text", "list",   "uint64", "int64",  "float64"};

/// The least bytes that one value of each type takes.
constexpr std::array<std::size_t, 13> kValueBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

const char* name_of(Value type) { return kValueNames[static_cast<std::size_t>(type)]; }

struct TypeRow {
  std::uint32_t number;
  const char* name;
  Dtype dtype;
  DtypeLayout layout;
};

// Every type of tensor that ggml knows, by its numbers; those missing between were taken back.
constexpr auto kTypes = std::to_array<TypeRow>({
    {0, "F32", Dtype::kF32, {1, 4}},           {1, "F16", Dtype::kF16, {1, 2}},
    {2, "Q4_0", Dtype::kQ4_0, {32, 18}},       {3, "Q4_1", Dtype::kQ4_1, {32, 20}},
    {6, "Q5_0", Dtype::kQ5_0, {32, 22}},       {7, "Q5_1", Dtype::kQ5_1, {32, 24}},
    {8, "Q8_0", Dtype::kQ8_0, {32, 34}},       {9, "Q8_1", Dtype::kOther, {32, 36}},
    {10, "Q2_K", Dtype::kOther, {256, 84}},    {11, "Q3_K", Dtype::kOther, {256, 110}},
    {12, "Q4_K", Dtype::kQ4_K, {256, 144}},    {13, "Q5_K", Dtype::kQ5_K, {256, 176}},
    {14, "Q6_K", Dtype::kQ6_K, {256, 210}},    {15, "Q8_K", Dtype::kOther, {256, 292}},
    {16, "IQ2_XXS", Dtype::kOther, {256, 66}}, {17, "IQ2_XS", Dtype::kOther, {256, 74}},
    {18, "IQ3_XXS", Dtype::kOther, {256, 98}}, {19, "IQ1_S", Dtype::kOther, {256, 50}},
    {20, "IQ4_NL", Dtype::kOther, {32, 18}},   {21, "IQ3_S", Dtype::kOther, {256, 110}},
    {22, "IQ2_S", Dtype::kOther, {256, 82}},   {23, "IQ4_XS", Dtype::kOther, {256, 136}},
    {24, "I8", Dtype::kOther, {1, 1}},         {25, "I16", Dtype::kOther, {1, 2}},
    {26, "I32", Dtype::kOther, {1, 4}},        {27, "I64", Dtype::kOther, {1, 8}},
    {28, "F64", Dtype::kOther, {1, 8}},        {29, "IQ1_M", Dtype::kOther, {256, 56}},
    {30, "BF16", Dtype::kBF16, {1, 2}},        {34, "TQ1_0", Dtype::kOther, {256, 54}},
    {35, "TQ2_0", Dtype::kOther, {256, 66}},   {39, "MXFP4", Dtype::kOther, {32, 17}},
    {40, "NVFP4", Dtype::kOther, {64, 36}},
});

enum class Kind : std::uint8_t { kScalar, kText, kList };

constexpr std::array<const char*, 3> kKindNames = {"a number or a boolean", "a text", "a list"};

Kind kind_of(Value type) {
  if (type == Value::kText) return Kind::kText;
  return type == Value::kList ? Kind::kList : Kind::kScalar;
}

// What the reader itself looks at.
constexpr auto kKinds = std::to_array<std::pair<std::string_view, Kind>>({
    {"general.alignment", Kind::kScalar},
    {"split.count", Kind::kScalar},
    {"tokenizer.ggml.model", Kind::kText},
    {"tokenizer.ggml.pre", Kind::kText},
    {"tokenizer.chat_template", Kind::kText},
    {"tokenizer.huggingface.json", Kind::kText},
    {"tokenizer.ggml.tokens", Kind::kList},
    {"tokenizer.ggml.merges", Kind::kList},
    {"tokenizer.ggml.scores", Kind::kList},
    {"tokenizer.ggml.token_type", Kind::kList},
    {"tokenizer.ggml.bos_token_id", Kind::kScalar},
    {"tokenizer.ggml.eos_token_id", Kind::kScalar},
    {"tokenizer.ggml.unknown_token_id", Kind::kScalar},
    {"tokenizer.ggml.add_bos_token", Kind::kScalar},
    {"tokenizer.ggml.add_eos_token", Kind::kScalar},
    {"tokenizer.ggml.add_space_prefix", Kind::kScalar},
});

std::string quoted(std::string_view text) { return '"' + as_utf8(text.substr(0, kShown)) + '"'; }

[[noreturn]] void refuse(const std::string& file, const Parts& problem, const Parts& expected, const Parts& found) {
  fail_at(ErrorCode::kBadFile, {file}, problem, expected, found);
}

[[noreturn]] void refuse_limit(const std::string& file, const Parts& problem, std::size_t most, const Parts& found) {
  fail_at(ErrorCode::kTooLarge, {file}, problem, {"at most ", most}, found);
}

/// Walks through the header. Every length is compared with what is left, never added to: a sum could wrap around.
class Cursor {
 public:
  Cursor(std::string_view file, const std::string& name)
      : header_(file.substr(0, kLargestGgufHeader)), is_whole_(header_.size() == file.size()), name_(name) {}

  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return header_.size() - position_; }

  template <typename Number>
  Number number(const char* what) {
    const std::string_view bytes = take(sizeof(Number), what);
    Number result;
    bytes.copy(reinterpret_cast<char*>(&result), sizeof result);
    return result;
  }

  /// @param most  bytes
  std::string_view text(std::size_t most, const char* what) {
    const auto length = number<std::uint64_t>(what);
    if (length > most) refuse_limit(name_, {what, " is too long"}, most, {length, " bytes"});
    return take(static_cast<std::size_t>(length), what);
  }

  std::string_view take(std::size_t length, const char* what) {
    if (length > left()) refuse_end({length, " bytes"}, what);
    const std::string_view bytes = header_.substr(position_, length);
    position_ += length;
    return bytes;
  }

  /// So many things must still come, each of so many bytes at least.
  void expect(std::uint64_t count, std::size_t least_bytes, const char* what) const {
    if (count <= left() / least_bytes) return;
    refuse_end({count, " of at least ", least_bytes, " bytes each"}, what);
  }

 private:
  [[noreturn]] void refuse_end(const Parts& wanted, const char* what) const {
    if (!is_whole_) {
      fail(ErrorCode::kTooLarge, {name_, ": the header is too long to be read."},
           {"at most ", kLargestGgufHeader, " bytes before the tensors"}, {"more"});
    }
    refuse(name_, {"the file is cut off in ", what, " at byte ", position_}, wanted, {left(), " bytes"});
  }

  std::string_view header_;
  bool is_whole_;
  const std::string& name_;
  std::size_t position_ = 0;
};

/// Reads one file; holds what its messages need.
class Reader {
 public:
  Reader(FileBytes file, const std::string& name)
      : file_(std::move(file)),
        name_(name),
        cursor_({reinterpret_cast<const char*>(file_.data.get()), file_.size}, name) {}

  GgufFile read() {
    check_kind();
    check_version();
    const auto n_tensors = cursor_.number<std::uint64_t>("the number of tensors");
    const auto n_keys = cursor_.number<std::uint64_t>("the number of settings");
    if (n_tensors > kMostGgufTensors) {
      refuse_limit(name_, {"too many tensors"}, kMostGgufTensors, {n_tensors});
    }
    if (n_keys > kMostGgufKeys) refuse_limit(name_, {"too many settings"}, kMostGgufKeys, {n_keys});
    constexpr std::size_t kLeastPair = 8 + 1 + 4 + 1;
    constexpr std::size_t kLeastTensor = 8 + 1 + 4 + 4 + 8;
    cursor_.expect(n_keys, kLeastPair, "the settings");
    for (std::uint64_t i = 0; i < n_keys; ++i) read_setting();
    check_tokenizer();
    check_split();
    cursor_.expect(n_tensors, kLeastTensor, "the list of tensors");
    for (std::uint64_t i = 0; i < n_tensors; ++i) read_tensor();
    place_tensors();
    result_.checkpoint.bytes = file_.size;
    return std::move(result_);
  }

 private:
  struct Place {
    std::uint64_t bytes = 0;
    const std::string* name = nullptr;
    Tensor* tensor = nullptr;
  };

  void check_kind() {
    constexpr std::size_t kBeginning = 512;
    const std::string_view bytes(reinterpret_cast<const char*>(file_.data.get()), file_.size);
    refuse_disguised(bytes.substr(0, kBeginning), name_);
    if (bytes.empty()) refuse(name_, {"the file is empty"}, {"a GGUF file"}, {"nothing"});
    const std::string_view magic = bytes.substr(0, kMagic.size());
    if (magic == kSwappedMagic) refuse_byte_order();
    if (kMagic.starts_with(magic) && magic != kMagic) {
      refuse(name_, {"the file is cut off in its first word"}, {"GGUF"}, {magic.size(), " bytes"});
    }
    if (magic != kMagic) {
      fail(ErrorCode::kNotAModel, {name_, " is not a GGUF file."}, {"GGUF at its beginning"}, {quoted(magic)});
    }
    cursor_.take(kMagic.size(), "the first word");
  }

  [[noreturn]] void refuse_byte_order() const {
    fail(ErrorCode::kUnsupported, {name_, " is a big-endian GGUF, made for another kind of processor."},
         {"little-endian"}, {"big-endian"});
  }

  void check_version() {
    constexpr std::uint32_t kOldest = 2;
    constexpr std::uint32_t kNewest = 3;
    constexpr std::uint32_t kLowHalf = 0xFFFF;
    const auto version = cursor_.number<std::uint32_t>("the version");
    // No version is so high that its low half would be empty, but a small one with its bytes turned around is.
    if (version != 0 && (version & kLowHalf) == 0) refuse_byte_order();
    if (version < kOldest || version > kNewest) {
      fail(ErrorCode::kUnsupported, {name_, " is GGUF of version ", version, "."}, {"version 2 or 3"},
           {"version ", version});
    }
  }

  void read_setting() {
    const std::string key = read_key();
    const Value type = read_type(key);
    if (result_.settings.contains(key)) refuse_text({"a setting is there twice"}, {"every key once"}, key);
    for (const auto& [known, kind] : kKinds) {
      if (key == known && kind != kind_of(type)) {
        refuse_setting(key, {kKindNames[static_cast<std::size_t>(kind)]}, {name_of(type)});
      }
    }
    if (type == Value::kList) {
      read_list(key);
    } else if (type == Value::kText) {
      read_text(key);
    } else {
      const Setting value = read_scalar(key, type);
      if (key == "general.alignment") set_alignment(type, value);
      set_tokenizer_scalar(key, value);
      add(key, value);
    }
  }

  std::string read_key() {
    const std::string_view key = cursor_.text(kLongestGgufKey, "a key");
    if (key.empty()) refuse(name_, {"a setting's key"}, {"a name"}, {"an empty one"});
    if (!std::ranges::all_of(key, [](char letter) { return letter > ' ' && letter <= '~'; })) {
      refuse_text({"a setting's key"}, {"letters of ASCII"}, key);
    }
    return std::string(key);
  }

  Value read_type(const std::string& key) {
    const auto number = cursor_.number<std::uint32_t>("a type");
    if (number >= kValueNames.size()) {
      refuse(name_, {"the type of ", quoted(key)}, {"0 to ", kValueNames.size() - 1}, {number});
    }
    return static_cast<Value>(number);
  }

  /// A file could have both "a", a list, and "a.0": which of them is meant, nobody knows.
  void add(const std::string& key, Setting value) {
    if (result_.settings.size() >= kMostSettings) {
      refuse_limit(name_, {"too many settings, lists counted by their elements"}, kMostSettings, {"more"});
    }
    if (!result_.settings.emplace(key, std::move(value)).second) {
      refuse_text({"two settings read the same"}, {"every key once"}, key);
    }
  }

  Setting read_scalar(const std::string& key, Value type) {
    const char* what = "a setting";
    switch (type) {
      case Value::kU8:
        return std::int64_t{cursor_.number<std::uint8_t>(what)};
      case Value::kI8:
        return std::int64_t{cursor_.number<std::int8_t>(what)};
      case Value::kU16:
        return std::int64_t{cursor_.number<std::uint16_t>(what)};
      case Value::kI16:
        return std::int64_t{cursor_.number<std::int16_t>(what)};
      case Value::kU32:
        return std::int64_t{cursor_.number<std::uint32_t>(what)};
      case Value::kI32:
        return std::int64_t{cursor_.number<std::int32_t>(what)};
      case Value::kI64:
        return cursor_.number<std::int64_t>(what);
      case Value::kU64: {
        const auto number = cursor_.number<std::uint64_t>(what);
        if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
          return static_cast<double>(number);
        }
        return static_cast<std::int64_t>(number);
      }
      case Value::kF32:
        return double{cursor_.number<float>(what)};
      case Value::kF64:
        return cursor_.number<double>(what);
      default: {
        const auto number = cursor_.number<std::uint8_t>(what);
        if (number > 1) refuse_setting(key, {"0 or 1 as a boolean"}, {number});
        return number == 1;
      }
    }
  }

  void read_text(const std::string& key) {
    const std::string_view text = cursor_.text(kLongestGgufText, "a text");
    if (!is_utf8(text)) refuse_setting(key, {"text in UTF-8"}, {"other bytes"});
    set_tokenizer_text(key, text);
    if (text.size() <= kLongestSettingText) {
      add(key, std::string(text));
    } else {
      add(key, NestedSetting{});
    }
  }

  void read_list(const std::string& key) {
    const Value type = read_type(key);
    const auto count = cursor_.number<std::uint64_t>("the length of a list");
    if (type == Value::kList) {
      fail(ErrorCode::kUnsupported, {name_, ": ", quoted(key), " is a list of lists."}, {"a list of values"},
           {"a list of lists"});
    }
    if (count > kLongestGgufList) {
      refuse_limit(name_, {"the list ", quoted(key), " is too long"}, kLongestGgufList, {count});
    }
    cursor_.expect(count, kValueBytes[static_cast<std::size_t>(type)], "a list");
    add(key, NestedSetting{});
    if (read_tokenizer_list(key, type, count)) return;
    const bool is_kept = count <= kLongestSettingList && key.size() <= kLongestSettingKey && type != Value::kText;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (type == Value::kText) {
        cursor_.text(kLongestGgufText, "a text");
      } else {
        Setting value = read_scalar(key, type);
        if (is_kept) add(key + "." + std::to_string(i), std::move(value));
      }
    }
  }

  void set_alignment(Value type, const Setting& value) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (type != Value::kU32 || number == nullptr || !std::has_single_bit(static_cast<std::uint64_t>(*number))) {
      refuse(name_, {"general.alignment"}, {"a power of two, as uint32"},
             {type == Value::kU32 && number != nullptr ? Part(*number) : Part(name_of(type))});
    }
    alignment_ = static_cast<std::uint64_t>(*number);
  }

  void set_tokenizer_scalar(const std::string& key, const Setting& value) {
    GgufTokenizer& tokenizer = result_.tokenizer;
    const std::pair<const char*, std::optional<std::int64_t>*> ids[] = {
        {"tokenizer.ggml.bos_token_id", &tokenizer.bos},
        {"tokenizer.ggml.eos_token_id", &tokenizer.eos},
        {"tokenizer.ggml.unknown_token_id", &tokenizer.unknown},
    };
    for (const auto& [name, id] : ids) {
      if (key != name) continue;
      const auto* number = std::get_if<std::int64_t>(&value);
      if (number == nullptr || *number < 0) refuse_setting(key, {"a token's id"}, {"another value"});
      *id = *number;
    }
    const std::pair<const char*, std::optional<bool>*> flags[] = {
        {"tokenizer.ggml.add_bos_token", &tokenizer.add_bos},
        {"tokenizer.ggml.add_eos_token", &tokenizer.add_eos},
        {"tokenizer.ggml.add_space_prefix", &tokenizer.add_space_prefix},
    };
    for (const auto& [name, flag] : flags) {
      if (key != name) continue;
      const auto* truth = std::get_if<bool>(&value);
      if (truth == nullptr) refuse_setting(key, {"a boolean"}, {"another value"});
      *flag = *truth;
    }
  }

  void set_tokenizer_text(const std::string& key, std::string_view text) {
    GgufTokenizer& tokenizer = result_.tokenizer;
    if (key == "tokenizer.ggml.model") tokenizer.model = text;
    if (key == "tokenizer.ggml.pre") tokenizer.pre = text;
    if (key == "tokenizer.chat_template") tokenizer.chat_template = text;
    if (key == "tokenizer.huggingface.json") tokenizer.huggingface = text;
  }

  /// Whether it was one of the tokenizer's lists; if so, it has been read.
  bool read_tokenizer_list(const std::string& key, Value type, std::uint64_t count) {
    GgufTokenizer& tokenizer = result_.tokenizer;
    const auto size = static_cast<std::size_t>(count);
    const auto must_be = [&](bool fits, const char* expected) {
      if (!fits) refuse_setting(key, {expected}, {"a list of ", name_of(type)});
    };
    if (key == "tokenizer.ggml.tokens") {
      must_be(type == Value::kText, "a list of texts");
      tokenizer.tokens.reserve(size);
      for (std::size_t i = 0; i < size; ++i) {
        tokenizer.tokens.push_back(as_utf8(cursor_.text(kLongestGgufText, "a token")));
      }
    } else if (key == "tokenizer.ggml.merges") {
      must_be(type == Value::kText, "a list of texts");
      tokenizer.merges.reserve(size);
      for (std::size_t i = 0; i < size; ++i) {
        const std::string_view merge = cursor_.text(kLongestGgufText, "a merge");
        if (!is_utf8(merge)) refuse_setting(key, {"text in UTF-8"}, {"other bytes in merge ", i});
        tokenizer.merges.emplace_back(merge);
      }
    } else if (key == "tokenizer.ggml.scores") {
      must_be(type == Value::kF32, "a list of float32");
      tokenizer.scores.reserve(size);
      for (std::size_t i = 0; i < size; ++i) tokenizer.scores.push_back(cursor_.number<float>("a token's score"));
    } else if (key == "tokenizer.ggml.token_type") {
      must_be(type == Value::kI32 || type == Value::kU32, "a list of int32");
      tokenizer.types.reserve(size);
      for (std::size_t i = 0; i < size; ++i) tokenizer.types.push_back(cursor_.number<std::int32_t>("a token's type"));
    } else {
      return false;
    }
    return true;
  }

  void check_tokenizer() {
    GgufTokenizer& tokenizer = result_.tokenizer;
    tokenizer.present = !tokenizer.model.empty() || !tokenizer.tokens.empty();
    const std::size_t n_tokens = tokenizer.tokens.size();
    const auto check_count = [&](const char* key, std::size_t count) {
      if (count != 0 && count != n_tokens) {
        refuse_setting(key, {n_tokens, " elements, one a token"}, {count});
      }
    };
    check_count("tokenizer.ggml.scores", tokenizer.scores.size());
    check_count("tokenizer.ggml.token_type", tokenizer.types.size());
    for (const auto& id : {tokenizer.bos, tokenizer.eos, tokenizer.unknown}) {
      if (id && n_tokens != 0 && static_cast<std::uint64_t>(*id) >= n_tokens) {
        refuse(name_, {"the id of a special token"}, {"one of ", n_tokens, " tokens"}, {*id});
      }
    }
  }

  void check_split() const {
    const auto found = result_.settings.find("split.count");
    if (found == result_.settings.end()) return;
    const auto* count = std::get_if<std::int64_t>(&found->second);
    if (count == nullptr || *count <= 1) return;
    fail(ErrorCode::kUnsupported, {name_, " is one part of a GGUF that was split."}, {"a GGUF in one file"},
         {"one of ", *count, " parts"});
  }

  void read_tensor() {
    const std::string_view written = cursor_.text(kLongestGgufName, "a tensor's name");
    if (written.empty()) refuse(name_, {"a tensor's name"}, {"a name"}, {"an empty one"});
    if (!is_utf8(written)) refuse_text({"a tensor's name"}, {"text in UTF-8"}, written);
    const auto [entry, is_new] = result_.checkpoint.tensors.try_emplace(std::string(written));
    const auto& [tensor_name, unused] = *entry;
    if (!is_new) refuse_tensor(tensor_name, {"a tensor is there twice"}, {"every name once"}, {quoted(tensor_name)});
    Tensor& tensor = entry->second;
    std::uint64_t count = 0;
    std::tie(tensor.shape, count) = read_shape(tensor_name);
    const TypeRow& type = read_tensor_type(tensor_name);
    tensor.dtype = type.dtype;
    tensor.dtype_name = type.name;
    const auto block = static_cast<std::uint64_t>(type.layout.block);
    const auto row = tensor.shape.empty() ? 1 : static_cast<std::uint64_t>(tensor.shape.back());
    if (row % block != 0) {
      refuse_tensor(tensor_name, {"its rows"}, {"a multiple of ", block, " numbers for ", type.name}, {row});
    }
    if (count / block > kMostBytes / type.layout.bytes) {
      refuse_tensor(tensor_name, {"its size"}, {"a size that memory can hold"}, {tensor.shape});
    }
    const auto offset = cursor_.number<std::uint64_t>("a tensor's offset");
    places_.emplace(offset, Place{.bytes = count / block * type.layout.bytes, .name = &tensor_name, .tensor = &tensor});
  }

  /// The shape, outermost first, and how many numbers that are. The file has it innermost first.
  std::pair<std::vector<Index>, std::uint64_t> read_shape(const std::string& tensor_name) {
    const auto n_dimensions = cursor_.number<std::uint32_t>("a tensor's dimensions");
    if (n_dimensions > kMostGgufDimensions) {
      refuse_tensor(tensor_name, {"its shape"}, {"at most ", kMostGgufDimensions, " dimensions"}, {n_dimensions});
    }
    std::vector<Index> shape;
    std::uint64_t count = 1;
    for (std::uint32_t i = 0; i < n_dimensions; ++i) {
      const auto length = cursor_.number<std::uint64_t>("a tensor's dimensions");
      if (length == 0 || length > kMostBytes) {
        refuse_tensor(tensor_name, {"its shape"}, {"lengths from 1 to what memory can hold"}, {length});
      }
      if (count > kMostBytes / length) {
        refuse_tensor(tensor_name, {"its shape"}, {"a size that does not overflow"}, {"one that does"});
      }
      count *= length;
      shape.push_back(static_cast<Index>(length));
    }
    std::ranges::reverse(shape);
    return {std::move(shape), count};
  }

  const TypeRow& read_tensor_type(const std::string& tensor_name) {
    const auto number = cursor_.number<std::uint32_t>("a tensor's type");
    const auto* row = std::ranges::find(kTypes, number, &TypeRow::number);
    if (row == kTypes.end()) {
      fail(ErrorCode::kUnsupported, {name_, ": tensor ", quoted(tensor_name), " is of a type that is unknown."},
           {"a type that ggml has"}, {"type ", number});
    }
    return *row;
  }

  /// The tensors must fill the data exactly: in order of their offsets, each begins at the first aligned byte after the
  /// one before it.
  void place_tensors() {
    const std::uint64_t start = aligned(cursor_.position());
    if (places_.empty()) {
      if (file_.size > start) refuse_size(cursor_.position(), start);
      return;
    }
    if (start > file_.size) refuse_size(start, start);
    const std::uint64_t available = file_.size - start;
    std::uint64_t end = 0;
    for (const auto& [offset, place] : places_) {
      const auto& [bytes, tensor_name, tensor] = place;
      const std::uint64_t expected = aligned(end);
      if (offset != expected) {
        refuse_tensor(*tensor_name, {offset < expected ? "it overlaps another tensor" : "there is a hole before it"},
                      {"it to begin at byte ", expected, " of the data"}, {"byte ", offset});
      }
      if (offset > available || bytes > available - offset) {
        refuse_tensor(*tensor_name, {"the file is cut off in its data"}, {bytes, " bytes"},
                      {available - std::min(offset, available)});
      }
      tensor->data = {file_.data, file_.data.get() + start + offset};
      tensor->bytes = static_cast<std::size_t>(bytes);
      end = offset + bytes;
    }
    if (available > aligned(end)) refuse_size(start + end, start + aligned(end));
  }

  [[nodiscard]] std::uint64_t aligned(std::uint64_t position) const {
    return (position + alignment_ - 1) / alignment_ * alignment_;
  }

  [[noreturn]] void refuse_size(std::uint64_t least, std::uint64_t most) const {
    const Parts padded = {" to ", most};
    refuse(name_, {"the tensors must fill the file"}, {least, least == most ? Part("") : Part(padded), " bytes in all"},
           {file_.size});
  }

  [[noreturn]] void refuse_tensor(const std::string& tensor, const Parts& problem, const Parts& expected,
                                  const Parts& found) const {
    refuse(name_, {"tensor ", quoted(tensor), ": ", problem}, expected, found);
  }

  [[noreturn]] void refuse_setting(const std::string& key, const Parts& expected, const Parts& found) const {
    refuse(name_, {quoted(key)}, expected, found);
  }

  /// What was found is a text of the file.
  [[noreturn]] void refuse_text(const Parts& problem, const Parts& expected, std::string_view found) const {
    refuse(name_, problem, expected, {quoted(found)});
  }

  // Half of what an Index can hold is more than memory can, and leaves no sum of ours to overflow.
  static constexpr auto kMostBytes = static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / 2;

  FileBytes file_;
  const std::string& name_;
  Cursor cursor_;
  std::uint64_t alignment_ = kUsualAlignment;
  std::multimap<std::uint64_t, Place> places_;  ///< In order of the tensors' offsets.
  GgufFile result_;
};

}  // namespace

bool is_gguf(std::string_view beginning) {
  return beginning.starts_with(kMagic) || beginning.starts_with(kSwappedMagic);
}

GgufFile read_gguf(FileBytes file, const std::string& name) { return Reader(std::move(file), name).read(); }

}  // namespace attn
