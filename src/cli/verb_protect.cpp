// `obscura protect`: images become pictures that a network can still learn from, and people cannot read.
#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "cli/labelled_images.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_folder.h"
#include "cli/protect_key.h"
#include "cli/protect_model.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "image/note_tally.h"
#include "shield/container.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct Arguments {
  KeyOptions key;
  fs::path model;
  std::size_t batch = 128;
  bool per_image = false;
  bool colour = false;
  bool no_view = false;
  std::vector<std::string> paths;
  std::string dataset;
  std::string split = "test";
  std::size_t limit = 0;
  fs::path data;
  std::size_t threads = 0;
  bool force = false;
  bool json = false;
};

/// What is to be protected: names without ending, and how to get each.
struct Source {
  std::vector<fs::path> stems;
  std::function<image::Image(std::size_t)> read;
  std::shared_ptr<image::NoteTally> notes = std::make_shared<image::NoteTally>();  ///< of what was read
};

Source folder_source(const fs::path& in) {
  auto list = std::make_shared<PictureFiles>(list_pictures(in, has_image_ending));
  if (list->others != 0) note(std::to_string(list->others) + " files in " + in.string() + " are no images: left out");
  Source out;
  for (const PictureFile& file : list->files) out.stems.push_back(file.stem);
  out.read = [list, notes = out.notes](std::size_t i) {
    auto read = image::read_with_notes(list->files[i].file);
    notes->add(list->files[i].file, read.notes);
    return std::move(read.image);
  };
  return out;
}

std::string folder_name(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  }
  return name.empty() ? "_" : name;
}

/// Image n of a data set is CLASS/n: a folder of images as --dataset takes it again.
Source dataset_source(const Arguments& a) {
  const auto set =
      std::make_shared<image::Dataset>(load_noted(a.dataset, image::parse_split(a.split), a.data, a.limit));
  Source out;
  for (std::size_t i = 0; i < set->count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
    out.stems.push_back(fs::path(folder_name(set->classes.at(static_cast<std::size_t>(set->labels[i])))) / number);
  }
  out.read = [set](std::size_t i) { return set->image(i); };
  return out;
}

/// Protects single images with the key, or with a key each.
class Protector {
 public:
  Protector(const Arguments& a, shield::Key key)
      : key_(std::move(key)),
        shared_(shield::make_shield(key_)),
        per_image_(a.per_image),
        colour_(a.colour),
        views_(!a.no_view) {
    label_.parameters = key_.parameters;
    label_.key = shield::fingerprint(key_.seed);
  }

  const shield::Shield& shared() const { return *shared_; }
  /// Throws UnsupportedError for an image with channels that the shield does not take.
  void check(const image::Image& image, const std::string& name) const {
    const bool grey = image.channels == 1;
    if (shared_->takes_channels(grey && colour_ ? 3 : image.channels)) return;
    throw UnsupportedError(name + ": the shield " + shared_->name() +
                           (grey ? " with this key takes colour images only, and this one is grey "
                                   "(--colour makes it three equal channels)"
                                 : " with this key takes grey images only, and this one is in colour"));
  }
  /// Whether real pictures are written as pictures for people, too.
  bool views() const { return views_; }

  /// How many images are protected together: more than one where their statistics depend on each other.
  std::size_t together(std::size_t batch) const {
    return key_.parameters.statistics == shield::Statistics::batch ? std::max<std::size_t>(batch, 1) : 1;
  }

  /// Labels and pictures of images that are protected together.
  std::vector<std::pair<shield::Label, shield::Picture>> protect(std::vector<image::Image> images) const {
    shield::Label label = label_;
    if (per_image_) label.nonce = shield::random_nonce();
    const auto own = per_image_ ? shield::make_shield(key_, *label.nonce) : nullptr;
    for (image::Image& image : images) {
      if (colour_ && image.channels == 1) image = image::to_rgb(image);
    }
    std::vector<std::pair<shield::Label, shield::Picture>> out;
    for (shield::Protected& one : (own ? *own : *shared_).protect_batch(images)) {
      label.height = one.height;
      label.width = one.width;
      out.emplace_back(label, std::move(one.picture));
    }
    return out;
  }

 private:
  shield::Key key_;
  std::unique_ptr<shield::Shield> shared_;
  shield::Label label_;
  bool per_image_;
  bool colour_;
  bool views_;
};

/// What a run did.
struct Tally {
  std::size_t images = 0;
  std::atomic<std::size_t> bytes = 0;
  std::atomic<std::uint64_t> nanoseconds = 0;  ///< of the transform alone: processor time, all threads together
  double seconds = 0;
  double processor_seconds = 0;  ///< of all, with reading and writing
  double key_space_bits = 0;     ///< for the first image
};

/// Seconds, whatever else the machine was doing.
double processor_time(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Put = std::function<void(const fs::path& name, std::span<const std::uint8_t> bytes)>;

void put_one(const fs::path& stem, const shield::Label& label, const shield::Picture& picture, bool with_view,
             const Put& put, Tally& tally) {
  const auto bytes = shield::encode(label, picture);
  tally.bytes += bytes.size();
  put(stem.string() + shield::file_ending(label.parameters), bytes);
  if (const auto* real = std::get_if<shield::RealImage>(&picture); real != nullptr && with_view) {
    put(stem.string() + ".view.png", image::encode_png(shield::view(*real)));
  }
}

/// Images `first` to `last` - 1.
void protect_some(const Source& source, std::size_t first, std::size_t last, const Protector& protector, const Put& put,
                  Tally& tally) {
  std::vector<image::Image> images;
  for (std::size_t i = first; i < last; ++i) {
    images.push_back(source.read(i));
    protector.check(images.back(), source.stems[i].string());
  }
  if (first == 0) {
    const image::Image& image = images.front();
    tally.key_space_bits = protector.shared().key_space_bits(image.channels, image.height, image.width);
  }
  const double start = processor_time(CLOCK_THREAD_CPUTIME_ID);
  const auto pictures = protector.protect(std::move(images));
  tally.nanoseconds += static_cast<std::uint64_t>((processor_time(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9);
  for (std::size_t i = first; i < last; ++i) {
    const auto& [label, picture] = pictures[i - first];
    put_one(source.stems[i], label, picture, protector.views(), put, tally);
  }
}

void protect_all(const Arguments& a, const Source& source, const Protector& protector, const Put& put, Tally& tally) {
  const Stopwatch watch;
  const double start = processor_time(CLOCK_PROCESS_CPUTIME_ID);
  const std::size_t count = source.stems.size(), together = protector.together(a.batch);
  ThreadPool pool(a.threads);
  Progress progress("protecting", count, "images", !a.json);
  pool.parallel_for((count + together - 1) / together, [&](std::size_t i) {
    const std::size_t first = i * together, last = std::min(first + together, count);
    protect_some(source, first, last, protector, put, tally);
    for (std::size_t k = first; k < last; ++k) progress.advance();
  });
  tally.images = count;
  tally.seconds = watch.seconds();
  tally.processor_seconds = processor_time(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/// One image becomes the file `out`, and for people its view beside it.
void protect_file(const Arguments& a, const Source& source, const Protector& protector, const fs::path& out,
                  Tally& tally) {
  const std::string ending = shield::file_ending(protector.shared().parameters());
  if (out.extension() != ending) {
    throw UsageError("what " + protector.shared().name() + " makes of an image is a " + ending +
                     " file: name it so, not " + out.string());
  }
  fs::path view;
  if (ending == ".shield" && protector.views()) view = fs::path(out).replace_extension(".view.png");
  check_outputs({{out, FileKind::protected_picture}, {view, FileKind::png}}, {a.paths.front(), a.key.file}, a.force);
  protect_all(
      a, source, protector,
      [&](const fs::path& name, std::span<const std::uint8_t> bytes) {
        write_file(name.extension() == ending ? out : view, bytes);
      },
      tally);
}

void protect_folder(const Arguments& a, const Source& source, const Protector& protector, const fs::path& out,
                    Tally& tally) {
  StagedFolder folder(out);
  folder.prepare(source.stems);
  protect_all(
      a, source, protector, [&](const fs::path& name, std::span<const std::uint8_t> bytes) { folder.put(name, bytes); },
      tally);
  folder.commit();
}

/// What reading lost stays lost.
void print_notes(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) note(line);
  if (!lines.empty()) note("reveal gives back what was read, and does not undo what these notes say");
}

void report(const Arguments& a, const shield::Shield& shield, const fs::path& out, const Tally& tally,
            const std::vector<std::string>& notes) {
  const double rate = static_cast<double>(tally.images) / std::max(tally.seconds, 1e-9);
  const std::string keys = a.per_image ? "per-image" : "one";
  if (a.json) {
    const shield::Parameters& p = shield.parameters();
    const bool network = shield::is_encoder(p.shield);
    const auto of_network = [&](const auto& v) {
      return network ? nlohmann::ordered_json(v) : nlohmann::ordered_json();
    };
    print_json({{"shield", shield.name()},
                {"block", shield.block()},
                {"arithmetic", shield::to_string(p.arithmetic)},
                {"depth", of_network(p.depth)},
                {"hidden", of_network(p.hidden)},
                {"statistics", of_network(shield::to_string(p.statistics))},
                {"keys", keys},
                {"key_space_bits", tally.key_space_bits},
                {"seed_bits", 256},
                {"images", tally.images},
                {"out", out.string()},
                {"bytes", tally.bytes.load()},
                {"seconds",
                 {{"total", tally.seconds},
                  {"processor", tally.processor_seconds},
                  {"transform", static_cast<double>(tally.nanoseconds) * 1e-9}}},
                {"images_per_second", rate},
                {"notes", notes},
                {"promise", shield.promise()}});
    return;
  }
  std::printf("%zu images protected in %s: %s, %.0f a second, %s\n", tally.images, out.c_str(),
              duration_text(tally.seconds).c_str(), rate, bytes_text(tally.bytes).c_str());
  std::printf("%s, blocks of %zu, %s: %s\n", shield.name().c_str(), shield.block(),
              a.per_image ? "a key an image" : "one key for all images", shield.promise().c_str());
}

void run_protect(const Arguments& a) {
  if (!a.model.empty()) {
    if (a.paths.size() != 1 || !a.dataset.empty())
      throw UsageError("with --model, name one file: the network to write");
    if (a.per_image) throw UsageError("a network takes in one key for all images: leave out --per-image");
    protect_model(a.model, a.key, a.data, a.paths.front(), a.json, a.force);
    return;
  }
  const bool from_set = !a.dataset.empty();
  if (a.paths.size() != (from_set ? 1 : 2)) {
    throw UsageError(from_set ? "with --dataset, name one folder: where protected images go"
                              : "name what is to be protected, and where to put it");
  }
  std::optional<Source> found;
  const auto source_of = [&]() -> const Source& {
    if (!found) found = from_set ? dataset_source(a) : folder_source(a.paths.front());
    return *found;
  };
  const shield::Key key = take_key(a.key, a.data, [&] { return a.colour ? 3 : source_of().read(0).channels; });
  if (a.per_image && !key.matrices.empty()) {
    throw UnsupportedError("a key of given matrices has no keys of single images");
  }
  if (a.per_image && key.parameters.statistics == shield::Statistics::batch) {
    throw UnsupportedError("images with a key each are no batch: make a key with --statistics instance");
  }
  const fs::path out = a.paths.back();
  const Protector protector(a, key);
  const Source& source = source_of();
  Tally tally;
  const bool single = !from_set && !fs::is_directory(a.paths.front());
  // The key first: images without it would be lost.
  if (a.key.make) shield::write_key(a.key.file, key);
  try {
    (single ? protect_file : protect_folder)(a, source, protector, out, tally);
  } catch (...) {
    std::error_code ec;
    if (a.key.make) fs::remove(a.key.file, ec);
    throw;
  }
  const auto notes = source.notes->lines();
  print_notes(notes);
  report(a, protector.shared(), out, tally, notes);
}

}  // namespace

void add_protect_verb(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = add_verb(app, "protect");
  add_key_options(*verb, a->key);
  verb->add_flag("--per-image", a->per_image, "A key an image, derived from the key and a nonce in the protected file")
      ->group(kRun);
  verb->add_option("--batch", a->batch, "Images that are protected together, for a key with --statistics batch")
      ->check(whole_number())
      ->capture_default_str()
      ->group(kRun);
  verb->add_option("paths", a->paths, "An image or a folder of images, and where its protected form goes")
      ->expected(1, 2)
      ->required()
      ->group(kFiles);
  verb->add_option("--model", a->model,
                   "Instead of images, a trained network that reads patches (.safetensors): it takes in the key, and "
                   "reads protected images with the same answers")
      ->group(kFiles);
  verb->add_option("--dataset", a->dataset, "A data set instead of a folder; images go to CLASS/NUMBER")->group(kFiles);
  verb->add_option("--split", a->split, "train, validation or test")->capture_default_str()->group(kFiles);
  verb->add_option("--limit", a->limit, "The data set's first so many images only")
      ->check(whole_number())
      ->group(kFiles);
  verb->add_option("--data", a->data, "Folder that holds the data sets")->group(kFiles);
  verb->add_flag("--colour", a->colour, "Make grey images colour images, for shields that take no others")->group(kRun);
  verb->add_flag("--no-view", a->no_view, "Leave out the .view.png that is written beside each .shield file")
      ->group(kOutput);
  add_threads(*verb, a->threads);
  add_force(*verb, a->force);
  add_json(*verb, a->json);
  verb->callback([a] { run_protect(*a); });
}

}  // namespace obscura::cli
