#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "compat/fmt/format.h"

namespace fmt::compact {
namespace {

/// "d.ddde-07": digits and an exponent.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal decimal_of(double value, int precision) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*e", precision - 1, value);
  Decimal made;
  const char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') made.digits += *at;
  }
  made.exponent = std::atoi(at + 1);
  return made;
}

/// Exact where the digits, as a whole number, and the power of ten are doubles.
double value_of(const Decimal& decimal) {
  double whole = 0;
  for (const char digit : decimal.digits) whole = 10 * whole + (digit - '0');
  const int power = decimal.exponent - static_cast<int>(decimal.digits.size()) + 1;
  const double ten = std::pow(10.0, std::abs(power));
  return power < 0 ? whole / ten : whole * ten;
}

/// The fewest digits that read as the same number.
Decimal shortest(double value, bool is_single) {
  const int most = is_single ? 9 : 17;
  for (int precision = 1; precision < most; ++precision) {
    const Decimal tried = decimal_of(value, precision);
    const double again = value_of(tried);
    if (is_single ? static_cast<float>(again) == static_cast<float>(value) : again == value) return tried;
  }
  return decimal_of(value, most);
}

/// As fmt writes them: by an exponent below 10^-4 and from 10^16 on.
std::string number_text(double value, bool is_single) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = std::signbit(value) ? "-" : "";
  if (value == 0) return text + "0";
  const auto [digits, exponent] = shortest(std::abs(value), is_single);
  const auto size = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    char power[16];
    std::snprintf(power, sizeof power, "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
    return text + digits[0] + (size > 1 ? "." + digits.substr(1) : "") + power;
  }
  if (exponent < 0) return text + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (size <= exponent + 1) return text + digits + std::string(static_cast<std::size_t>(exponent + 1 - size), '0');
  const auto point = static_cast<std::size_t>(exponent + 1);
  return text + digits.substr(0, point) + "." + digits.substr(point);
}

/// {:g}, {:.2g}: as printf has it.
std::string general_text(std::string_view how, double value) {
  const bool known =
      how == "g" || (how.size() == 3 && how[0] == '.' && how[1] >= '1' && how[1] <= '9' && how[2] == 'g');
  if (!known) throw std::logic_error("a format that is not there");
  char text[400];
  std::snprintf(text, sizeof text, "%.*g", how == "g" ? 6 : how[1] - '0', value);
  return text;
}

std::string text_of(const Argument& argument, std::string_view how) {
  const bool is_number = argument.kind == Argument::Kind::number || argument.kind == Argument::Kind::single;
  if (is_number && !how.empty()) return general_text(how, argument.number);
  if (!how.empty()) throw std::logic_error("a format that is not there");
  switch (argument.kind) {
    case Argument::Kind::text:
      return std::string(argument.text);
    case Argument::Kind::whole:
      return std::to_string(argument.whole);
    case Argument::Kind::natural:
      return std::to_string(argument.natural);
    default:
      return number_text(argument.number, argument.kind == Argument::Kind::single);
  }
}

}  // namespace

std::string print(std::string_view format, const Argument* arguments, std::size_t count) {
  std::string out;
  std::size_t next = 0;
  while (!format.empty()) {
    const char c = format.front();
    if ((c == '{' || c == '}') && format.size() > 1 && format[1] == c) {
      out += c;
      format.remove_prefix(2);
    } else if (c == '{') {
      const std::size_t end = format.find('}');
      if (end == std::string_view::npos || next == count) throw std::logic_error("a format without its value");
      const std::string_view how = end > 1 ? format.substr(2, end - 2) : std::string_view();
      out += text_of(arguments[next++], how);
      format.remove_prefix(end + 1);
    } else {
      out += c;
      format.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace fmt::compact
