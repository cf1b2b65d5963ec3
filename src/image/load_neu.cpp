// NEU-CLS: 1,800 pictures of steel, which have no official division.
#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "image/digest.h"
#include "image/loaders.h"
#include "image/random.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kNeuSide = 200;
constexpr std::size_t kNeuPerClass = 300;
constexpr std::size_t kNeuTest = 60;
constexpr std::size_t kNeuValidation = 24;
constexpr std::size_t kMaxFile = std::size_t{1} << 22;
/// With the division's number it is what the division is: another seed is another data set.
constexpr std::uint64_t kSeed = 1800;

/// The file of NEU image `number` of a class, in any of its spellings, or nothing.
fs::path find_neu_image(const fs::path& folder, const std::string& long_name, const std::string& short_name,
                        std::size_t number) {
  std::error_code ec;
  for (const std::string& name : {long_name, short_name}) {
    for (const char* ending : {".jpg", ".bmp", ".png"}) {
      fs::path path = folder / (name + "_" + std::to_string(number) + ending);
      if (fs::exists(path, ec)) return path;
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> neu_classes() {
  return {"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"};
}

std::vector<std::vector<fs::path>> find_neu_images(const fs::path& folder) {
  std::error_code ec;
  const fs::path images = fs::is_directory(folder / "images", ec) ? folder / "images" : folder;
  const std::vector<std::string> names = neu_classes();
  const std::vector<std::string> short_names = {"Cr", "In", "Pa", "PS", "RS", "Sc"};
  ClassLists files(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) {
    for (std::size_t n = 1; n <= kNeuPerClass; ++n) {
      files[c].push_back(find_neu_image(images, names[c], short_names[c], n));
      if (files[c].back().empty()) {
        throw_missing("neu-cls", "image " + std::to_string(n) + " of " + names[c],
                      images / (names[c] + "_" + std::to_string(n) + ".jpg"));
      }
    }
  }
  return files;
}

namespace {

/// Pictures that are the same file, together: patches_101 and patches_105 are.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<fs::path>& files) {
  std::map<std::string, std::vector<std::size_t>> by_content;
  for (std::size_t i = 0; i < files.size(); ++i) by_content[sha256(read_file(files[i], kMaxFile))].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  for (const auto& [content, members] : by_content) groups.push_back(members);
  // In the order of the files, whatever the digests.
  std::ranges::sort(groups);
  return groups;
}

/// Which split each picture of a class belongs to: drawn, so many to test and validation, and never two copies apart.
std::vector<Split> divided(const std::vector<fs::path>& files, std::size_t number, std::size_t label) {
  auto groups = groups_of(files);
  SplitMix random(kSeed + number, label);
  for (std::size_t i = groups.size(); i > 1; --i) std::swap(groups[i - 1], groups[random.below(i)]);
  std::vector<Split> split(files.size(), Split::train);
  std::size_t test = kNeuTest, validation = kNeuValidation;
  for (const auto& group : groups) {
    std::size_t& room = group.size() <= test ? test : validation;
    if (group.size() > room) continue;
    for (const std::size_t i : group) split[i] = &room == &test ? Split::test : Split::validation;
    room -= group.size();
  }
  return split;
}

}  // namespace

Dataset load_neu(Split split, const fs::path& folder, std::size_t number, std::size_t limit) {
  ClassLists files = find_neu_images(folder);
  for (std::size_t c = 0; c < files.size(); ++c) {
    const auto of = divided(files[c], number, c);
    std::vector<fs::path> chosen;
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (of[i] == split) chosen.push_back(files[c][i]);
    }
    files[c] = std::move(chosen);
  }
  Dataset set;
  set.name = number == 1 ? "neu-cls" : "neu-cls-" + std::to_string(number);
  set.classes = neu_classes();
  set.channels = 1;
  set.height = set.width = kNeuSide;
  set.by_turn = true;
  for (const auto& list : files) set.available += list.size();
  for (const auto& [path, label] : by_turn(files, limit)) {
    // The JPEG copies store grey as three equal channels.
    const Image image = to_grey(read_image(path));
    if (image.height != kNeuSide || image.width != kNeuSide) {
      throw FormatError(path.string() + " is not a NEU image: it has " + std::to_string(image.width) + "x" +
                        std::to_string(image.height) + " pixels, not 200x200");
    }
    set.images.insert(set.images.end(), image.pixels.begin(), image.pixels.end());
    set.labels.push_back(static_cast<std::int64_t>(label));
  }
  set.count = set.labels.size();
  return set;
}

}  // namespace obscura::image
