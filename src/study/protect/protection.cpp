#include "study/protect/protection.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "shield/container.h"
#include "study/images/picture_folder.h"
#include "study/protect/picture_source.h"
#include "study/protect/protector.h"
#include "study/shield_key_file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// What a run did.
struct Tally {
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
void protect_some(const PictureSource& source, std::size_t first, std::size_t last, const Protector& protector,
                  bool views, const Put& put, Tally& tally) {
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
    put_one(source.stems[i], label, picture, views, put, tally);
  }
}

void protect_all(const ProtectionRequest& a, const PictureSource& source, const Protector& protector, const Put& put,
                 Tally& tally) {
  const Stopwatch watch;
  const double start = processor_time(CLOCK_PROCESS_CPUTIME_ID);
  const std::size_t count = source.stems.size(), together = protector.together(a.batch);
  ThreadPool pool(a.threads);
  Progress progress("protecting", count, "images", a.progress);
  pool.parallel_for((count + together - 1) / together, [&](std::size_t i) {
    const std::size_t first = i * together, last = std::min(first + together, count);
    protect_some(source, first, last, protector, a.views, put, tally);
    for (std::size_t k = first; k < last; ++k) progress.advance();
  });
  tally.seconds = watch.seconds();
  tally.processor_seconds = processor_time(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/// One image becomes the file `out`, and for people its view beside it.
void protect_file(const ProtectionRequest& a, const PictureSource& source, const Protector& protector, Tally& tally) {
  const fs::path& out = a.out;
  const std::string ending = shield::file_ending(protector.shared().parameters());
  if (out.extension() != ending) {
    throw UsageError("what " + protector.shared().name() + " makes of an image is a " + ending +
                     " file: name it so, not " + out.string());
  }
  fs::path view;
  if (ending == ".shield" && a.views) view = fs::path(out).replace_extension(".view.png");
  if (a.check) a.check(out, view);
  protect_all(
      a, source, protector,
      [&](const fs::path& name, std::span<const std::uint8_t> bytes) {
        write_file(name.extension() == ending ? out : view, bytes);
      },
      tally);
}

void protect_folder(const ProtectionRequest& a, const PictureSource& source, const Protector& protector, Tally& tally) {
  StagedFolder folder(a.out);
  folder.prepare(source.stems);
  protect_all(
      a, source, protector, [&](const fs::path& name, std::span<const std::uint8_t> bytes) { folder.put(name, bytes); },
      tally);
  folder.commit();
}

void check_keys(const ProtectionRequest& a, const shield::Key& key) {
  if (!a.per_image) return;
  if (!key.matrices.empty()) throw UnsupportedError("a key of given matrices has no keys of single images");
  if (key.parameters.statistics == shield::Statistics::batch) {
    throw UnsupportedError("images with a key each are no batch: make a key with --statistics instance");
  }
}

}  // namespace

double ProtectedPictures::images_per_second() const {
  return static_cast<double>(images) / std::max(seconds, 1e-9);
}

ProtectedPictures protect_pictures(const ProtectionRequest& a) {
  std::optional<PictureSource> found;
  const auto source = [&]() -> const PictureSource& {
    if (!found) {
      found =
          a.dataset.empty() ? folder_source(a.in, a.note) : dataset_source(a.dataset, a.split, a.data, a.limit, a.note);
    }
    return *found;
  };
  const shield::Key key = take_key(a.key, a.data, [&] { return a.colour ? 3 : source().read(0).channels; });
  check_keys(a, key);
  const Protector protector(key, a.per_image, a.colour);
  source();
  Tally tally;
  const bool single = a.dataset.empty() && !fs::is_directory(a.in);
  if (a.key.make) save_shield_key(a.key.file, key, a.key.sealing);
  try {
    (single ? protect_file : protect_folder)(a, source(), protector, tally);
  } catch (...) {
    std::error_code ec;
    if (a.key.make) fs::remove(a.key.file, ec);
    throw;
  }
  return {shield::make_shield(key),
          source().stems.size(),
          tally.bytes,
          tally.seconds,
          static_cast<double>(tally.nanoseconds) * 1e-9,
          tally.processor_seconds,
          tally.key_space_bits,
          source().notes->lines()};
}

nlohmann::ordered_json protection_json(const ProtectionRequest& a, const ProtectedPictures& done) {
  const shield::Parameters& p = done.shield->parameters();
  const bool network = shield::is_encoder(p.shield);
  const auto of_network = [&](const auto& v) { return network ? nlohmann::ordered_json(v) : nlohmann::ordered_json(); };
  return {{"shield", done.shield->name()},
          {"block", done.shield->block()},
          {"arithmetic", shield::to_string(p.arithmetic)},
          {"depth", of_network(p.depth)},
          {"hidden", of_network(p.hidden)},
          {"statistics", of_network(shield::to_string(p.statistics))},
          {"keys", a.per_image ? "per-image" : "one"},
          {"key_space_bits", done.key_space_bits},
          {"seed_bits", 256},
          {"images", done.images},
          {"out", a.out.string()},
          {"bytes", done.bytes},
          {"seconds",
           {{"total", done.seconds}, {"processor", done.processor_seconds}, {"transform", done.transform_seconds}}},
          {"images_per_second", done.images_per_second()},
          {"notes", done.notes},
          {"promise", done.shield->promise()}};
}

}  // namespace obscura::study
