#include "report/score_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "report/text.h"

namespace obscura::report {
namespace {

constexpr std::size_t kMostClasses = 20;  ///< a matrix of more does not fit a console
constexpr std::size_t kMostInPage = 30;   ///< nor one of more than these a page
constexpr std::size_t kMostListed = 12;
constexpr std::size_t kColumnLetters = 5;
constexpr std::size_t kNameWidth = 18;
constexpr std::size_t kMostBars = 12;
constexpr double kBarWidth = 44;

std::size_t letters_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// The first letters, whole UTF-8 characters, and spaces up to that many; `right`: before them.
std::string fitted(const std::string& text, std::size_t width, bool right = false) {
  std::string out;
  std::size_t letters = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++letters > width) break;
    out.push_back(c);
  }
  const std::string spaces(width - std::min(width, letters_of(out)), ' ');
  return right ? spaces + out : out + spaces;
}

std::string class_name(const std::vector<std::string>& classes, std::size_t c) {
  return c < classes.size() ? classes[c] : std::to_string(c);
}

/// Classes that occur, as label or as answer.
std::vector<std::size_t> classes_that_occur(const Scores& scores) {
  std::vector<std::size_t> out;
  for (std::size_t c = 0; c < scores.confusion.size(); ++c) {
    bool occurs = false;
    for (std::size_t k = 0; k < scores.confusion.size(); ++k) {
      occurs = occurs || scores.confusion[c][k] > 0 || scores.confusion[k][c] > 0;
    }
    if (occurs) out.push_back(c);
  }
  return out;
}

std::string score_columns(const ClassScore& score) {
  const auto percent = [](double share) { return fmt::format("{:>7.1f}", 100 * share); };
  return fmt::format(" {} {} {:>6.3f}", score.images == 0 ? "      -" : percent(score.recall), percent(score.precision),
                     score.f1);
}

/// Widths of a matrix on the console.
struct Columns {
  std::size_t name = 5, cell = 4;
  bool numbered = false;  ///< names do not fit above columns: numbers stand there
};

Columns columns_of(const Scores& scores, const std::vector<std::string>& classes,
                   const std::vector<std::size_t>& shown) {
  Columns out;
  std::size_t most = 0, letters = 0;
  for (const std::size_t label : shown) {
    letters = std::max(letters, letters_of(class_name(classes, label)));
    for (const std::size_t n : scores.confusion[label]) most = std::max(most, n);
  }
  out.numbered = letters > 6;
  out.cell = std::max({out.cell, std::to_string(most).size(), out.numbered ? 0 : letters});
  out.name = std::clamp(letters + (out.numbered ? 3 : 0), out.name, kNameWidth + 3);
  return out;
}

std::string matrix_text(const Scores& scores, const std::vector<std::string>& classes,
                        const std::vector<std::size_t>& shown, const std::string& predicted) {
  const Columns at = columns_of(scores, classes, shown);
  std::string text = fmt::format("confusion (rows: what it is, columns: {})\n  {}", predicted, fitted("", at.name));
  for (const std::size_t c : shown) {
    text += ' ';
    text += fitted(at.numbered ? std::to_string(c) : class_name(classes, c), at.cell, true);
  }
  text += "  recall % prec. %    F1\n";
  for (const std::size_t label : shown) {
    const std::string name = class_name(classes, label);
    text += "  " + fitted(at.numbered ? fmt::format("{:>2} {}", label, name) : name, at.name);
    for (const std::size_t c : shown) {
      const std::size_t n = scores.confusion[label][c];
      text += ' ';
      text += fitted(n == 0 ? "." : std::to_string(n), at.cell, true);
    }
    text += ' ';
    text += score_columns(scores.classes[label]) + "\n";
  }
  return text;
}

struct Mistake {
  std::size_t label = 0, answer = 0, count = 0;
};

/// Most frequent first.
std::vector<Mistake> mistakes_of(const Scores& scores) {
  std::vector<Mistake> out;
  for (std::size_t label = 0; label < scores.confusion.size(); ++label) {
    for (std::size_t c = 0; c < scores.confusion.size(); ++c) {
      if (c != label && scores.confusion[label][c] > 0) out.push_back({label, c, scores.confusion[label][c]});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  if (out.size() > kMostListed) out.resize(kMostListed);
  return out;
}

std::vector<std::size_t> worst_classes(const Scores& scores) {
  auto out = classes_that_occur(scores);
  std::stable_sort(out.begin(), out.end(),
                   [&](std::size_t a, std::size_t b) { return scores.classes[a].f1 < scores.classes[b].f1; });
  if (out.size() > kMostListed) out.resize(kMostListed);
  return out;
}

std::string lists_text(const Scores& scores, const std::vector<std::string>& classes, std::size_t occurring) {
  std::string text = fmt::format("worst of {} classes           images recall % prec. %    F1\n", occurring);
  for (const std::size_t c : worst_classes(scores)) {
    text += fmt::format("  {} {:>8}{}\n", fitted(class_name(classes, c), 24), scores.classes[c].images,
                        score_columns(scores.classes[c]));
  }
  const auto mistakes = mistakes_of(scores);
  if (!mistakes.empty()) text += "most frequent mistakes\n";
  for (const auto& m : mistakes) {
    text +=
        fmt::format("  {:>6} times {} for {}\n", m.count, class_name(classes, m.label), class_name(classes, m.answer));
  }
  return text;
}

/// The bins between the first and the last that counted something.
std::pair<std::size_t, std::size_t> counted_bins(const ErrorHistogram& errors) {
  std::size_t first = errors.counts.size(), end = 0;
  for (std::size_t i = 0; i < errors.counts.size(); ++i) {
    if (errors.counts[i] == 0) continue;
    first = std::min(first, i);
    end = i + 1;
  }
  return {first, end};
}

Table class_table(const ScorePage& page, const std::vector<std::size_t>& shown) {
  Table table{"Classes", {"Class", "Images", "Recall", "95 %", "Precision", "F1"}, "l", {}, {}};
  for (const std::size_t c : shown) {
    const ClassScore& score = page.scores.classes[c];
    const Interval recall = wilson_interval(page.scores.confusion[c][c], score.images);
    table.rows.push_back(
        {class_name(page.classes, c), count_text(static_cast<double>(score.images)),
         score.images == 0 ? kNothing : percent_text(score.recall),
         score.images == 0 ? kNothing : fmt::format("{:.1f} to {:.1f}", 100 * recall.low, 100 * recall.high),
         percent_text(score.precision), fixed_text(score.f1, 3)});
  }
  return table;
}

Table mistake_table(const ScorePage& page) {
  Table table{"Most frequent mistakes", {"It is", "Taken for", "Images"}, "ll", {}, {}};
  for (const auto& m : mistakes_of(page.scores)) {
    table.rows.push_back({class_name(page.classes, m.label), class_name(page.classes, m.answer),
                          count_text(static_cast<double>(m.count))});
  }
  return table;
}

Table accuracy_table(const ScorePage& page) {
  const Scores& s = page.scores;
  const auto interval = [](const Interval& i) { return fmt::format("{:.2f} to {:.2f}", 100 * i.low, 100 * i.high); };
  Table table{"", {"Run", "Accuracy", "95 % interval", "F1 macro"}, "l", {}, {}};
  table.rows.push_back(
      {page.run, percent_text(s.encrypted_accuracy), interval(s.encrypted_interval), fixed_text(s.f1_macro, 4)});
  table.rows.push_back(
      {"plain", percent_text(s.plain_accuracy), interval(s.plain_interval), fixed_text(s.plain_f1_macro, 4)});
  table.rows.push_back({fmt::format("always '{}'", class_name(page.classes, s.majority_class)),
                        percent_text(s.majority_share), kNothing, kNothing});
  table.notes.push_back(
      fmt::format("Both runs name the same class for {} of the images. The interval is Wilson's: "
                  "what chance alone allows with {} images.",
                  percent_text(s.agreement), count_text(static_cast<double>(page.images))));
  return table;
}

/// Names above columns are cut to a few letters: numbers before them keep them apart.
bool need_numbers(const ScorePage& page, const std::vector<std::size_t>& shown) {
  std::set<std::string> starts;
  for (const std::size_t c : shown) starts.insert(fitted(class_name(page.classes, c), kColumnLetters));
  return starts.size() < shown.size();
}

/// The matrix of the classes that occur.
Matrix matrix_of(const ScorePage& page, const std::vector<std::size_t>& shown) {
  Matrix matrix{"Rows: what it is; columns: what the " + page.run + " run says", {}, {}, {}};
  const bool numbered = need_numbers(page, shown);
  for (const std::size_t label : shown) {
    const std::string name = class_name(page.classes, label);
    matrix.classes.push_back(numbered ? fmt::format("{} {}", label, name) : name);
    matrix.f1.push_back(page.scores.classes[label].f1);
    matrix.counts.emplace_back();
    for (const std::size_t c : shown) matrix.counts.back().push_back(page.scores.confusion[label][c]);
  }
  return matrix;
}

}  // namespace

std::string accuracy_text(double accuracy, const Interval& interval) {
  return fmt::format("{:.2f} % (95 %: {:.2f} to {:.2f})", 100 * accuracy, 100 * interval.low, 100 * interval.high);
}

std::string confusion_text(const Scores& scores, const std::vector<std::string>& classes,
                           const std::string& predicted) {
  const auto shown = classes_that_occur(scores);
  return shown.size() > kMostClasses ? lists_text(scores, classes, shown.size())
                                     : matrix_text(scores, classes, shown, predicted);
}

std::string errors_text(const ErrorHistogram& errors) {
  auto [first, end] = counted_bins(errors);
  if (first >= end) return "";
  // Many bins become whole decades.
  const std::size_t step = end - first > kMostBars ? ErrorHistogram::kPerDecade : 1;
  first = first / step * step;
  std::vector<std::size_t> counts;
  for (std::size_t i = first; i < end; i += step) {
    const auto from = errors.counts.begin() + static_cast<std::ptrdiff_t>(i);
    counts.push_back(std::accumulate(from, from + static_cast<std::ptrdiff_t>(step), std::size_t{0}));
  }
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  std::string text = "differences of logits, plain and encrypted: from ... on, how often\n";
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const std::size_t bin = first + k * step;
    const double from = ErrorHistogram::kFirst + static_cast<double>(bin) / ErrorHistogram::kPerDecade;
    const double share = static_cast<double>(counts[k]) / static_cast<double>(most);
    // One among millions still shows.
    const auto bar =
        std::max<std::size_t>(static_cast<std::size_t>(std::lround(kBarWidth * share)), counts[k] > 0 ? 1 : 0);
    text += fmt::format("  {:>7} {:>9}{}{}\n", bin == 0 ? "0" : fmt::format("{:.1e}", std::pow(10.0, from)),
                        count_text(static_cast<double>(counts[k])), bar > 0 ? " " : "", std::string(bar, '#'));
  }
  return text;
}

Document score_document(const ScorePage& page) {
  Document document{page.title, page.subtitle, {}};
  document.sections.push_back({"Accuracy", {accuracy_table(page), Bullets{page.facts}}});
  const auto shown = classes_that_occur(page.scores);
  Section confusion{"Confusion", {}};
  if (shown.size() <= kMostInPage) confusion.blocks.emplace_back(Matrices{{matrix_of(page, shown)}});
  if (!mistakes_of(page.scores).empty()) confusion.blocks.emplace_back(mistake_table(page));
  confusion.blocks.emplace_back(class_table(page, shown));
  document.sections.push_back(confusion);
  const Histogram errors{fmt::format("{} against plain, at most {}", page.run, small_text(page.scores.max_logit_error)),
                         ErrorHistogram::kFirst, ErrorHistogram::kPerDecade, page.scores.errors.counts};
  document.sections.push_back({"Differences of logits", {Histograms{{errors}}}});
  return document;
}

}  // namespace obscura::report
