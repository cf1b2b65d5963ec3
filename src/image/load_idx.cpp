// MNIST and the sets that took its format.
#include "base/error.h"
#include "base/file.h"
#include "image/idx.h"
#include "image/loaders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

/// Far above the largest of these sets; a file over it is none of them.
constexpr std::size_t kMaxFile = std::size_t{1} << 30;

/// `stem`.gz or, unpacked, `stem`.
fs::path find_idx(const std::string& set, Split split, const std::string& what, const fs::path& folder,
                  const std::string& stem) {
  std::error_code ec;
  for (const char* ending : {".gz", ""}) {
    const fs::path path = folder / (stem + ending);
    if (fs::is_regular_file(path, ec)) return path;
  }
  throw_missing(set, (split == Split::train ? "training " : "test ") + what, folder / (stem + ".gz"));
}

void require_labels(const Dataset& set, const fs::path& path) {
  for (const std::int64_t label : set.labels) {
    if (static_cast<std::size_t>(label) >= set.classes.size()) {
      throw FormatError(path.string() + " has the label " + std::to_string(label) + "; there are " +
                        std::to_string(set.classes.size()) + " classes");
    }
  }
}

}  // namespace

std::vector<std::string> mnist_classes(const std::string& name) {
  if (name == "fashion-mnist") {
    return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
  }
  if (name == "kmnist") return {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"};
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

Dataset load_idx_set(const std::string& name, Split split, const fs::path& folder, std::size_t limit) {
  const std::string stem = split == Split::train ? "train" : "t10k";
  const fs::path image_path = find_idx(name, split, "images", folder, stem + "-images-idx3-ubyte");
  const fs::path label_path = find_idx(name, split, "labels", folder, stem + "-labels-idx1-ubyte");
  IdxImages images = read_idx_images(read_file(image_path, kMaxFile), image_path.string(), limit);
  const IdxLabels labels = read_idx_labels(read_file(label_path, kMaxFile), label_path.string(), limit);
  if (images.total != labels.total) {
    throw FormatError(image_path.string() + " holds " + std::to_string(images.total) + " images but " +
                      label_path.string() + " " + std::to_string(labels.total) + " labels");
  }
  Dataset set;
  set.name = name;
  set.classes = mnist_classes(name);
  set.images = std::move(images.pixels);
  set.labels.assign(labels.labels.begin(), labels.labels.end());
  set.count = images.count;
  set.available = images.total;
  set.channels = 1;
  set.height = images.height;
  set.width = images.width;
  require_labels(set, label_path);
  return set;
}

}  // namespace obscura::image
