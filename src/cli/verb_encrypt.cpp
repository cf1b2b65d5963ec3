#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/preprocessing.h"
#include "cli/query_images.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "owner/owner.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct EncryptArguments {
  fs::path keys;
  std::vector<fs::path> images;
  fs::path out;
  std::size_t threads = 0;
  bool json = false;
};

void check_count(const EncryptArguments& a, const compile::ClientPart& client) {
  if (a.images.size() <= client.images) return;
  throw UsageError(fmt::format("{} images, but the keys in {} are {}: {} image{} a query{}", a.images.size(),
                               a.keys.string(), mode_name(client.mode), client.images, client.images == 1 ? "" : "s",
                               client.mode == compile::Mode::packed ? " (keygen --mode batched takes many)" : ""));
}

std::vector<QueryImage> read_images(const EncryptArguments& a, const compile::ClientPart& client) {
  std::vector<QueryImage> images;
  for (const auto& file : a.images) {
    images.push_back(read_query_image(file, client.input, client.preprocessing));
    for (const auto& line : images.back().notes) note(file.string() + " " + line);
  }
  return images;
}

void print_query_json(const EncryptArguments& a, const owner::Owner& owner, const std::vector<QueryImage>& images,
                      std::size_t bytes, double seconds) {
  ordered_json list = ordered_json::array();
  for (const auto& image : images) list.push_back({{"file", image.file}, {"notes", image.notes}});
  print_json({{"network", owner.client().network},
              {"mode", mode_name(owner.client().mode)},
              {"query", a.out.string()},
              {"images", list},
              {"preprocessing", preprocessing_json(owner.client().preprocessing, owner.client().input)},
              {"ciphertexts", owner.client().queries()},
              {"bytes", bytes},
              {"seconds", seconds},
              {"parameters", parameters_json(owner.client().parameters)}});
}

void run_encrypt(const EncryptArguments& a) {
  check_output(a.out);
  const owner::Owner owner = owner::load_owner(a.keys);
  check_count(a, owner.client());
  note_unstated(owner.client().preprocessing, owner.client().network);
  const auto images = read_images(a, owner.client());
  std::vector<std::vector<float>> values;
  values.reserve(images.size());
  for (const auto& image : images) values.push_back(image.values);

  ThreadPool pool(a.threads);
  const Stopwatch watch;
  const auto query = owner.encrypt(values, &pool);
  const double seconds = watch.seconds();
  const auto bytes = runtime::write_query(*owner.context(), query);
  write_file(a.out, bytes);
  if (a.json) {
    print_query_json(a, owner, images, bytes.size(), seconds);
  } else {
    fmt::print("{} image{} for {} encrypted in {}: {}, {}\n", images.size(), images.size() == 1 ? "" : "s",
               owner.client().network, duration_text(seconds), a.out.string(), bytes_text(bytes.size()));
    fmt::print("taken as {}\n", nn::preprocessing_text(owner.client().preprocessing, owner.client().input));
  }
}

}  // namespace

void add_encrypt_verb(CLI::App& app) {
  const auto args = std::make_shared<EncryptArguments>();
  auto* verb = app.add_subcommand("encrypt", "Owner: encrypts an image (batched keys: many images) as one query");
  verb->add_option("--keys", args->keys, "Folder that keygen made")->required()->group(kFiles);
  verb->add_option("images", args->images,
                   "PNG, JPEG, BMP, WebP, PGM or PPM; resized and converted to what the "
                   "network takes, with a note")
      ->required()
      ->group(kFiles);
  verb->add_option("--out", args->out, "Query to write")->required()->group(kFiles);
  add_threads(*verb, args->threads);
  add_json(*verb, args->json);
  verb->footer(
      "Examples:\n  obscura encrypt --keys keys/ samples/digits/7-0.png --out digit.ct\n"
      "  obscura encrypt --keys keys-batched/ samples/digits/*.png --out digits.ct");
  verb->callback([args] { run_encrypt(*args); });
}

}  // namespace obscura::cli
