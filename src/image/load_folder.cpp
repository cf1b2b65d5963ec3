// Data sets that are folders of image files: any labelled folder, and NEU-CLS.
#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "image/class_folders.h"
#include "image/loaders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kNeuSide = 200;
constexpr std::size_t kNeuPerClass = 300;
constexpr std::size_t kNeuTrain = 240;
constexpr std::size_t kDigitSide = 28;
/// The most decoded bytes of one folder.
constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

using Files = std::vector<std::vector<fs::path>>;  // [class][image]

/// Class by turn, so that the first so many are balanced.
std::vector<std::pair<fs::path, std::size_t>> by_turn(const Files& files, std::size_t limit) {
  std::vector<std::pair<fs::path, std::size_t>> out;
  std::size_t longest = 0;
  for (const auto& list : files) longest = std::max(longest, list.size());
  for (std::size_t k = 0; k < longest; ++k) {
    for (std::size_t c = 0; c < files.size(); ++c) {
      if (k < files[c].size() && (limit == 0 || out.size() < limit)) out.emplace_back(files[c][k], c);
    }
  }
  return out;
}

using Wanted = std::function<bool(const fs::path&)>;

/// Subfolders, or the files that are wanted.
std::vector<fs::path> sorted_entries(const fs::path& folder, bool folders, const Wanted& is_wanted) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    const fs::directory_entry& entry = *at;
    std::error_code odd;  // a link to nowhere is no reason to stop
    const bool wanted = folders ? entry.is_directory(odd) : entry.is_regular_file(odd) && is_wanted(entry.path());
    if (wanted && entry.path().filename().string().front() != '.') out.push_back(entry.path());
  }
  if (ec) throw IoError("cannot read the folder " + folder.string() + ": " + ec.message());
  std::sort(out.begin(), out.end());
  return out;
}

/// Every fifth is a test image.
std::vector<fs::path> part_of(const std::vector<fs::path>& files, Split split) {
  std::vector<fs::path> out;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if ((i % 5 == 4) == (split == Split::test)) out.push_back(files[i]);
  }
  return out;
}

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
  Files files(names.size());
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
  Files files = find_neu_images(folder);
  for (auto& list : files) {
    const auto middle = list.begin() + kNeuTrain;
    list = split == Split::train ? std::vector(list.begin(), middle) : std::vector(middle, list.end());
  }
  Dataset set;
  set.name = "neu-cls";
  set.classes = neu_classes();
  set.channels = 1;
  set.height = set.width = kNeuSide;
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

bool is_image_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const auto known = {".png",  ".jpg", ".jpeg", ".jfif", ".bmp", ".webp", ".tif",
                      ".tiff", ".gif", ".pbm",  ".pgm",  ".ppm", ".pnm"};
  return std::find(known.begin(), known.end(), ending) != known.end();
}

LabelledFiles labelled_files(const fs::path& folder, Split split, std::size_t limit, const Wanted& wanted) {
  std::error_code ec;
  const bool divided = fs::is_directory(folder / "train", ec) || fs::is_directory(folder / "test", ec);
  const fs::path root = divided ? folder / to_string(split) : folder;
  LabelledFiles out;
  Files files;
  for (const fs::path& sub : sorted_entries(root, true, wanted)) {
    const auto all = sorted_entries(sub, false, wanted);
    if (all.empty()) continue;
    out.classes.push_back(sub.filename().string());
    files.push_back(divided ? all : part_of(all, split));
  }
  if (out.classes.empty()) throw FormatError(root.string() + " has no subfolders with images (subfolder = class)");
  out.files = by_turn(files, limit);
  if (out.files.empty()) throw FormatError(root.string() + " has too few images for a " + to_string(split) + " split");
  return out;
}

Dataset load_folder(Split split, const fs::path& folder, std::size_t limit) {
  Dataset set;
  set.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  const LabelledFiles found = labelled_files(folder, split, limit, is_image_name);
  set.classes = found.classes;
  read_all(set, found.files);
  return set;
}

Dataset load_digit_files(const fs::path& folder, std::size_t limit) {
  Dataset set;
  set.name = "samples";
  set.classes = mnist_classes("mnist");
  set.channels = 1;
  set.height = set.width = kDigitSide;
  for (const fs::path& path : sorted_entries(folder, false, is_image_name)) {
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
