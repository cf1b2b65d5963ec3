#include "study/learning/audit_chunks_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "report/text.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using report::fixed_text;
using report::percent_text;

std::string file_of(const std::string& policy, bool equalised, const std::string& threshold) {
  if (policy != "features") return policy + ".png";
  return fmt::format("{}-{}-{}.png", policy, equalised ? "equalised" : "as-they-are", threshold);
}

std::string file_of(const ChunkAuditRow& row) {
  return file_of(to_string(row.policy), row.equalised, fmt::format("{:g}", row.threshold.value_or(0)));
}

std::string what_attacker_reads(const std::string& name) {
  if (name == "count") return "number of ciphertexts and bytes, by a random forest";
  if (name == "map") return "which chunks are encrypted, by a random forest";
  if (name == "statistics") return "mean, deviation and mean gradient of each plain chunk, by a random forest";
  return "plain chunks at their places, by a convolutional network";
}

std::string guess_text(const audit::Guesses& guesses, const report::Interval& interval) {
  return fmt::format("{} ({:.1f} to {:.1f})", percent_text(guesses.accuracy()), 100 * interval.low,
                     100 * interval.high);
}

report::Table guess_table(const ChunkAudit& audit) {
  report::Table table{
      "The class, guessed",
      {"what is seen", "attacker", "chunks encrypted", "right (95 % interval)", "shuffled labels", "above chance"},
      "ll",
      {},
      {}};
  for (const ChunkAuditRow& row : audit.rows) {
    for (const ChunkAttacker& a : row.attackers) {
      table.rows.push_back({row_text(row), a.name, percent_text(row.encrypted), guess_text(a.real, a.interval),
                            guess_text(a.null, a.null_interval), a.interval.low > audit.chance ? "yes" : "no"});
    }
  }
  table.notes = {
      fmt::format("Chance, the share of the largest class, is {}. Shuffled labels: the same attacker, having "
                  "learnt from labels in random order; pictures that look alike to it are guessed alike, so that this "
                  "scatters more around chance than its interval says.",
                  percent_text(audit.chance))};
  return table;
}

report::Table saving_table(const ChunkAudit& audit) {
  report::Table table{
      "What is saved, and what the map tells",
      {"what is seen", "chunks encrypted", "pictures all plain", "all encrypted", "upload, least", "most", "maps",
       "entropy of the map, bits", "of the class, bits", "the same, shuffled", "same for every picture"},
      "l",
      {},
      {}};
  for (const ChunkAuditRow& row : audit.rows) {
    table.rows.push_back({row_text(row), percent_text(row.encrypted), percent_text(row.all_plain),
                          percent_text(row.all_encrypted), report::bytes_text(row.least_bytes),
                          report::bytes_text(row.most_bytes), std::to_string(row.map.maps), fixed_text(row.map.bits, 2),
                          fixed_text(row.map.class_bits, 2), fixed_text(row.map.shuffled_bits, 2),
                          row.same_views ? "yes" : "no"});
  }
  table.notes = {
      "Entropy is corrected after Miller and Madow, and still too low where most maps occur once. What the map says of "
      "the class is estimated too high by about what it says of shuffled labels.",
      "Uploads are those of real queries, made for the paper's network of chunks."};
  return table;
}

report::Table drawing_table(const ChunkAudit& audit) {
  report::Table table{"Encrypted chunks, drawn from plain ones beside them",
                      {"what is seen", "chunks drawn", "PSNR, dB", "with the mean of plain pixels", "SSIM",
                       "with the mean of plain pixels"},
                      "l",
                      {},
                      {}};
  for (const ChunkAuditRow& row : audit.rows) {
    if (!row.drawn) continue;
    const auto &drawn = row.drawn->inpainted, &null = row.drawn->null;
    table.rows.push_back({row_text(row), report::count_text(static_cast<double>(drawn.chunks)),
                          fixed_text(drawn.psnr, 2), fixed_text(null.psnr, 2), fixed_text(drawn.ssim, 3),
                          fixed_text(null.ssim, 3)});
  }
  table.notes = {"By Laplace's equation from the known pixels around. A baseline: networks that draw see more."};
  return table;
}

const ChunkAuditRow* worst(const ChunkAudit& audit, const ChunkAttacker*& attacker) {
  const ChunkAuditRow* found = nullptr;
  for (const ChunkAuditRow& row : audit.rows) {
    for (const ChunkAttacker& a : row.attackers) {
      if (found == nullptr || a.real.accuracy() > attacker->real.accuracy()) found = &row, attacker = &a;
    }
  }
  return found;
}

report::Section glance(const ChunkAudit& audit) {
  report::Section section{"At a glance", {}};
  if (audit.options.quick) {
    section.blocks.emplace_back(
        report::Paragraph{"A QUICK RUN: one fold, and a network of two epochs. It shows that everything runs.", true});
  }
  report::Bullets bullets;
  const ChunkAttacker* attacker = nullptr;
  if (const ChunkAuditRow* row = worst(audit, attacker)) {
    bullets.items.push_back(
        fmt::format("Most is told by {}: from {}, the class is guessed rightly of {} of the "
                    "pictures; chance is {}.",
                    row_text(*row), what_attacker_reads(attacker->name), percent_text(attacker->real.accuracy()),
                    percent_text(audit.chance)));
  }
  for (const ChunkAuditRow& row : audit.rows) {
    if (row.policy == message::Policy::features || !row.same_views) continue;
    const bool chance = std::ranges::all_of(row.attackers, [&](const auto& a) {
      return a.interval.low <= audit.chance && audit.chance <= a.interval.high;
    });
    bullets.items.push_back(
        fmt::format("Policy {}: the server sees the same of every picture, and every attacker is {}.",
                    to_string(row.policy), chance ? "at chance" : "NOT within its interval of chance"));
  }
  section.blocks.emplace_back(std::move(bullets));
  for (const bool equalised : {true, false}) {
    report::Plot plot = savings_plot(audit, equalised);
    if (!plot.series.empty()) section.blocks.emplace_back(std::move(plot));
  }
  return section;
}

report::Section method(const ChunkAudit& audit, const std::string& command) {
  report::Bullets bullets;
  bullets.items = {
      fmt::format("{} pictures of {}, training and test together; {} have the pixels of another and are tested in its "
                  "fold.",
                  audit.pictures, audit.dataset, audit.duplicates),
      fmt::format("{}; the score of a chunk is the {} of its pixels' gradients.", chunking_text(audit.cut),
                  audit.options.wishes.score),
      fmt::format("Stratified cross validation: {} of {} folds tested, seed {}. Intervals are Wilson's.",
                  audit.tested_folds, audit.options.folds, audit.options.seed),
      fmt::format("Random forests have {} trees. Attackers read what the server sees and nothing else. They are lower "
                  "bounds: others may see more.",
                  audit.options.trees),
      fmt::format("Policy hidden encrypts {} chunks of every picture.", audit.hidden)};
  for (const char* name : {"count", "map", "statistics", "network"}) {
    bullets.items.push_back(fmt::format("Attacker {}: {}.", name, what_attacker_reads(name)));
  }
  report::Table table{"", {"", ""}, "ll", {}, {}};
  table.rows = {{"Processor", cpu_model()},
                {"Program", fmt::format("obscura {} ({})", kVersion, kBuildType)},
                {"Time", report::span_text(audit.seconds)}};
  return {"How it was measured", {bullets, table, report::Commands{{command}}}};
}

report::Section sheets(const ChunkAudit& audit) {
  report::Section section{"Pictures", {}};
  for (const ChunkAuditRow& row : audit.rows) {
    if (row.sheet.empty()) continue;
    section.blocks.emplace_back(
        report::Picture{row_text(row), "pictures/" + file_of(row), image::encode_png(row.sheet)});
  }
  return section;
}

report::Plot::Point point_of(const ChunkAuditRow& row, const ChunkAttacker& attacker) {
  return {row.encrypted, attacker.real.accuracy(), row_text(row), attacker.interval.low, attacker.interval.high};
}

const ChunkAttacker* find_attacker(const ChunkAuditRow& row, const std::string& name) {
  const auto found = std::ranges::find_if(row.attackers, [&](const auto& a) { return a.name == name; });
  return found == row.attackers.end() ? nullptr : &*found;
}

}  // namespace

report::Plot savings_plot(const ChunkAudit& audit, bool equalised) {
  report::Plot plot;
  plot.title =
      fmt::format("What you save, what you tell: {}", equalised ? "histogram equalised" : "pictures as they are");
  plot.x_title = "chunks encrypted (left: more is saved)", plot.y_title = "class guessed rightly";
  plot.levels = {{"chance", audit.chance}};
  for (const std::string& name : audit.options.attacks) {
    report::Plot::Series series{fmt::format("from {}", name), {}};
    for (const ChunkAuditRow& row : audit.rows) {
      const ChunkAttacker* attacker = find_attacker(row, name);
      const bool here = row.policy == message::Policy::features && row.equalised == equalised;
      if (here && attacker != nullptr) series.points.push_back(point_of(row, *attacker));
    }
    std::ranges::sort(series.points, {}, &report::Plot::Point::x);
    if (!series.points.empty()) plot.series.push_back(std::move(series));
  }
  if (plot.series.empty()) return plot;
  for (const ChunkAuditRow& row : audit.rows) {
    if (row.policy == message::Policy::features) continue;
    report::Plot::Series series{fmt::format("policy {}, from anything", to_string(row.policy)), {}, false};
    for (const ChunkAttacker& attacker : row.attackers) series.points.push_back(point_of(row, attacker));
    if (!series.points.empty()) plot.series.push_back(std::move(series));
  }
  return plot;
}

report::Document chunk_audit_document(const ChunkAudit& audit, const std::string& command) {
  report::Document document{"What pictures that are encrypted in part give away", "", {}};
  document.subtitle = fmt::format("obscura {}: {} pictures of {}{}", kVersion, audit.pictures, audit.dataset,
                                  audit.options.quick ? ", QUICK RUN: not for quoting" : "");
  document.sections = {glance(audit), {"Numbers", {saving_table(audit), guess_table(audit)}}};
  if (report::Table table = drawing_table(audit); !table.rows.empty()) {
    document.sections.push_back({"Encrypted chunks from plain ones", {std::move(table)}});
  }
  if (report::Section section = sheets(audit); !section.blocks.empty()) document.sections.push_back(std::move(section));
  document.sections.push_back(method(audit, command));
  return document;
}

std::vector<std::string> chunk_audit_files(const ChunkAuditOptions& options) {
  std::vector<std::string> files = {"report.json", "report.md", "report.html"};
  for (const std::string& policy : options.policies) {
    for (const bool equalised : {true, false}) {
      for (const std::string& threshold : options.thresholds) {
        files.push_back("pictures/" + file_of(policy, equalised, threshold));
        if (policy != "features") break;
      }
      if (policy != "features" || options.wishes.no_equalise) break;
    }
  }
  return files;
}

void write_chunk_audit(const ChunkAudit& audit, const std::string& command, const fs::path& folder) {
  const report::Document document = chunk_audit_document(audit, command);
  for (const ChunkAuditRow& row : audit.rows) {
    if (!row.sheet.empty()) image::write_png(folder / "pictures" / file_of(row), row.sheet);
  }
  write_file(folder / "report.json", chunk_audit_json(audit, command).dump(1) + "\n");
  write_file(folder / "report.md", report::to_markdown(document));
  write_file(folder / "report.html", report::to_html(document));
}

}  // namespace obscura::study
