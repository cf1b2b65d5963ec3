// `obscura audit chunks`: what plain chunks, and the map of which are plain, give away.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/audit/audit_verbs.h"
#include "cli/chunk_options.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "report/text.h"
#include "study/learning/audit_chunks.h"
#include "study/learning/audit_chunks_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ChunkAuditArguments {
  study::ChunkAuditOptions options;
  fs::path out;
  bool force = false;
  bool json = false;
};

const OptionTable<study::ChunkAuditOptions>& chunk_audit_options() {
  using V = study::ChunkAuditOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--dataset", &V::dataset, "A data set, or a folder of pictures with a folder a class")
        .shows_default()
        .echo(Echo::always);
    t.value("--data", &V::data, "Folder that holds the data sets").echo(Echo::never);
    auto chunks = chunk_options();
    t.part(chunks, &V::wishes);
    t.group(kRun);
    t.value("--threshold", &V::thresholds, "Gradients with commas between them; a chunk is encrypted above one")
        .commas()
        .shows_default();
    t.value("--policy", &V::policies, "Some of whole, all, features and hidden").commas().shows_default();
    t.value("--attack", &V::attacks, "Some of count, map, statistics, network and inpainting").commas().shows_default();
    t.value("--hidden-chunks", &V::hidden, "Chunks that policy hidden encrypts (default: three quarters)")
        .check(whole_number());
    t.value("--folds", &V::folds, "Of cross validation").check(CLI::Range(2, 100)).shows_default();
    t.value("--trees", &V::trees, "Of a random forest").check(CLI::Range(1, 10000)).shows_default();
    t.value("--epochs", &V::epochs, "Of the network").check(CLI::Range(1, 1000)).shows_default();
    t.value("--seed", &V::seed, "Of folds, shuffles and the network").check(whole_number()).shows_default();
    t.flag("--quick", &V::quick, "One fold, and a network of two epochs");
    return t;
  }();
  return table;
}

void print_audit_row(const study::ChunkAudit& audit, const study::ChunkAuditRow& row) {
  using report::percent_text;
  fmt::print("\n{}: {} of chunks encrypted, {} of pictures all plain, {} all encrypted\n", study::row_text(row),
             percent_text(row.encrypted), percent_text(row.all_plain), percent_text(row.all_encrypted));
  fmt::print("  map: {} different, {:.2f} bits; {:.2f} bits of the class ({:.2f} if labels are shuffled)\n",
             row.map.maps, row.map.bits, row.map.class_bits, row.map.shuffled_bits);
  if (row.same_views) fmt::print("  the server sees the same of every picture\n");
  if (!row.attackers.empty()) {
    fmt::print("  {:<12}{:>10}  {:<18}{:>16}  (chance {})\n", "class from", "right", "95 % interval", "shuffled labels",
               percent_text(audit.chance));
  }
  for (const auto& a : row.attackers) {
    fmt::print("  {:<12}{:>10}  {:<18}{:>16}\n", a.name, percent_text(a.real.accuracy()),
               fmt::format("{:.1f} to {:.1f} %", 100 * a.interval.low, 100 * a.interval.high),
               percent_text(a.null.accuracy()));
  }
  if (row.drawn && row.drawn->inpainted.chunks > 0) {
    fmt::print(
        "  encrypted chunks drawn from plain ones: PSNR {:.2f} dB, SSIM {:.3f}; as the mean of plain pixels: "
        "{:.2f} dB, {:.3f}\n",
        row.drawn->inpainted.psnr, row.drawn->inpainted.ssim, row.drawn->null.psnr, row.drawn->null.ssim);
  }
  std::fflush(stdout);
}

void make_chunk_folder(const ChunkAuditArguments& a) {
  if (a.out.empty()) return;
  std::error_code ec;
  fs::create_directories(a.out / "pictures", ec);
  if (!fs::is_directory(a.out / "pictures"))
    throw IoError("cannot make the folder " + a.out.string() + " for a report");
  std::vector<Output> outputs;
  for (const std::string& file : study::chunk_audit_files(a.options)) {
    const auto kind = file.ends_with(".json")   ? study::FileKind::report
                      : file.ends_with(".md")   ? study::FileKind::markdown
                      : file.ends_with(".html") ? study::FileKind::html
                                                : study::FileKind::png;
    outputs.push_back({a.out / file, kind});
  }
  check_outputs(outputs, {a.options.dataset}, a.force);
  note_other_files(a.out, {"report.json", "report.md", "report.html", "pictures"});
}

void audit_chunks(const ChunkAuditArguments& a) {
  const std::string command = "obscura audit chunks" + chunk_audit_options().echo(a.options);
  bool first = true;
  make_chunk_folder(a);
  const auto audit = study::audit_chunks(a.options, notes(), !a.json, [&](const auto& so_far, const auto& row) {
    if (a.json) return;
    if (first) {
      fmt::print("{} pictures of {}, {} of them duplicates; {}; {} of {} folds\n", so_far.pictures, so_far.dataset,
                 so_far.duplicates, chunking_text(so_far.cut), so_far.tested_folds, so_far.options.folds);
    }
    first = false;
    print_audit_row(so_far, row);
  });
  if (!a.out.empty()) study::write_chunk_audit(audit, command, a.out);
  if (a.json) {
    print_json(study::chunk_audit_json(audit, command));
  } else if (!a.out.empty()) {
    fmt::print("\nreport: {}, .md and .json\n", (a.out / "report.html").string());
  }
}

}  // namespace

void add_audit_chunks(CLI::App& audit) {
  const auto a = std::make_shared<ChunkAuditArguments>();
  CLI::App& verb = *audit.add_subcommand("chunks", kAuditChunks);
  chunk_audit_options().add_to(verb, a->options);
  verb.add_option("--out", a->out, "A folder for the report (HTML, Markdown, JSON) and contact sheets")->group(kOutput);
  add_threads(verb, a->options.threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer("Example:\n  obscura audit chunks --dataset neu-cls --threshold 50,100,150 --out audit/");
  verb.callback([a] { audit_chunks(*a); });
}

}  // namespace obscura::cli
