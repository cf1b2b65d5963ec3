#include "nn/class_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/error.h"

namespace obscura::nn {
namespace {

constexpr const char* kSpace = " \t\r\n";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<std::size_t> index_of(const std::string& word) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

/// A word, and whether quotes were around it.
struct Word {
  std::string text;
  bool is_quoted = false;
};

/// Reads lists of words, as JSON and Python write them, from left to right.
class ListReader {
 public:
  explicit ListReader(const std::string& text) : text_(text) {}

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("has no '") + c + "' where one is expected");
  }

  /// In quotes, or up to one of these.
  Word word(const std::string& ends) {
    skip_space();
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return {quoted(), true};
    const std::size_t first = at_;
    at_ = std::min(text_.find_first_of(ends, at_), text_.size());
    return {trimmed(text_.substr(first, at_ - first)), false};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw FormatError("the list of classes " + what + " (at letter " + std::to_string(at_ + 1) + ")");
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        escape(out);
      } else {
        out.push_back(text_[at_++]);
      }
    }
    if (at_ == text_.size()) fail("has a quotation mark that is not closed");
    ++at_;
    return out;
  }

  void escape(std::string& out) {
    if (++at_ == text_.size()) fail("ends in a backslash");
    const char c = text_[at_++];
    switch (c) {
      case 'n':
      case 't':
      case 'r':
        out.push_back(' ');  // a name is one line
        return;
      case 'x':
        return append_utf8(out, hexadecimal(2));
      case 'u':
        return append_utf8(out, utf16());
      default:
        out.push_back(c);
    }
  }

  std::uint32_t hexadecimal(std::size_t digits) {
    std::uint32_t value = 0;
    const char* first = text_.data() + std::min(at_, text_.size());
    const char* last = first + std::min(digits, text_.size() - at_);
    const auto [end, error] = std::from_chars(first, last, value, 16);
    if (error != std::errc() || end != first + digits) fail("has an escape that is none");
    at_ += digits;
    return value;
  }

  /// Behind \u; characters over 0xffff are pairs.
  std::uint32_t utf16() {
    const std::uint32_t high = hexadecimal(4);
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high > 0xdbff || text_.compare(at_, 2, "\\u") != 0) fail("has half a character");
    at_ += 2;
    const std::uint32_t low = hexadecimal(4);
    if (low < 0xdc00 || low > 0xdfff) fail("has half a character");
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

std::vector<std::string> read_list(const std::string& text, char close) {
  ListReader reader(text);
  reader.expect(text[0]);
  std::vector<std::string> names;
  while (!reader.take(close)) {
    names.push_back(reader.word(std::string(",") + close).text);
    if (!reader.take(',')) {
      reader.expect(close);
      break;
    }
  }
  if (!reader.at_end()) reader.fail("goes on behind its end");
  return names;
}

using Pairs = std::vector<std::pair<Word, Word>>;

Pairs read_pairs(const std::string& text) {
  ListReader reader(text);
  reader.expect('{');
  Pairs pairs;
  while (!reader.take('}')) {
    Word key = reader.word(":,}");
    reader.expect(':');
    pairs.emplace_back(std::move(key), reader.word(",}"));
    if (!reader.take(',')) {
      reader.expect('}');
      break;
    }
  }
  if (!reader.at_end()) reader.fail("goes on behind its end");
  return pairs;
}

/// Indices and names, whichever way round: names in the order of indices from 0 on.
std::vector<std::string> by_index(const Pairs& pairs) {
  const auto all_indices = [&](auto part) {
    return std::all_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return index_of(part(pair).text); });
  };
  const auto first = [](const auto& pair) -> const Word& { return pair.first; };
  const auto second = [](const auto& pair) -> const Word& { return pair.second; };
  // {"0": 7}: whatever is a number and not in quotes is the index.
  const bool backward =
      all_indices(second) &&
      (!all_indices(first) || (!pairs.empty() && pairs[0].first.is_quoted && !pairs[0].second.is_quoted));
  if (!backward && !all_indices(first)) throw FormatError("the list of classes has keys that are no indices");
  std::vector<std::optional<std::string>> slots(pairs.size());
  for (const auto& pair : pairs) {
    const std::size_t index = *index_of(backward ? pair.second.text : pair.first.text);
    if (index >= slots.size() || slots[index]) {
      throw FormatError(fmt::format("the list of classes has the index {}{}, expected each of 0 to {} once", index,
                                    index < slots.size() ? " twice" : "", slots.size() - 1));
    }
    slots[index] = backward ? pair.first.text : pair.second.text;
  }
  std::vector<std::string> names;
  for (auto& slot : slots) names.push_back(std::move(*slot));
  return names;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = 0; end != std::string::npos; start = end + 1) {
    end = text.find('\n', start);
    lines.push_back(trimmed(text.substr(start, end == std::string::npos ? end : end - start)));
  }
  return lines;
}

/// Lines "0: cat", "1: dog", ... in that order.
bool strip_numbers(std::vector<std::string>& lines) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    if (colon == std::string::npos || index_of(trimmed(lines[i].substr(0, colon))) != i) return false;
    names.push_back(trimmed(lines[i].substr(colon + 1)));
  }
  lines = std::move(names);
  return true;
}

/// Quotes around every line are not part of the names.
void strip_quotes(std::vector<std::string>& lines) {
  std::vector<std::string> names;
  for (const auto& line : lines) {
    if (line.size() < 2 || (line[0] != '"' && line[0] != '\'') || line.back() != line[0]) return;
    ListReader reader(line);
    names.push_back(reader.word("").text);
    if (!reader.at_end()) return;
  }
  lines = std::move(names);
}

std::vector<std::string> split_at_commas(const std::string& line) {
  const bool has_quotes = line[0] == '"' || line[0] == '\'';
  if (has_quotes) return read_list("[" + line + "]", ']');
  std::vector<std::string> names;
  std::size_t start = 0;
  for (std::size_t end = 0; end != std::string::npos; start = end + 1) {
    end = line.find(',', start);
    names.push_back(trimmed(line.substr(start, end == std::string::npos ? end : end - start)));
  }
  return names;
}

std::vector<std::string> parse_lines(const std::string& text, bool few) {
  auto lines = lines_of(text);
  if (lines.size() == 1 && !few) return split_at_commas(lines[0]);
  if (lines.size() > 1) strip_numbers(lines);
  strip_quotes(lines);
  return lines;
}

/// Brackets around all of it; a list of lines may begin with one as well.
std::vector<std::string> parse_text(const std::string& text, bool few) {
  const char close = text[0] == '[' ? ']' : text[0] == '(' ? ')' : text[0] == '{' ? '}' : '\0';
  if (close == '\0') return parse_lines(text, few);
  const bool lines = text.find('\n') != std::string::npos;
  try {
    return close == '}' ? by_index(read_pairs(text)) : read_list(text, close);
  } catch (const FormatError&) {
    if (!lines) throw;
    return parse_lines(text, few);
  }
}

}  // namespace

std::vector<std::string> parse_class_list(const std::string& text, bool few) {
  constexpr const char* kByteOrderMark = "\xef\xbb\xbf";
  const std::string body = trimmed(text.starts_with(kByteOrderMark) ? text.substr(3) : text);
  if (body.empty()) throw FormatError("the list of classes is empty");
  auto names = parse_text(body, few);
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = trimmed(names[i]);
    if (names[i].empty()) throw FormatError("the list of classes has no name for class " + std::to_string(i));
  }
  return names;
}

std::string class_list_text(const std::vector<std::string>& classes) {
  const std::string lines = fmt::format("{}", fmt::join(classes, "\n"));
  try {
    if (parse_class_list(lines, classes.size() == 1) == classes) return lines;
  } catch (const FormatError&) {
    // Then it is not as lines that they can be written.
  }
  std::string array;
  for (const auto& name : classes) {
    array += array.empty() ? "[\"" : ",\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') array.push_back('\\');
      array.push_back(c);
    }
    array.push_back('"');
  }
  return array + "]";
}

}  // namespace obscura::nn
