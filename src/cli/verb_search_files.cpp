// `obscura search publish|owner-request|server-answer|owner-read`: a search as files between two processes, of which
// the server's has no secret.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/passphrase_options.h"
#include "cli/picture_options.h"
#include "cli/search_files_verbs.h"
#include "image/image.h"
#include "study/search/blind_files.h"
#include "study/search/search_files.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct FilesArguments {
  fs::path network;
  study::OwnerQuestion question;
  study::OwnerReading reading;
  fs::path gallery, request, keys, out;
  PassphraseOptions passphrase;
  std::size_t threads = 0;
  bool force = false;
};

void check(const FilesArguments& a, const fs::path& out, std::initializer_list<const char*> names,
           const std::vector<fs::path>& inputs) {
  std::error_code ec;
  fs::create_directories(out, ec);
  if (!fs::is_directory(out)) throw IoError("cannot make the folder " + out.string());
  std::vector<Output> outputs;
  for (const char* name : names) {
    const auto kind = std::string(name) == study::kSearchKeysFile ? study::FileKind::evaluation_keys
                                                                  : study::FileKind::search_message;
    outputs.push_back({out / name, kind});
  }
  check_outputs(outputs, inputs, a.force);
}

void print(const study::SearchFiles& files) {
  for (const std::string& line : files.lines) fmt::print("{}\n", line);
}

void run_publish(const FilesArguments& a) {
  check(a, a.out, {study::kCardFile, study::kHintFile}, {});
  print(study::publish_gallery(a.gallery, a.out, a.threads));
}

void run_compile(const FilesArguments& a) {
  const fs::path out = a.gallery / study::kBlindFolder;
  check(a, out, {}, {a.network});
  check_outputs({{out / study::kBlindProgramFile, study::FileKind::program}}, {a.network}, a.force);
  print(study::compile_blind(a.gallery, a.network));
}

void run_request(FilesArguments& a) {
  check(a, a.question.out, {study::kSearchKeysFile, study::kQuestionFile}, {a.question.picture, a.question.network});
  a.question.threads = a.threads;
  a.question.sealing = sealing_of(a.passphrase);
  print(study::owner_request(a.question, notes()));
}

void run_answer(const FilesArguments& a) {
  check(a, a.out, {study::kScoresFile, study::kFetchedFile},
        {a.request / study::kQuestionFile, a.request / study::kFetchFile, a.keys});
  print(study::server_answer(a.gallery, a.request, a.keys, a.out, a.threads));
}

void run_read(FilesArguments& a) {
  a.reading.sealing = sealing_of(a.passphrase);
  const auto& out = a.reading.out;
  std::error_code ec;
  fs::create_directories(out, ec);
  if (!fs::is_directory(out)) throw IoError("cannot make the folder " + out.string());
  std::vector<Output> outputs = {{out / study::kFetchFile, study::FileKind::search_message}};
  for (std::size_t i = 1; i <= a.reading.top; ++i) {
    outputs.push_back({out / fmt::format("{}.png", i), study::FileKind::png});
  }
  check_outputs(outputs, {}, a.force);
  const auto read = study::owner_read(a.reading);
  for (std::size_t i = 0; i < read.hits.size(); ++i) {
    const auto& hit = read.hits[i];
    fmt::print("{:>2}  distance {:.4f}  place {}", i + 1, hit.distance, hit.place);
    if (read.pictures) {
      const fs::path file = out / fmt::format("{}.png", i + 1);
      image::write_png(file, hit.image.thumbnail);
      fmt::print("  {:<14} {}  {}", hit.class_name.empty() ? "-" : hit.class_name, hit.image.name, file.string());
    }
    fmt::print("\n");
  }
  print(read.files);
  if (!read.pictures) fmt::print("the server answers this, too, without learning which images it gives\n");
}

CLI::Option* add_folder(CLI::App& verb, const char* name, fs::path& folder, const char* help) {
  return verb.add_option(name, folder, help)->required()->group(kFiles);
}

}  // namespace

void add_search_files(CLI::App& verb) {
  const auto a = std::make_shared<FilesArguments>();
  const auto sub = [&](const char* name, const char* help) {
    CLI::App& one = *verb.add_subcommand(name, help);
    add_force(one, a->force);
    return &one;
  };
  CLI::App& publish = *sub("publish", "The server: what owners need to know of a gallery, once a version");
  add_folder(publish, "--gallery", a->gallery, "A folder that index made");
  add_folder(publish, "--out", a->out, "A folder for the card and the hint");
  add_threads(publish, a->threads);
  publish.callback([a] { run_publish(*a); });

  CLI::App& compile = *sub("compile", "The server: a program for mode blind of this version of a gallery, for serve");
  add_folder(compile, "--gallery", a->gallery, "A folder that index made; the program goes into it");
  add_folder(compile, "--network", a->network, "The network that it was indexed with (ONNX)");
  compile.callback([a] { run_compile(*a); });

  CLI::App& request = *sub("owner-request", "The owner: a picture's vector, encrypted");
  request.add_option("picture", a->question.picture, "A picture")->required()->group(kFiles);
  add_folder(request, "--info", a->question.info, "The folder that publish made");
  add_folder(request, "--network", a->question.network, "The network that it was indexed with (ONNX)");
  add_folder(request, "--secret", a->question.secret,
             "The owner's folder: the key that reads answers, made if need be");
  add_folder(request, "--out", a->question.out, "A folder for what goes to the server");
  fit_options().add_to(request, a->question.fit);
  add_passphrase(request, a->passphrase, true);
  add_ask_passphrase(request, a->passphrase);
  add_threads(request, a->threads);
  request.callback([a] { run_request(*a); });

  CLI::App& answer = *sub("server-answer", "The server: scores, or images, that it cannot read");
  add_folder(answer, "--gallery", a->gallery, "A folder that index made");
  add_folder(answer, "--request", a->request, "The folder that an owner made");
  answer.add_option("--keys", a->keys, "The owner's evaluation keys, if they came before (default: in the request)")
      ->group(kFiles);
  add_folder(answer, "--out", a->out, "A folder for the answer");
  add_threads(answer, a->threads);
  answer.callback([a] { run_answer(*a); });

  CLI::App& read = *sub("owner-read", "The owner: which images are nearest, or the images");
  add_folder(read, "--info", a->reading.info, "The folder that publish made");
  add_folder(read, "--secret", a->reading.secret, "The owner's folder");
  add_folder(read, "--answer", a->reading.answer, "The folder that the server made");
  add_folder(read, "--out", a->reading.out, "A folder: of scores, for the next request; of images, for them");
  add_passphrase(read, a->passphrase, true);
  add_ask_passphrase(read, a->passphrase);
  read.add_option("--top", a->reading.top, "So many of the nearest, up to five")
      ->check(whole_number())
      ->capture_default_str()
      ->group(kRun);
  read.callback([a] { run_read(*a); });
}

}  // namespace obscura::cli
