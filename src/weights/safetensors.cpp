#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "weights/formats.h"
#include "weights/numbers.h"

namespace obscura::weights {
namespace {

constexpr std::uint64_t kMostHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";

struct Entry {
  std::string dtype;
  std::optional<std::vector<std::int64_t>> shape;
  std::optional<std::vector<std::int64_t>> offsets;
};

/// Takes the header's JSON as it is read, and nothing but what a header may hold: a tree of other JSON could take a
/// hundred times the memory of its text. Names of functions and parameters are nlohmann's.
class Header : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool start_object(std::size_t) override { return ++depth_ <= 2 && !list_ ? true : fail("nested too deep"); }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) return begin(name);
    field_ = name;
    if (!fields_.insert(name).second) return fail(fmt::format("\"{}\" twice in \"{}\"", name, name_));
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || metadata_ || list_ || (field_ != "shape" && field_ != "data_offsets")) return unexpected();
    list_ = std::vector<std::int64_t>{};
    return true;
  }
  bool end_array() override {
    (field_ == "shape" ? entry().shape : entry().offsets) = std::move(list_);
    list_.reset();
    return true;
  }
  bool number_unsigned(std::uint64_t v) override {
    if (!list_ || list_->size() >= kMostDimensions || v > std::uint64_t{1} << 60) return unexpected();
    list_->push_back(static_cast<std::int64_t>(v));
    return true;
  }
  bool string(std::string& v) override {
    if (depth_ == 2 && metadata_ && !list_) {
      metadata[field_] = v;
    } else if (depth_ == 2 && !list_ && field_ == "dtype") {
      entry().dtype = v;
    } else {
      return unexpected();
    }
    return true;
  }
  bool null() override { return unexpected(); }
  bool boolean(bool) override { return unexpected(); }
  bool number_integer(std::int64_t) override { return unexpected(); }
  bool number_float(double, const std::string&) override { return unexpected(); }
  bool binary(nlohmann::json::binary_t&) override { return unexpected(); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception&) override {
    return fail(fmt::format("no JSON at byte {}", at));
  }

 private:
  bool begin(const std::string& name) {
    name_ = name;
    metadata_ = name == kMetadata;
    fields_.clear();
    if (metadata_ ? seen_metadata_ : entries.contains(name)) return fail(fmt::format("\"{}\" twice", name));
    if (metadata_) seen_metadata_ = true;
    if (!metadata_) entries.emplace(name, Entry{});
    return true;
  }
  Entry& entry() { return entries.at(name_); }
  bool unexpected() { return fail(fmt::format("something unexpected in \"{}\"", name_)); }
  bool fail(const std::string& text) {
    if (problem.empty()) problem = text;
    return false;
  }

  std::size_t depth_ = 0;
  std::string name_;
  std::string field_;
  std::set<std::string> fields_;
  bool metadata_ = false;
  bool seen_metadata_ = false;
  std::optional<std::vector<std::int64_t>> list_;
};

Number number_of(const std::string& dtype, const std::string& what) {
  static const std::map<std::string, Number> known{
      {"F16", Number::f16},     {"BF16", Number::bf16}, {"F32", Number::f32}, {"F64", Number::f64},
      {"I8", Number::i8},       {"I16", Number::i16},   {"I32", Number::i32}, {"I64", Number::i64},
      {"U8", Number::u8},       {"U16", Number::u16},   {"U32", Number::u32}, {"U64", Number::u64},
      {"BOOL", Number::boolean}};
  const auto found = known.find(dtype);
  if (found == known.end()) throw FormatError(fmt::format("{} has numbers of an unknown type \"{}\"", what, dtype));
  return found->second;
}

std::string tensor_name(const std::string& what, const std::string& name) {
  return fmt::format("{}: tensor \"{}\"", what, name);
}

/// Places of tensors must fill the data without holes or overlaps.
void check_places(const std::map<std::string, Entry>& entries, std::size_t data, const std::string& what) {
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  for (const auto& [name, entry] : entries) {
    if (!entry.shape || !entry.offsets || entry.offsets->size() != 2 || entry.dtype.empty()) {
      throw FormatError(fmt::format("{} lacks dtype, shape or its two data_offsets", tensor_name(what, name)));
    }
    const std::int64_t begin = entry.offsets->at(0);
    const std::int64_t end = entry.offsets->at(1);
    if (begin > end || static_cast<std::uint64_t>(end) > data) {
      throw FormatError(fmt::format("{} is at bytes {} to {} of {}", tensor_name(what, name), begin, end, data));
    }
    places.emplace_back(begin, end);
  }
  std::ranges::sort(places);
  std::int64_t at = 0;
  for (const auto& [begin, end] : places) {
    if (begin != at) throw FormatError(fmt::format("{}: tensors overlap or leave a hole at byte {}", what, begin));
    at = end;
  }
  if (static_cast<std::uint64_t>(at) != data) {
    throw FormatError(
        fmt::format("{} has {} bytes that belong to no tensor", what, data - static_cast<std::size_t>(at)));
  }
}

std::string json_text(const nlohmann::json& text) {
  try {
    return text.dump();
  } catch (const nlohmann::json::exception&) {
    throw MismatchError("a name of a tensor, or what is said of the weights, is not UTF-8");
  }
}

std::string header_of(const WeightFile& weights) {
  std::vector<std::string> parts;
  if (!weights.metadata.empty()) parts.push_back(fmt::format("\"{}\":{}", kMetadata, json_text(weights.metadata)));
  std::size_t at = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    if (name == kMetadata || count_of(tensor.shape, tensor_name("weights", name)) != tensor.values.size()) {
      throw MismatchError(fmt::format("{} of shape [{}] with {} values cannot be written", tensor_name("weights", name),
                                      fmt::join(tensor.shape, ", "), tensor.values.size()));
    }
    const std::size_t end = at + tensor.values.size() * sizeof(float);
    parts.push_back(fmt::format(R"({}:{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})", json_text(name),
                                fmt::join(tensor.shape, ","), at, end));
    at = end;
  }
  std::string header = fmt::format("{{{}}}", fmt::join(parts, ","));
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return header;
}

}  // namespace

bool looks_like_safetensors(std::span<const std::uint8_t> bytes) {
  return bytes.size() > 8 && bytes[8] == '{';
}

WeightFile decode_safetensors(std::span<const std::uint8_t> bytes, const std::string& what) {
  ByteReader in(bytes, what);
  const std::uint64_t size = in.u64();
  if (size > kMostHeader)
    throw FormatError(fmt::format("{} has a header of {} bytes; expected at most {}", what, size, kMostHeader));
  const auto text = in.raw(static_cast<std::size_t>(size));
  const auto data = in.raw(in.left());
  Header header;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &header) || !header.problem.empty()) {
    throw FormatError(fmt::format("{} has a header that is not one of safetensors: {}", what, header.problem));
  }
  check_places(header.entries, data.size(), what);
  Budget budget(bytes.size(), what);
  WeightFile file{{}, std::move(header.metadata)};
  for (const auto& [name, entry] : header.entries) {
    const std::string tensor = tensor_name(what, name);
    const std::uint64_t count = count_of(*entry.shape, tensor);
    const View view{number_of(entry.dtype, tensor), 0, *entry.shape, row_major(*entry.shape)};
    const auto begin = static_cast<std::size_t>(entry.offsets->at(0));
    const auto part = data.subspan(begin, static_cast<std::size_t>(entry.offsets->at(1)) - begin);
    if (count * bytes_of(view.number) != part.size()) {
      throw FormatError(fmt::format("{} of shape [{}] and type {} has {} bytes", tensor, fmt::join(view.shape, ", "),
                                    entry.dtype, part.size()));
    }
    file.tensors.emplace(name, gather(part, view, budget, tensor));
  }
  return file;
}

void write_safetensors(const WeightFile& weights, const std::filesystem::path& path) {
  ByteWriter out;
  const std::string header = header_of(weights);
  out.u64(header.size());
  out.raw({reinterpret_cast<const std::uint8_t*>(header.data()), header.size()});
  for (const auto& [name, tensor] : weights.tensors) {
    out.raw({reinterpret_cast<const std::uint8_t*>(tensor.values.data()), tensor.values.size() * sizeof(float)});
  }
  write_file(path, out.bytes());
}

}  // namespace obscura::weights
