#pragma once

// What the floors use of fmt, in a twentieth of the code, for a module that browsers load: texts, whole numbers, and
// doubles as {} and {:.3g} print them. The same texts as fmt's (tests/web/format_test.cpp); another specification does
// not print, it throws.
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace fmt {

namespace compact {

struct Argument {
  enum class Kind { text, whole, natural, number, single };
  Kind kind = Kind::text;
  std::string_view text = {};
  std::int64_t whole = 0;
  std::uint64_t natural = 0;
  double number = 0;
};

template <typename T>
Argument argument(const T& value) {
  Argument made;
  if constexpr (std::is_same_v<T, float>) {
    made.kind = Argument::Kind::single, made.number = static_cast<double>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    made.kind = Argument::Kind::number, made.number = value;
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    made.kind = Argument::Kind::whole, made.whole = value;
  } else if constexpr (std::is_integral_v<T>) {
    made.kind = Argument::Kind::natural, made.natural = value;
  } else {
    made.text = std::string_view(value);
  }
  return made;
}

std::string print(std::string_view format, const Argument* arguments, std::size_t count);

}  // namespace compact

template <typename... T>
std::string format(std::string_view text, const T&... values) {
  const compact::Argument arguments[] = {compact::argument(values)..., {}};
  return compact::print(text, arguments, sizeof...(values));
}

template <typename Range>
std::string join(const Range& range, std::string_view separator) {
  std::string joined;
  bool first = true;
  for (const auto& value : range) {
    if (!first) joined += separator;
    first = false;
    joined += format("{}", value);
  }
  return joined;
}

}  // namespace fmt
