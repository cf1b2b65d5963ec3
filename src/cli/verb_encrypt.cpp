#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/stopwatch.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/picture_options.h"
#include "cli/verbs.h"
#include "owner/key_folder.h"
#include "report/text.h"
#include "study/describe.h"
#include "study/images/query_images.h"
#include "study/memory_check.h"
#include "study/preprocessing.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

struct EncryptArguments {
  fs::path keys;
  std::vector<fs::path> images;
  fs::path out;
  study::PictureFit fit;
  PassphraseOptions passphrase;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

void check_count(const EncryptArguments& a, const std::vector<fs::path>& files, const message::ClientSpec& client) {
  if (files.size() <= client.images) return;
  throw UsageError(fmt::format("{} images, but the keys in {} are {}: {} image{} a query{}", files.size(),
                               a.keys.string(), study::mode_name(client.mode), client.images,
                               client.images == 1 ? "" : "s",
                               client.mode == message::Mode::packed ? " (keygen --mode batched takes many)" : ""));
}

/// The query's order is the answer's.
void print_order(const std::vector<study::QueryImage>& images) {
  if (images.size() < 2) return;
  for (std::size_t i = 0; i < images.size(); ++i) fmt::print("{:>6}  {}\n", i, images[i].file);
}

/// How the picture was cut, and of policy features which chunks are encrypted.
ordered_json chunks_json(const message::ClientSpec& client, const message::Query& query) {
  ordered_json json = study::chunked_json(client);
  if (!query.chunks.empty()) json["indices"] = query.chunks;
  return json;
}

void print_chunks(const message::ClientSpec& client, const message::Query& query) {
  if (!client.chunks) return;
  fmt::print("cut into {}; {}\n", chunking_text(client.chunks->cut), message::policy_text(*client.chunks));
  if (query.chunks.empty()) return;
  std::vector<std::int32_t> plain;
  std::ranges::copy_if(query.chunks, std::back_inserter(plain), [](std::int32_t index) { return index < 0; });
  constexpr std::size_t kShown = 24;
  const std::size_t more = plain.size() > kShown ? plain.size() - kShown : 0;
  const std::size_t count = plain.size();
  plain.resize(count - more);
  fmt::print("{} of {} chunks encrypted{}{}{}\n", query.chunks.size() - count, query.chunks.size(),
             plain.empty() ? "" : "; in the clear: ", fmt::join(plain, " "),
             more == 0 ? "" : fmt::format(" and {} more", more));
}

void print_query_json(const EncryptArguments& a, const owner::Owner& owner, const message::Query& query,
                      const std::vector<study::QueryImage>& images, std::size_t bytes, double seconds) {
  ordered_json list = ordered_json::array();
  for (const auto& image : images) {
    list.push_back({{"index", list.size()}, {"file", image.file}, {"notes", image.notes}});
  }
  print_json({{"network", owner.client().network},
              {"mode", study::mode_name(owner.client().mode)},
              {"query", a.out.string()},
              {"images", list},
              {"preprocessing", study::preprocessing_json(owner.client().preprocessing, owner.client().input)},
              {"ciphertexts", query.ciphertexts.size()},
              {"chunks", chunks_json(owner.client(), query)},
              {"bytes", bytes},
              {"seconds", seconds},
              {"parameters", study::parameters_json(owner.client().parameters)}});
}

void run_encrypt(const EncryptArguments& a) {
  const auto files = study::query_files(a.images, notes());
  auto inputs = key_files(a.keys);
  inputs.insert(inputs.end(), files.begin(), files.end());
  check_outputs({{a.out, study::FileKind::query}}, inputs, a.force);
  const owner::KeyFolder folder(a.keys);
  const owner::Owner owner = folder.open(passphrase_of(a.passphrase));
  study::check_query_memory(owner.client());
  check_count(a, files, owner.client());
  study::note_unstated(owner.client().preprocessing, owner.client().network, notes());
  const auto images =
      study::read_query_images(files, owner.client().input, owner.client().preprocessing, a.fit, notes());
  std::vector<std::vector<float>> values;
  values.reserve(images.size());
  for (const auto& image : images) values.push_back(image.values);

  if (owner.client().chunks) {
    if (const auto shown = message::disclosure(owner.client().chunks->policy); !shown.empty()) notes()(shown);
  }
  ThreadPool pool(a.threads);
  const Stopwatch watch;
  const auto query = owner.encrypt(values, &pool);
  const double seconds = watch.seconds();
  const auto bytes = message::write_query(*owner.context(), query);
  // Recorded first: an answer to a query that nobody recorded cannot be checked.
  owner::QueryRecord record{query.key, message::ticket_of(query), {}};
  for (const auto& image : images) record.images.push_back({image.file, image.warning});
  folder.remember(record);
  write_file(a.out, bytes);
  if (a.json) {
    print_query_json(a, owner, query, images, bytes.size(), seconds);
  } else {
    fmt::print("{} image{} for {} encrypted in {}: {}, {}\n", images.size(), images.size() == 1 ? "" : "s",
               owner.client().network, report::duration_text(seconds), a.out.string(),
               report::bytes_text(bytes.size()));
    fmt::print("taken as {}\n", preprocessing_text(owner.client().preprocessing, owner.client().input));
    print_chunks(owner.client(), query);
    print_order(images);
  }
}

}  // namespace

void add_encrypt_verb(CLI::App& verb) {
  const auto args = std::make_shared<EncryptArguments>();
  verb.add_option("--keys", args->keys, "Folder that keygen made")->required()->group(kFiles);
  verb.add_option(
          "images", args->images,
          "Images (PNG, JPEG, BMP, WebP, TIFF, GIF, PBM, PGM, PPM) or folders of them; resized and converted to "
          "what the network takes, with a note")
      ->required()
      ->group(kFiles);
  verb.add_option("--out", args->out, "Query to write")->required()->group(kFiles);
  fit_options().add_to(verb, args->fit);
  add_passphrase(verb, args->passphrase);
  add_threads(verb, args->threads);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura encrypt --keys keys/ samples/digits/7-0.png --out digit.ct\n"
      "  obscura encrypt --keys keys-batched/ samples/digits/ --out digits.ct");
  verb.callback([args] { run_encrypt(*args); });
}

}  // namespace obscura::cli
