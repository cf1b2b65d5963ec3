#include "train/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace obscura::train {
namespace {

/// Of the normal distribution, two-sided 95 %.
constexpr double kZ = 1.959963984540054;
constexpr std::size_t kNameWidth = 24;

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double value, bool known) {
  return known ? fmt::format("{:.2f} %", 100 * value) : "-";
}

}  // namespace

std::array<double, 2> wilson_interval(std::size_t right, std::size_t images) {
  if (images == 0) return {0, 1};
  const auto n = static_cast<double>(images);
  const double p = static_cast<double>(right) / n, z2 = kZ * kZ / n;
  const double middle = (p + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(p * (1 - p) / n + z2 / (4 * n));
  // At the ends the formula is exactly 0 or 1, but for rounding.
  return {right == 0 ? 0 : std::max(middle - half, 0.0), right == images ? 1 : std::min(middle + half, 1.0)};
}

Figures figures_of(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& predicted,
                   std::size_t classes) {
  Figures out;
  out.images = labels.size();
  out.confusion.assign(classes, std::vector<std::size_t>(classes, 0));
  out.classes.resize(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]), guess = static_cast<std::size_t>(predicted.at(i));
    ++out.confusion.at(label).at(guess);
    ++out.classes[label].images;
    ++out.classes[guess].predicted;
  }
  std::size_t present = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    ClassFigures& one = out.classes[c];
    const std::size_t found = out.confusion[c][c];
    out.right += found;
    one.recall = share(found, one.images);
    one.precision = share(found, one.predicted);
    one.f1 = share(2 * found, one.images + one.predicted);
    present += one.images > 0 ? 1 : 0;
    out.mean_recall += one.recall;
  }
  out.mean_recall = present == 0 ? 0 : out.mean_recall / static_cast<double>(present);
  out.accuracy = share(out.right, out.images);
  out.interval = wilson_interval(out.right, out.images);
  return out;
}

std::string accuracy_text(const Figures& figures, const std::string& of) {
  return fmt::format("{:.2f} % of {} {} (95 % interval: {:.2f} to {:.2f} %)", 100 * figures.accuracy, figures.images,
                     of, 100 * figures.interval[0], 100 * figures.interval[1]);
}

std::string class_table(const Figures& figures, const std::vector<std::string>& classes, std::size_t most) {
  std::vector<std::size_t> shown(figures.classes.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  std::string title = "class";
  if (shown.size() > most) {
    std::ranges::stable_sort(shown, {}, [&](std::size_t c) { return figures.classes[c].f1; });
    title = fmt::format("worst {} of {}", most, shown.size());
    shown.resize(most);
  }
  std::string text =
      fmt::format("  {:<{}} {:>8} {:>10} {:>10} {:>10}\n", title, kNameWidth, "pictures", "recall", "precision", "F1");
  for (const std::size_t c : shown) {
    const ClassFigures& one = figures.classes[c];
    text += fmt::format("  {:<{}} {:>8} {:>10} {:>10} {:>10}\n", classes.at(c), kNameWidth, one.images,
                        percent(one.recall, one.images > 0), percent(one.precision, one.predicted > 0),
                        percent(one.f1, one.images + one.predicted > 0));
  }
  return text;
}

}  // namespace obscura::train
