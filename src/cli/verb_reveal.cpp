// `obscura reveal`: the owner's way back from protected images.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "cli/console.h"
#include "cli/learned.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "shield/container.h"
#include "study/images/picture_folder.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct Arguments {
  fs::path key;
  RevealArguments learned;
  fs::path in;
  fs::path out;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

using Put = std::function<void(const fs::path& stem, std::span<const std::uint8_t> bytes)>;

void reveal_all(const Arguments& a, const study::PictureFiles& list, const shield::Key& key,
                const shield::Shield& shared, const Put& put) {
  ThreadPool pool(a.threads);
  Progress progress("revealing", list.files.size(), "images", !a.json);
  pool.parallel_for(list.files.size(), [&](std::size_t i) {
    const std::string name = list.files[i].file.string();
    const auto file = shield::decode(read_file(name, kMaxBytes), name);
    put(list.files[i].stem, image::encode_png(shield::reveal(key, shared, file, name)));
    progress.advance();
  });
}

void reveal_into(const Arguments& a, const study::PictureFiles& list, const shield::Key& key,
                 const shield::Shield& shared) {
  if (!fs::is_directory(a.in)) {
    if (a.out.extension() != ".png")
      throw UsageError("a revealed image is a .png file: name it so, not " + a.out.string());
    check_outputs({{a.out, study::FileKind::png}}, {a.in, a.key}, a.force);
    reveal_all(a, list, key, shared,
               [&](const fs::path&, std::span<const std::uint8_t> bytes) { write_file(a.out, bytes); });
    return;
  }
  study::StagedFolder folder(a.out);
  std::vector<fs::path> stems;
  for (const study::PictureFile& file : list.files) stems.push_back(file.stem);
  folder.prepare(stems);
  reveal_all(a, list, key, shared, [&](const fs::path& stem, std::span<const std::uint8_t> bytes) {
    folder.put(stem.string() + ".png", bytes);
  });
  folder.commit();
}

void run_reveal(const Arguments& a) {
  if (!a.learned.network.empty()) {
    if (!a.key.empty()) throw UsageError("--learned shows what is known without a key: leave out --key");
    reveal_learned({a.learned.network, a.learned.plain, a.in}, {a.out, a.json, a.force});
    return;
  }
  if (!a.learned.plain.empty()) throw UsageError("--plain goes with --learned: --key reveals without originals");
  if (a.key.empty()) throw UsageError("name the owner's --key, or a network with --learned");
  const shield::Key key = shield::read_key(a.key);
  const auto shared = shield::make_shield(key);
  shared->require_reveals();
  const study::PictureFiles list = study::list_pictures(a.in, shield::is_protected_name);
  const Stopwatch watch;
  reveal_into(a, list, key, *shared);
  const double seconds = watch.seconds();
  const double rate = static_cast<double>(list.files.size()) / std::max(seconds, 1e-9);
  if (a.json) {
    print_json({{"shield", shared->name()},
                {"block", shared->block()},
                {"arithmetic", shield::to_string(key.parameters.arithmetic)},
                {"images", list.files.size()},
                {"out", a.out.string()},
                {"seconds", seconds},
                {"images_per_second", rate},
                {"promise", shared->promise()}});
    return;
  }
  std::printf("%zu images revealed in %s: %s, %.0f a second\n", list.files.size(), a.out.c_str(),
              report::duration_text(seconds).c_str(), rate);
  std::printf("%s: %s\n", shared->name().c_str(), shared->promise().c_str());
}

}  // namespace

void add_reveal_verb(CLI::App& verb) {
  auto a = std::make_shared<Arguments>();
  verb.add_option("--key", a->key, "The key they were protected with")->group(kFiles);
  verb.add_option("--learned", a->learned.network,
                  "Without a key: what the adaptation of this trained network (.safetensors) makes of them")
      ->group(kFiles);
  verb.add_option("--plain", a->learned.plain, "--learned: folder of the originals, to judge by")->group(kFiles);
  verb.add_option("in", a->in, "A protected image, or a folder of them")->required()->group(kFiles);
  verb.add_option("out", a->out, "Where the images go: a PNG file, or a folder")->required()->group(kFiles);
  add_threads(verb, a->threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.callback([a] { run_reveal(*a); });
}

}  // namespace obscura::cli
