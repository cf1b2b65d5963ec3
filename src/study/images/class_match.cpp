#include "study/images/class_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>

#include "base/error.h"

namespace obscura::study {
namespace {

constexpr std::size_t kNamesShown = 12;

std::string quoted(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    list += (list.empty() ? "'" : ", '") + names[i] + "'";
  }
  return names.size() > kNamesShown ? fmt::format("{}, ... ({} in all)", list, names.size()) : list;
}

/// Without case, with one separator for all, and without leading zeros.
std::string plain_name(const std::string& name) {
  std::string out;
  bool words = false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    words = words || std::isalnum(byte) != 0 || byte >= 0x80;
    out.push_back(std::string("_-/").find(c) == std::string::npos ? static_cast<char>(std::tolower(byte)) : ' ');
  }
  if (!words) return name;  // signs are their own names
  const bool number = out.find_first_not_of("0123456789") == std::string::npos;
  return number ? out.substr(std::min(out.find_first_not_of('0'), out.size() - 1)) : out;
}

std::optional<std::size_t> index_of(const std::string& name, std::size_t outputs) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size() || value >= outputs) return std::nullopt;
  return value;
}

class Matcher {
 public:
  Matcher(const std::string& set, const std::vector<std::string>& classes, const std::vector<std::size_t>& images,
          const std::vector<std::string>& network, std::size_t outputs)
      : set_(set), classes_(classes), images_(images), network_(network), outputs_(outputs) {
    out_.of.assign(classes.size(), ClassMatch::kNoClass);
  }

  ClassMatch run() {
    if (network_.empty()) {
      match_unnamed();
    } else {
      match_named();
    }
    refuse_doubles();
    return std::move(out_);
  }

 private:
  bool has_images(std::size_t c) const { return images_[c] > 0; }
  bool matched(std::size_t c) const { return out_.of[c] != ClassMatch::kNoClass; }

  /// Folder names with images that have no match.
  std::vector<std::string> unmatched() const {
    std::vector<std::string> names;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      if (has_images(c) && !matched(c)) names.push_back(classes_[c]);
    }
    return names;
  }

  void match_named() {
    match_by([](const std::string& name) { return name; });
    std::vector<std::size_t> exact = out_.of;
    match_by(plain_name);
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      if (exact[c] != out_.of[c]) {
        out_.notes.push_back(
            fmt::format("{}: class '{}' is taken for the network's '{}'", set_, classes_[c], network_[out_.of[c]]));
      }
    }
    const bool none = std::all_of(out_.of.begin(), out_.of.end(), [](auto k) { return k == ClassMatch::kNoClass; });
    if (none && match_indices()) {
      note_indices();
    } else if (!unmatched().empty()) {
      refuse_names();
    }
    note_subset();
  }

  /// Names that are one under `form` on both sides, where no other is.
  template <typename Form>
  void match_by(Form form) {
    std::map<std::string, std::vector<std::size_t>> ours, theirs;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      if (!matched(c)) ours[form(classes_[c])].push_back(c);
    }
    for (std::size_t k = 0; k < network_.size(); ++k) {
      if (std::find(out_.of.begin(), out_.of.end(), k) == out_.of.end()) theirs[form(network_[k])].push_back(k);
    }
    for (const auto& [name, list] : ours) {
      const auto found = theirs.find(name);
      if (list.size() == 1 && found != theirs.end() && found->second.size() == 1) {
        out_.of[list[0]] = found->second[0];
      }
    }
  }

  /// True if all names are numbers below the number of outputs.
  bool match_indices() {
    std::vector<std::size_t> of;
    for (const auto& name : classes_) {
      const auto index = index_of(name, outputs_);
      if (!index) return false;
      of.push_back(*index);
    }
    out_.of = of;
    return true;
  }

  void note_indices() {
    std::string list;
    for (std::size_t c = 0; c < std::min(classes_.size(), kNamesShown); ++c) {
      list += fmt::format("{}'{}' is {}", c == 0 ? "" : ", ", classes_[c],
                          network_.empty() ? fmt::format("output {}", out_.of[c]) : "'" + network_[out_.of[c]] + "'");
    }
    out_.notes.push_back(fmt::format("{}: names of classes are taken as numbers of the network's outputs: {}{}", set_,
                                     list, classes_.size() > kNamesShown ? ", ..." : ""));
  }

  void note_subset() {
    const auto there = static_cast<std::size_t>(
        std::count_if(out_.of.begin(), out_.of.end(), [](auto k) { return k != ClassMatch::kNoClass; }));
    if (there < network_.size()) {
      out_.notes.push_back(
          fmt::format("{} has {} of the network's {} classes; the others can be answers and are never "
                      "right",
                      set_, there, network_.size()));
    }
  }

  [[noreturn]] void refuse_names() const {
    std::vector<std::string> left;
    for (std::size_t k = 0; k < network_.size(); ++k) {
      if (std::find(out_.of.begin(), out_.of.end(), k) == out_.of.end()) left.push_back(network_[k]);
    }
    const auto names = unmatched();
    throw MismatchError(fmt::format(
        "{} has class{} that the network does not know: {}; {}. Rename one of them: folders, or the network's classes "
        "(--classes A,B,...)",
        set_, names.size() == 1 ? "" : "es", quoted(names),
        left.empty() ? "all of the network's are matched" : "the network's that are left: " + quoted(left)));
  }

  void match_unnamed() {
    if (match_indices()) {
      if (classes_.size() < outputs_ || !in_order()) note_indices();
      return;
    }
    if (classes_.size() != outputs_) {
      throw MismatchError(fmt::format(
          "{} has {} classes ({}) and the network {} outputs without names, so nothing says which is which: name them "
          "with --classes A,B,... in the order of outputs",
          set_, classes_.size(), quoted(classes_), outputs_));
    }
    std::string list;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      out_.of[c] = c;
      if (c < kNamesShown) list += fmt::format("{}output {} is '{}'", c == 0 ? "" : ", ", c, classes_[c]);
    }
    out_.notes.push_back(fmt::format("{}: classes matched by position, because the network does not name them: {}{}",
                                     set_, list, classes_.size() > kNamesShown ? ", ..." : ""));
  }

  bool in_order() const {
    for (std::size_t c = 0; c < out_.of.size(); ++c) {
      if (out_.of[c] != c) return false;
    }
    return true;
  }

  void refuse_doubles() const {
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      for (std::size_t d = c + 1; d < classes_.size(); ++d) {
        if (matched(c) && out_.of[c] == out_.of[d]) {
          throw MismatchError(fmt::format("{}: '{}' and '{}' are both output {} of the network", set_, classes_[c],
                                          classes_[d], out_.of[c]));
        }
      }
    }
  }

  const std::string& set_;
  const std::vector<std::string>& classes_;
  const std::vector<std::size_t>& images_;
  const std::vector<std::string>& network_;
  std::size_t outputs_;
  ClassMatch out_;
};

}  // namespace

ClassMatch match_classes(const std::string& set, const std::vector<std::string>& classes,
                         const std::vector<std::size_t>& images, const std::vector<std::string>& network,
                         std::size_t outputs) {
  return Matcher(set, classes, images, network, outputs).run();
}

}  // namespace obscura::study
