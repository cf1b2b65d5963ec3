// `obscura audit images`: histogram, entropy, neighbours, NPCR, UACI, PSNR and SSIM of pictures and what protects them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/show_table.h"
#include "study/audit/images_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ImageAuditArguments {
  study::ImageAuditOptions options;
  fs::path out, html;
  bool force = false;
  bool json = false;
};

fs::path sheet_file(std::size_t pair) {
  return fs::path("pictures") / fmt::format("{:03}.png", pair + 1);
}

void make_image_folder(const ImageAuditArguments& a) {
  std::vector<Output> outputs{{a.html, study::FileKind::html}};
  if (!a.out.empty()) {
    std::error_code ec;
    fs::create_directories(a.out / "pictures", ec);
    if (!fs::is_directory(a.out / "pictures")) {
      throw IoError("cannot make the folder " + a.out.string() + " for a report");
    }
    outputs.push_back({a.out / "report.html", study::FileKind::html});
    outputs.push_back({a.out / "report.json", study::FileKind::report});
    for (std::size_t i = 0; i < a.options.drawn; ++i) outputs.push_back({a.out / sheet_file(i), study::FileKind::png});
    note_other_files(a.out, {"report.html", "report.json", "pictures"});
  }
  auto inputs = a.options.files;
  inputs.push_back(a.options.changed);
  check_outputs(outputs, inputs, a.force);
}

void write_image_audit(const ImageAuditArguments& a, const study::ImageAudit& audit, const std::string& command) {
  const std::string page = report::to_html(study::image_audit_document(audit, command));
  if (!a.html.empty()) write_file(a.html, page);
  if (a.out.empty()) return;
  write_file(a.out / "report.html", page);
  write_file(a.out / "report.json", study::image_audit_json(audit, command).dump(2) + "\n");
  for (std::size_t i = 0; i < audit.pairs.size(); ++i) {
    if (audit.pairs[i].drawn) image::write_png(a.out / sheet_file(i), *audit.pairs[i].drawn);
  }
}

void print_image_audit(const study::ImageAudit& audit) {
  if (audit.pairs.size() <= study::kShownPairs) {
    for (const auto& pair : audit.pairs) {
      fmt::print("{} and {}\n", pair.plain.file.string(), pair.guarded.file.string());
      auto figures = study::figures_table(pair);
      figures.notes.clear();  // said once, on the page
      print_table(figures);
      for (const auto& line : study::comparison_lines(pair)) fmt::print("  {}\n", line);
      fmt::print("\n");
    }
  } else {
    const auto means = study::means_table(audit);
    fmt::print("{}\n", means.title);
    print_table(means);
  }
  const auto checks = study::checks_table(audit);
  fmt::print("{}\n", checks.title);
  print_table(checks);
  fmt::print("{}\n", study::image_audit_caution());
}

void audit_images(ImageAuditArguments a) {
  std::string command = "obscura audit images";
  for (const auto& file : a.options.files) command += " " + file.filename().string();
  if (!a.options.changed.empty()) command += " --changed " + a.options.changed.filename().string();
  if (!a.out.empty() || !a.html.empty()) a.options.drawn = study::kShownPairs;
  make_image_folder(a);
  const auto audit = study::audit_images(a.options, notes(), !a.json);
  write_image_audit(a, audit, command);
  if (a.json) return print_json(study::image_audit_json(audit, command));
  print_image_audit(audit);
}

}  // namespace

void add_audit_images(CLI::App& audit) {
  const auto a = std::make_shared<ImageAuditArguments>();
  CLI::App& verb = *audit.add_subcommand("images", kAuditImages);
  verb.add_option("pictures", a->options.files,
                  "PLAIN PROTECTED, and more pairs; or two folders, whose pictures are paired by name")
      ->required();
  verb.add_option(
          "--changed", a->options.changed,
          "What protects a plain picture that was changed a little: NPCR and UACI are of this one and PROTECTED")
      ->group(kFiles);
  verb.add_option("--html", a->html, "Write a page with pictures into this file")->group(kOutput);
  verb.add_option("--out", a->out, "A folder for the page (HTML), all figures (JSON), and pictures of the first pairs")
      ->group(kOutput);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer("Example:\n  obscura audit images digits/ protected/ --out figures/");
  verb.callback([a] { audit_images(*a); });
}

}  // namespace obscura::cli
