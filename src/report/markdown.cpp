#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "report/document.h"
#include "report/text.h"

namespace obscura::report {
namespace {

std::string table_line(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const auto& cell : cells) line += fmt::format(" {} |", escape_markdown(cell));
  return line + "\n";
}

std::string table_text(const Table& table) {
  std::string text = table.title.empty() ? "" : fmt::format("**{}**\n\n", escape_markdown(table.title));
  text += table_line(table.headings);
  text += '|';
  for (std::size_t c = 0; c < table.headings.size(); ++c) text += table.left(c) ? "---|" : "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += table_line(row);
  text += "\n";
  for (const auto& note : table.notes) text += fmt::format("{}\n\n", escape_markdown(note));
  return text;
}

Table table_of(const Matrix& matrix) {
  Table table{matrix.title + " (rows: what it is; columns: " + matrix.columns + ")", {""}, "l", {}, {}};
  const auto name = [&](std::size_t c) { return c < matrix.classes.size() ? matrix.classes[c] : std::to_string(c); };
  for (std::size_t c = 0; c < matrix.counts.size(); ++c) table.headings.push_back(name(c));
  table.headings.emplace_back("F1");
  for (std::size_t label = 0; label < matrix.counts.size(); ++label) {
    std::vector<std::string> row = {name(label)};
    for (const std::size_t count : matrix.counts[label]) row.push_back(std::to_string(count));
    row.push_back(label < matrix.f1.size() ? fixed_text(matrix.f1[label], 3) : kNothing);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table table_of(const Histogram& histogram) {
  Table table{histogram.title, {"difference of a logit from", "how often"}, "r", {}, {}};
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    if (histogram.counts[i] == 0) continue;
    const double power = histogram.first + static_cast<double>(i) / std::max(histogram.per_decade, 1);
    table.rows.push_back({small_text(std::pow(10.0, power)), count_text(static_cast<double>(histogram.counts[i]))});
  }
  return table;
}

Table table_of(const Comparison& comparison) {
  Table table{comparison.title, {"", comparison.reference, comparison.own}, "l", {}, {}};
  for (const auto& pair : comparison.pairs) {
    table.rows.push_back({pair.name, span_text(pair.reference), span_text(pair.own)});
  }
  return table;
}

Table table_of(const Bars& bars) {
  Table table{bars.title, {"", ""}, "l", {}, {}};
  for (const auto& bar : bars.bars) table.rows.push_back({bar.name, percent_text(bar.share)});
  return table;
}

std::string value_text(const Plot& plot, double value) {
  return plot.percent ? percent_text(value) : std::isfinite(value) ? fmt::format("{:g}", value) : kNothing;
}

Table table_of(const Plot& plot) {
  Table table{plot.title, {"", "", plot.x_title, plot.y_title, "95 % interval"}, "ll", {}, {}};
  for (const auto& series : plot.series) {
    for (const auto& p : series.points) {
      const bool has = std::isfinite(p.low) && std::isfinite(p.high);
      const std::string interval = has ? value_text(plot, p.low) + " to " + value_text(plot, p.high) : kNothing;
      table.rows.push_back({series.name, p.name, value_text(plot, p.x), value_text(plot, p.y), interval});
    }
  }
  for (const auto& level : plot.levels)
    table.rows.push_back({level.name, "", kNothing, value_text(plot, level.y), kNothing});
  return table;
}

struct Writer {
  std::string operator()(const Paragraph& p) const {
    return fmt::format("{}{}\n\n", p.warning ? "> " : "", escape_markdown(p.text));
  }

  std::string operator()(const Bullets& bullets) const {
    std::string text;
    for (const auto& item : bullets.items) text += fmt::format("- {}\n", escape_markdown(item));
    return text + "\n";
  }

  /// Indented, so that no text can end the block.
  std::string operator()(const Commands& commands) const {
    std::string text;
    for (const auto& line : commands.lines) {
      std::string plain = line;
      std::replace_if(
          plain.begin(), plain.end(), [](unsigned char c) { return c < 0x20; }, ' ');
      text += fmt::format("    {}\n", plain);
    }
    return text + "\n";
  }

  std::string operator()(const Table& table) const { return table_text(table); }
  std::string operator()(const Comparison& comparison) const { return table_text(table_of(comparison)); }

  std::string operator()(const Bars& bars) const { return table_text(table_of(bars)); }
  std::string operator()(const Plot& plot) const { return table_text(table_of(plot)); }

  std::string operator()(const Picture& picture) const {
    if (picture.png.empty()) return "";
    const std::string title = escape_markdown(picture.title);
    return fmt::format("{0}:\n\n![{0}]({1})\n\n", title, picture.file);
  }

  std::string operator()(const Matrices& matrices) const {
    std::string text;
    for (const auto& matrix : matrices.pictures) text += table_text(table_of(matrix));
    return text;
  }

  std::string operator()(const Histograms& histograms) const {
    std::string text;
    for (const auto& histogram : histograms.pictures) text += table_text(table_of(histogram));
    return text;
  }
};

}  // namespace

std::string to_markdown(const Document& document) {
  std::string text = fmt::format("# {}\n\n{}\n\n", escape_markdown(document.title), escape_markdown(document.subtitle));
  for (const auto& section : document.sections) {
    text += fmt::format("## {}\n\n", escape_markdown(section.title));
    for (const auto& block : section.blocks) text += std::visit(Writer{}, block);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace obscura::report
