#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/console.h"
#include "cli/data/data_verbs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "image/digits.h"
#include "image/image.h"
#include "study/images/picture_folder.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct DrawArguments {
  fs::path out;
  std::size_t count = 20;
  std::uint64_t seed = 0;
  bool force = false;
  bool json = false;
};

/// Image n is digit n % 10, named <digit>-<n / 10>.png: with seed 0 the first so many of the set `samples`.
void run_draw(const DrawArguments& a) {
  std::error_code ec;
  // Between files that are there already only if asked for: else all of them appear at once.
  std::optional<study::StagedFolder> staged;
  if (!a.force) staged.emplace(a.out);
  if (a.force) fs::create_directories(a.out, ec);
  if (ec) throw IoError("cannot make the folder " + a.out.string() + ": " + ec.message());
  Progress progress("drawing", a.count, "digits", !a.json);
  ordered_json files = ordered_json::array();
  for (std::size_t n = 0; n < a.count; ++n) {
    const std::string name = std::to_string(n % 10) + "-" + std::to_string(n / 10) + ".png";
    const auto png = image::encode_png(image::draw_digit(static_cast<int>(n % 10), a.seed + n / 10));
    if (staged) {
      staged->put(name, png);
    } else {
      check_outputs({{a.out / name, study::FileKind::png}}, {}, false);
      write_file(a.out / name, png);
    }
    files.push_back(name);
    progress.advance();
  }
  if (staged) staged->commit();
  if (a.json) {
    print_json({{"folder", a.out.string()}, {"count", a.count}, {"seed", a.seed}, {"files", files}});
  } else {
    std::printf("%zu digits drawn in %s\n", a.count, a.out.c_str());
  }
}

}  // namespace

void add_draw(CLI::App& data) {
  auto a = std::make_shared<DrawArguments>();
  CLI::App* verb = data.add_subcommand("draw-digits", "Draw handwritten-looking digits as 28x28 PNGs");
  verb->add_option("--out", a->out, "Folder to write <digit>-<number>.png into")->required();
  verb->add_option("--count", a->count, "How many, 0 to 9 in turn")
      ->check(whole_number())
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--seed", a->seed, "The same seed draws the same digits")
      ->check(whole_number())
      ->capture_default_str();
  verb->add_flag("--force", a->force, "Draw into a folder with files in it; PNGs of the same names are replaced");
  verb->add_flag("--json", a->json, "Print one JSON object");
  verb->callback([a] { run_draw(*a); });
}

}  // namespace obscura::cli
