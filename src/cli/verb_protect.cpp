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
#include "cli/options.h"
#include "cli/picture_folder.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "image/dataset.h"
#include "shield/container.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct Arguments {
  std::string shield;
  std::size_t block = 0;
  std::string arithmetic;
  fs::path key;
  bool make_key = false;
  bool per_image = false;
  bool colour = false;
  bool no_view = false;
  std::vector<std::string> paths;
  std::string dataset;
  std::string split = "test";
  std::size_t limit = 0;
  fs::path data;
  std::size_t threads = 0;
  bool json = false;
};

shield::Parameters wanted_parameters(const Arguments& a) {
  if (a.shield.empty()) throw UsageError("--make-key needs --shield");
  shield::Parameters p{a.shield, a.block, shield::Arithmetic::modular};
  const bool real = a.arithmetic.empty() ? a.shield == "hill" : a.arithmetic == "real";
  if (real) p.arithmetic = shield::Arithmetic::real;
  return shield::complete(p);
}

void require_agreement(const Arguments& a, const shield::Key& key) {
  const auto differ = [&](const std::string& asked, const std::string& has) {
    throw MismatchError("the key " + a.key.string() + " is one of " + has + ", not of " + asked);
  };
  const shield::Parameters& p = key.parameters;
  if (!a.shield.empty() && a.shield != p.shield) differ(a.shield, p.shield);
  if (a.block != 0 && a.block != p.block) differ("blocks of " + std::to_string(a.block), std::to_string(p.block));
  const std::string arithmetic = shield::to_string(p.arithmetic);
  if (!a.arithmetic.empty() && a.arithmetic != arithmetic) differ(a.arithmetic + " arithmetic", arithmetic);
}

/// The key of the file, or one made now and written when all else is done.
shield::Key take_key(const Arguments& a) {
  std::error_code ec;
  if (a.make_key) {
    if (fs::exists(fs::symlink_status(a.key, ec))) {
      throw IoError("there is a key " + a.key.string() +
                    " already; without it what it protected could not be revealed");
    }
    check_output(a.key);
    return shield::make_key(wanted_parameters(a));
  }
  if (!a.shield.empty()) shield::complete({a.shield, a.block, shield::Arithmetic::modular});
  if (!fs::exists(a.key, ec)) throw IoError("there is no key " + a.key.string() + "; --make-key makes one");
  shield::Key key = shield::read_key(a.key);
  require_agreement(a, key);
  return key;
}

/// What is to be protected: names without ending, and how to get each.
struct Source {
  std::vector<fs::path> stems;
  std::function<image::Image(std::size_t)> read;
};

Source folder_source(const fs::path& in) {
  auto list = std::make_shared<PictureFiles>(list_pictures(in, has_image_ending));
  if (list->others != 0) note(std::to_string(list->others) + " files in " + in.string() + " are no images: left out");
  Source out;
  for (const PictureFile& file : list->files) out.stems.push_back(file.stem);
  out.read = [list](std::size_t i) { return image::read_image(list->files[i].file); };
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
      std::make_shared<image::Dataset>(image::load_dataset(a.dataset, image::parse_split(a.split), a.data, a.limit));
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
  /// Whether real pictures are written as pictures for people, too.
  bool views() const { return views_; }

  /// The label and the picture of an image.
  std::pair<shield::Label, shield::Picture> protect(const image::Image& image) const {
    shield::Label label = label_;
    label.height = image.height;
    label.width = image.width;
    const image::Image& in = image;
    const bool grey = colour_ && in.channels == 1;
    if (per_image_) label.nonce = shield::random_nonce();
    const auto own = per_image_ ? shield::make_shield(key_, *label.nonce) : nullptr;
    const shield::Shield& shield = own ? *own : *shared_;
    return {label, shield.protect(grey ? image::to_rgb(in) : in).picture};
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

void protect_one(const Source& source, std::size_t i, const Protector& protector, const Put& put, Tally& tally) {
  const image::Image image = source.read(i);
  try {
    const double start = processor_time(CLOCK_THREAD_CPUTIME_ID);
    const auto [label, picture] = protector.protect(image);
    tally.nanoseconds += static_cast<std::uint64_t>((processor_time(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9);
    if (i == 0) tally.key_space_bits = protector.shared().key_space_bits(image.channels, image.height, image.width);
    const auto bytes = shield::encode(label, picture);
    tally.bytes += bytes.size();
    put(source.stems[i].string() + shield::file_ending(label.parameters), bytes);
    if (const auto* real = std::get_if<shield::RealImage>(&picture); real != nullptr && protector.views()) {
      put(source.stems[i].string() + ".view.png", image::encode_png(shield::view(*real)));
    }
  } catch (const UnsupportedError& e) {
    throw UnsupportedError(source.stems[i].string() + ": " + e.what() + " (--colour makes it three equal channels)");
  }
}

void protect_all(const Arguments& a, const Source& source, const Protector& protector, const Put& put, Tally& tally) {
  const Stopwatch watch;
  const double start = processor_time(CLOCK_PROCESS_CPUTIME_ID);
  ThreadPool pool(a.threads);
  Progress progress("protecting", source.stems.size(), "images", !a.json);
  pool.parallel_for(source.stems.size(), [&](std::size_t i) {
    protect_one(source, i, protector, put, tally);
    progress.advance();
  });
  tally.images = source.stems.size();
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
  protect_all(
      a, source, protector,
      [&](const fs::path& name, std::span<const std::uint8_t> bytes) {
        fs::path file = out;
        if (name.extension() != ending) file.replace_extension(".view.png");
        write_file(file, bytes);
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

void report(const Arguments& a, const shield::Shield& shield, const fs::path& out, const Tally& tally) {
  const double rate = static_cast<double>(tally.images) / std::max(tally.seconds, 1e-9);
  const std::string keys = a.per_image ? "per-image" : "one";
  if (a.json) {
    print_json({{"shield", shield.name()},
                {"block", shield.block()},
                {"arithmetic", shield::to_string(shield.parameters().arithmetic)},
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
                {"promise", shield.promise()}});
    return;
  }
  std::printf("%zu images protected in %s: %s, %.0f a second, %s\n", tally.images, out.c_str(),
              duration_text(tally.seconds).c_str(), rate, bytes_text(tally.bytes).c_str());
  std::printf("%s, blocks of %zu, %s: %s\n", shield.name().c_str(), shield.block(),
              a.per_image ? "a key an image" : "one key for all images", shield.promise().c_str());
}

void run_protect(const Arguments& a) {
  const bool from_set = !a.dataset.empty();
  if (a.paths.size() != (from_set ? 1 : 2)) {
    throw UsageError(from_set ? "with --dataset, name one folder: where protected images go"
                              : "name what is to be protected, and where to put it");
  }
  const shield::Key key = take_key(a);
  if (a.per_image && !key.matrices.empty()) {
    throw UnsupportedError("a key of given matrices has no keys of single images");
  }
  const fs::path out = a.paths.back();
  const Protector protector(a, key);
  const Source source = from_set ? dataset_source(a) : folder_source(a.paths.front());
  Tally tally;
  const bool single = !from_set && !fs::is_directory(a.paths.front());
  // The key first: images without it would be lost.
  if (a.make_key) shield::write_key(a.key, key);
  try {
    (single ? protect_file : protect_folder)(a, source, protector, out, tally);
  } catch (...) {
    std::error_code ec;
    if (a.make_key) fs::remove(a.key, ec);
    throw;
  }
  report(a, protector.shared(), out, tally);
}

void add_key_options(CLI::App& verb, Arguments& a) {
  verb.add_option("--key", a.key, "The owner's key, a JSON file")->required()->group(kFiles);
  verb.add_flag("--make-key", a.make_key, "Make the key first: a new file, readable by you alone")->group(kFiles);
  verb.add_option("--shield", a.shield, "hill, le, pe, ele or etc (default: the key's)")->group(kRun);
  verb.add_option("--block", a.block, "Pixels a side of a block (default: 4; etc for JPEG: 16)")
      ->check(whole_number())
      ->check(CLI::Range(1, 64))
      ->group(kRun);
  verb.add_option("--arithmetic", a.arithmetic, "hill: real, for networks, or modular, the classical cipher")
      ->check(CLI::IsMember({"real", "modular"}))
      ->group(kRun);
  verb.add_flag("--per-image", a.per_image, "A key an image, derived from the key and a nonce in the protected file")
      ->group(kRun);
}

}  // namespace

void add_protect_verb(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("protect", "Images as pictures that networks can learn from (no encryption)");
  add_key_options(*verb, *a);
  verb->add_option("paths", a->paths, "An image or a folder of images, and where its protected form goes")
      ->expected(1, 2)
      ->required()
      ->group(kFiles);
  verb->add_option("--dataset", a->dataset, "A data set instead of a folder; images go to CLASS/NUMBER")->group(kFiles);
  verb->add_option("--split", a->split, "train or test")->capture_default_str()->group(kFiles);
  verb->add_option("--limit", a->limit, "The data set's first so many images only")
      ->check(whole_number())
      ->group(kFiles);
  verb->add_option("--data", a->data, "Folder that holds the data sets")->group(kFiles);
  verb->add_flag("--colour", a->colour, "Make grey images colour images, for shields that take no others")->group(kRun);
  verb->add_flag("--no-view", a->no_view, "Leave out the .view.png that real hill writes beside each .shield file")
      ->group(kOutput);
  add_threads(*verb, a->threads);
  add_json(*verb, a->json);
  verb->callback([a] { run_protect(*a); });
}

}  // namespace obscura::cli
