#include "cli/learned.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "cli/console.h"
#include "cli/output.h"
#include "report/score_page.h"
#include "study/learning/protect_model.h"
#include "study/learning/reveal_learned.h"
#include "study/learning/training_run.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr const char* kWarning =
    "keep the plain network from whoever holds this one: the two together give the key, and public weights are known "
    "to everybody";

}  // namespace

void evaluate_pictures(const study::PictureEvaluation& a, const Printing& printing) {
  check_outputs({{printing.out, study::FileKind::evaluation}}, {a.network, a.plain, a.key.file, a.dataset},
                printing.force);
  const auto found = study::evaluate_pictures(a);
  const auto json = study::comparison_json(a, found);
  if (!printing.out.empty()) write_file(printing.out, json.dump(2) + "\n");
  if (printing.json) return print_json(json);
  fmt::print("{} on {} test pictures of {}\n", a.network.string(), found.selection, a.dataset);
  for (const auto& row : found.rows) {
    const std::string value = row.note.empty() ? report::accuracy_text(row.accuracy, row.interval) : row.note;
    fmt::print("  {:<14} {:<28} {}\n", row.network, row.pictures, value);
  }
  fmt::print("  {:.2f} % for whoever always says '{}'\n", 100 * found.majority_share, found.majority_class);
  if (!found.promise.empty()) fmt::print("{}\n", found.promise);
}

void protect_model(const fs::path& model, const study::KeyOptions& key, const fs::path& data,
                   const Printing& printing) {
  study::check_network_name(printing.out);
  check_outputs({{printing.out, study::FileKind::safetensors}}, {model, key.file}, printing.force);
  const auto made = study::protect_model(model, key, data, printing.out);
  if (printing.json) {
    return print_json({{"network", made.network},
                       {"shield", made.shield},
                       {"block", made.block},
                       {"out", printing.out.string()},
                       {"warning", kWarning},
                       {"promise", made.promise}});
  }
  fmt::print("{}: {} that reads what {} protects with {}, with the same answers\n", printing.out.string(), made.network,
             made.shield, key.file.string());
  fmt::print("{}\n{}: {}\n", kWarning, made.shield, made.promise);
}

void reveal_learned(const RevealArguments& a, const Printing& printing) {
  const study::LearnedReveal reveal{a.network, a.plain, a.in, printing.out, !printing.json};
  if (!fs::is_directory(a.in)) {
    if (printing.out.extension() != ".png") {
      throw UsageError("a revealed image is a .png file: name it so, not " + printing.out.string());
    }
    check_outputs({{printing.out, study::FileKind::png}}, {a.in, a.network, a.plain}, printing.force);
  }
  const auto found = study::reveal_learned(reveal);
  if (printing.json) return print_json(study::reveal_json(reveal, found));
  fmt::print("{} images: what the adaptation in {} knows of the key, in {}\n", found.images, a.network.string(),
             printing.out.string());
  if (!found.quality) return;
  const auto& quality = *found.quality;
  fmt::print("  against the originals, tone of each channel fitted: PSNR {:.1f} dB, SSIM {:.3f}, correlation {:.3f}\n",
             quality.psnr, quality.ssim, quality.correlation);
}

}  // namespace obscura::cli
