#include "study/protect/revealing.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "shield/container.h"
#include "study/images/picture_folder.h"
#include "study/shield_key_file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

using Put = std::function<void(const fs::path& stem, std::span<const std::uint8_t> bytes)>;

void reveal_all(const RevealRequest& a, const PictureFiles& list, const shield::Key& key, const shield::Shield& shared,
                const Put& put) {
  ThreadPool pool(a.threads);
  Progress progress("revealing", list.files.size(), "images", a.progress);
  pool.parallel_for(list.files.size(), [&](std::size_t i) {
    const std::string name = list.files[i].file.string();
    const auto file = shield::decode(read_file(name, kMaxBytes), name);
    put(list.files[i].stem, image::encode_png(shield::reveal(key, shared, file, name)));
    progress.advance();
  });
}

void reveal_into(const RevealRequest& a, const PictureFiles& list, const shield::Key& key,
                 const shield::Shield& shared) {
  if (!fs::is_directory(a.in)) {
    reveal_all(a, list, key, shared,
               [&](const fs::path&, std::span<const std::uint8_t> bytes) { write_file(a.out, bytes); });
    return;
  }
  StagedFolder folder(a.out);
  std::vector<fs::path> stems;
  for (const PictureFile& file : list.files) stems.push_back(file.stem);
  folder.prepare(stems);
  reveal_all(a, list, key, shared, [&](const fs::path& stem, std::span<const std::uint8_t> bytes) {
    folder.put(stem.string() + ".png", bytes);
  });
  folder.commit();
}

}  // namespace

double Revealed::images_per_second() const {
  return static_cast<double>(images) / std::max(seconds, 1e-9);
}

Revealed reveal_pictures(const RevealRequest& a) {
  const shield::Key key = load_shield_key(a.key, a.sealing);
  const std::shared_ptr<const shield::Shield> shared = shield::make_shield(key);
  shared->require_reveals();
  const PictureFiles list = list_pictures(a.in, shield::is_protected_name);
  const Stopwatch watch;
  reveal_into(a, list, key, *shared);
  return {shared, list.files.size(), watch.seconds()};
}

nlohmann::ordered_json reveal_json(const RevealRequest& a, const Revealed& done) {
  return {{"shield", done.shield->name()},
          {"block", done.shield->block()},
          {"arithmetic", shield::to_string(done.shield->parameters().arithmetic)},
          {"images", done.images},
          {"out", a.out.string()},
          {"seconds", done.seconds},
          {"images_per_second", done.images_per_second()},
          {"promise", done.shield->promise()}};
}

}  // namespace obscura::study
