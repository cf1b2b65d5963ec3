#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/formats.h"
#include "weights/numbers.h"

namespace obscura::weights {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kEnding = ".npy";
constexpr std::size_t kMostHeader = std::size_t{1} << 16;

struct ArrayHeader {
  std::optional<std::string> type;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;
};

/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }: Python's way to write a dictionary, in this one form.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& what) : left_(text), what_(what) {}

  ArrayHeader parse() {
    expect('{');
    while (!accept('}')) {
      entry(quoted());
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!header_.type || !header_.fortran_order || !header_.shape) fail();
    return std::move(header_);
  }

 private:
  void entry(const std::string& key) {
    expect(':');
    if (key == "descr" && !header_.type) {
      if (next() != '\'') throw FormatError(fmt::format("{} is an array of records; expected numbers", what_));
      header_.type = quoted();
    } else if (key == "fortran_order" && !header_.fortran_order) {
      header_.fortran_order = accept_word("True");
      if (!*header_.fortran_order && !accept_word("False")) fail();
    } else if (key == "shape" && !header_.shape) {
      header_.shape = shape();
    } else {
      fail();
    }
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> sides;
    expect('(');
    while (!accept(')')) {
      if (sides.size() > kMostDimensions) fail();
      sides.push_back(integer());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sides;
  }
  std::int64_t integer() {
    next();
    std::int64_t v = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), v);
    if (error != std::errc{}) fail();
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return v;
  }
  std::string quoted() {
    expect('\'');
    const std::size_t end = left_.find('\'');
    if (end == std::string_view::npos) fail();
    std::string text(left_.substr(0, end));
    left_.remove_prefix(end + 1);
    return text;
  }
  /// The next character that is no space; 0 at the end.
  char next() {
    left_.remove_prefix(std::min(left_.find_first_not_of(' '), left_.size()));
    return left_.empty() ? '\0' : left_.front();
  }
  bool accept(char c) {
    if (next() != c || c == '\0') return false;
    left_.remove_prefix(1);
    return true;
  }
  bool accept_word(std::string_view word) {
    next();
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail();
  }
  [[noreturn]] void fail() const { throw FormatError(fmt::format("{} has a header that is not one of NumPy", what_)); }

  std::string_view left_;
  const std::string& what_;
  ArrayHeader header_;
};

Number number_of(const std::string& type, const std::string& what) {
  static const std::map<std::string, Number> known{
      {"<f2", Number::f16}, {"<f4", Number::f32}, {"<f8", Number::f64}, {"|i1", Number::i8},
      {"<i2", Number::i16}, {"<i4", Number::i32}, {"<i8", Number::i64}, {"|u1", Number::u8},
      {"<u2", Number::u16}, {"<u4", Number::u32}, {"<u8", Number::u64}, {"|b1", Number::boolean}};
  const auto found = known.find(type);
  if (found != known.end()) return found->second;
  const bool big = type.starts_with('>');
  throw FormatError(fmt::format("{} has type \"{}\"; expected {}", what, type.substr(0, 40),
                                big ? "little-endian numbers" : "real numbers"));
}

std::vector<std::int64_t> column_major(std::span<const std::int64_t> shape) {
  const std::vector<std::int64_t> turned(shape.rbegin(), shape.rend());
  std::vector<std::int64_t> strides = row_major(turned);
  std::ranges::reverse(strides);
  return strides;
}

WeightTensor decode_array(std::span<const std::uint8_t> bytes, Budget& budget, const std::string& what) {
  ByteReader in(bytes, what);
  if (!std::ranges::equal(in.raw(kMagic.size()), kMagic,
                          [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); })) {
    in.fail("is no NumPy array");
  }
  const std::uint8_t version = in.u8();
  in.u8();
  if (version < 1 || version > 3) in.fail(fmt::format("has version {}; expected 1 to 3", version));
  const std::size_t size = version == 1 ? in.u16() : in.u32();
  if (size > kMostHeader) in.fail("has a header that is too long");
  const auto text = in.raw(size);
  const ArrayHeader header = HeaderParser({reinterpret_cast<const char*>(text.data()), text.size()}, what).parse();
  const std::uint64_t count = count_of(*header.shape, what);
  View view{number_of(*header.type, what), 0, *header.shape, {}};
  view.strides = *header.fortran_order ? column_major(*header.shape) : row_major(*header.shape);
  const auto data = in.raw(in.left());
  if (data.size() % bytes_of(view.number) != 0 || data.size() / bytes_of(view.number) != count) {
    in.fail(fmt::format("has {} bytes for {} values", data.size(), count));
  }
  return gather(data, view, budget, what);
}

}  // namespace

bool looks_like_npz(const ZipArchive& archive) {
  return std::ranges::any_of(archive.names(), [](const std::string& name) { return name.ends_with(kEnding); });
}

WeightFile decode_npz(ZipArchive& archive, const std::string& what) {
  Budget budget(archive.size(), what);
  WeightFile file;
  for (const std::string& entry : archive.names()) {
    if (!entry.ends_with(kEnding)) continue;
    const std::string name = entry.substr(0, entry.size() - kEnding.size());
    file.tensors.emplace(name,
                         decode_array(archive.contents(entry), budget, fmt::format("{}: array \"{}\"", what, name)));
  }
  return file;
}

}  // namespace obscura::weights
