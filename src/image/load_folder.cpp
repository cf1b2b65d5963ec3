// Data sets that are folders of image files: any labelled folder, and NEU-CLS.
#include <algorithm>

#include "base/error.h"
#include "image/class_folders.h"
#include "image/loaders.h"
#include "image/split_folders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kNeuSide = 200;
constexpr std::size_t kNeuPerClass = 300;
constexpr std::size_t kNeuTrain = 240;
constexpr std::size_t kDigitSide = 28;
/// The most decoded bytes of one folder.
constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

/// Reads all, made to fit the first; grey if all are grey.
void read_all(Dataset& set, const std::vector<std::pair<fs::path, std::size_t>>& files) {
  std::vector<Image> images;
  std::size_t bytes = 0;
  set.channels = 1;
  for (const auto& [path, label] : files) {
    images.push_back(read_image(path));
    set.channels = std::max(set.channels, images.back().channels);
    images.back() = conform(images.back(), images.back().channels, images[0].height, images[0].width).image;
    bytes += images.back().pixels.size();
    if (bytes > kMaxBytes) throw FormatError(path.string() + " is one image too many: they do not fit into memory");
    set.labels.push_back(static_cast<std::int64_t>(label));
  }
  set.count = images.size();
  set.height = images[0].height;
  set.width = images[0].width;
  for (Image& image : images) {
    const auto planar = to_planar(set.channels == 3 ? to_rgb(image) : image);
    set.images.insert(set.images.end(), planar.begin(), planar.end());
    image = {};
  }
}

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

Dataset load_neu(Split split, const fs::path& folder, std::size_t limit) {
  ClassLists files = find_neu_images(folder);
  for (auto& list : files) {
    const auto middle = list.begin() + kNeuTrain;
    list = split == Split::train ? std::vector(list.begin(), middle) : std::vector(middle, list.end());
  }
  Dataset set;
  set.name = "neu-cls";
  set.classes = neu_classes();
  set.channels = 1;
  set.height = set.width = kNeuSide;
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

Dataset load_folder(Split split, const fs::path& folder, std::size_t limit) {
  Dataset set;
  set.name = folder_name(folder);
  LabelledFiles found = labelled_files(folder, split, limit, is_image_name);
  set.classes = std::move(found.classes);
  set.notes = std::move(found.notes);
  set.available = found.available;
  read_all(set, found.files);
  return set;
}

Dataset load_digit_files(const fs::path& folder, std::size_t limit) {
  Dataset set;
  set.name = "samples";
  set.classes = mnist_classes("mnist");
  set.channels = 1;
  set.height = set.width = kDigitSide;
  for (const fs::path& path : list_folder(folder, is_image_name).wanted) {
    const std::string name = path.filename().string();
    if (name[0] < '0' || name[0] > '9' || name[1] != '-' || (limit != 0 && set.labels.size() == limit)) continue;
    const Image image = conform(read_image(path), 1, kDigitSide, kDigitSide).image;
    set.images.insert(set.images.end(), image.pixels.begin(), image.pixels.end());
    set.labels.push_back(name[0] - '0');
  }
  set.count = set.labels.size();
  if (set.count == 0) throw FormatError(folder.string() + " has no images named <digit>-<number>.png");
  return set;
}

}  // namespace obscura::image
