// Data sets that are folders of image files: any labelled folder, and drawn digits.
#include <algorithm>

#include "base/error.h"
#include "image/class_folders.h"
#include "image/loaders.h"
#include "image/note_tally.h"
#include "image/split_folders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kDigitSide = 28;
/// The most decoded bytes of one folder.
constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

/// Reads all, made to fit the first; grey if all are grey. What reading changed goes into the set's notes.
void read_all(Dataset& set, const std::vector<std::pair<fs::path, std::size_t>>& files) {
  std::vector<Image> images;
  NoteTally notes;
  std::size_t bytes = 0;
  set.channels = 1;
  for (const auto& [path, label] : files) {
    ReadImage read = read_with_notes(path);
    notes.add(path, read.notes);
    images.push_back(std::move(read.image));
    set.channels = std::max(set.channels, images.back().channels);
    auto fitted = conform(images.back(), images.back().channels, images[0].height, images[0].width);
    notes.add(path, fitted.notes);
    images.back() = std::move(fitted.image);
    bytes += images.back().pixels.size();
    if (bytes > kMaxBytes) throw FormatError(path.string() + " is one image too many: they do not fit into memory");
    set.labels.push_back(static_cast<std::int64_t>(label));
  }
  const auto lines = notes.lines();
  set.notes.insert(set.notes.end(), lines.begin(), lines.end());
  set.count = images.size();
  set.height = images[0].height;
  set.width = images[0].width;
  for (Image& image : images) {
    const auto planar = to_planar(set.channels == 3 ? to_rgb(image) : image);
    set.images.insert(set.images.end(), planar.begin(), planar.end());
    image = {};
  }
}

}  // namespace

Dataset load_folder(Split split, const fs::path& folder, std::size_t limit) {
  Dataset set;
  set.name = folder_name(folder);
  LabelledFiles found = labelled_files(folder, split, limit, is_image_name);
  set.classes = std::move(found.classes);
  set.notes = std::move(found.notes);
  set.available = found.available;
  set.by_turn = true;
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
