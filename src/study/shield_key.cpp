#include "study/shield_key.h"

#include <algorithm>

#include "base/error.h"
#include "base/place.h"
#include "image/dataset.h"
#include "study/images/picture_folder.h"
#include "study/shield_key_file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kCalibrationImages = 1000;

void require_of_network(const KeyOptions& o, const std::string& shield) {
  if (shield::is_encoder(shield)) return;
  for (const auto& [given, name] :
       {std::pair(o.depth != 0, "--depth"), std::pair(o.hidden != 0, "--hidden"),
        std::pair(!o.statistics.empty(), "--statistics"), std::pair(!o.calibrate.empty(), "--calibrate")}) {
    if (given) throw UsageError(std::string(name) + " is for neuracrypt and color-neuracrypt, not for " + shield);
  }
}

/// Throws UsageError for a shield that there is not, or not so.
shield::Parameters wanted_parameters(const KeyOptions& o) {
  shield::Parameters p{o.shield, o.block, shield::Arithmetic::modular};
  const bool usually_real = o.shield == "hill" || shield::is_encoder(o.shield);
  if (o.arithmetic.empty() ? usually_real : o.arithmetic == "real") p.arithmetic = shield::Arithmetic::real;
  p.depth = o.depth;
  p.hidden = o.hidden;
  if (!o.statistics.empty()) p.statistics = shield::parse_statistics(o.statistics);
  const shield::Parameters complete = shield::complete(p);
  require_of_network(o, o.shield);
  if (!o.calibrate.empty() && complete.statistics != shield::Statistics::frozen) {
    throw UsageError("--calibrate is for frozen statistics, not for those of " + o.statistics);
  }
  return p;
}

void require_agreement(const KeyOptions& o, const shield::Key& key) {
  const auto differ = [&](const std::string& asked, const std::string& has) {
    throw MismatchError("the key " + o.file.string() + " is one of " + has + ", not of " + asked);
  };
  const shield::Parameters& p = key.parameters;
  if (!o.shield.empty() && o.shield != p.shield) differ(o.shield, p.shield);
  if (o.block != 0 && o.block != p.block) differ("blocks of " + std::to_string(o.block), std::to_string(p.block));
  const std::string arithmetic = shield::to_string(p.arithmetic), statistics = shield::to_string(p.statistics);
  if (!o.arithmetic.empty() && o.arithmetic != arithmetic) differ(o.arithmetic + " arithmetic", arithmetic);
  require_of_network(o, p.shield);
  if (o.depth != 0 && o.depth != p.depth) differ("depth " + std::to_string(o.depth), std::to_string(p.depth));
  if (o.hidden != 0 && o.hidden != p.hidden) differ("width " + std::to_string(o.hidden), std::to_string(p.hidden));
  if (!o.statistics.empty() && o.statistics != statistics) differ(o.statistics + " statistics", statistics);
}

std::vector<image::Image> calibration_images(const std::string& name, const fs::path& data) {
  std::vector<image::Image> out;
  if (name.empty()) return out;
  if (!fs::is_directory(name)) {
    const image::Dataset set = image::load_dataset(name, image::Split::train, data, kCalibrationImages);
    for (std::size_t i = 0; i < set.count; ++i) out.push_back(set.image(i));
    return out;
  }
  const PictureFiles list = list_pictures(name, has_image_ending);
  const std::size_t count = std::min(list.files.size(), kCalibrationImages);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(image::read_image(list.files[i * list.files.size() / count].file));
  }
  return out;
}

shield::Key new_key(const KeyOptions& o, const fs::path& data, const std::function<std::size_t()>& channels) {
  std::error_code ec;
  if (o.shield.empty()) throw UsageError("--make-key needs --shield");
  if (fs::exists(fs::symlink_status(o.file, ec))) {
    throw IoError("there is a key " + o.file.string() + " already; without it what it protected could not be revealed");
  }
  check_place(o.file);
  shield::Parameters p = wanted_parameters(o);
  // Refused before minutes of work.
  if (o.sealing.seal_new) {
    ckks::check_new_passphrase(o.sealing.passphrase(o.file.string(), ckks::PassphraseUse::seal));
  }
  if (p.shield == "neuracrypt") p.channels = channels();
  return shield::make_key(p, calibration_images(o.calibrate, data));
}

}  // namespace

shield::Key take_key(const KeyOptions& o, const fs::path& data, const std::function<std::size_t()>& channels) {
  if (o.make) return new_key(o, data, channels);
  std::error_code ec;
  if (!o.shield.empty()) wanted_parameters(o);
  if (!fs::exists(o.file, ec)) throw IoError("there is no key " + o.file.string() + "; --make-key makes one");
  if (!o.calibrate.empty()) throw UsageError("--calibrate goes with --make-key: a key that is there keeps its own");
  shield::Key key = load_shield_key(o.file, o.sealing);
  require_agreement(o, key);
  return key;
}

shield::Key draw_key(const KeyOptions& o, std::size_t channels, std::span<const image::Image> images) {
  KeyOptions wanted = o;
  wanted.calibrate = images.empty() ? "" : "the given images";
  shield::Parameters p = wanted_parameters(wanted);
  if (p.shield == "neuracrypt") p.channels = channels;
  return shield::make_key(p, images);
}

bool describes_key(const KeyOptions& o) {
  const bool words = !o.shield.empty() || !o.arithmetic.empty() || !o.statistics.empty() || !o.calibrate.empty();
  return words || o.make || o.depth != 0 || o.hidden != 0 || o.sealing.seal_new;
}

}  // namespace obscura::study
