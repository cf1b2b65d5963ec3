#include "image/dataset.h"

#include <algorithm>
#include <cstdlib>

#include "base/environment.h"
#include "base/error.h"
#include "image/class_folders.h"
#include "image/digits.h"
#include "image/loaders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kSampleTestCount = 1000;
constexpr std::size_t kSampleTrainCount = 10000;
/// Training samples come from seeds that no test sample uses.
constexpr std::uint64_t kSampleTrainSeed = std::uint64_t{1} << 40;

/// The source tree that the running program was built in, or nothing.
fs::path source_tree() {
  std::error_code ec;
  for (fs::path at = fs::read_symlink("/proc/self/exe", ec).parent_path(); at.has_relative_path();
       at = at.parent_path()) {
    if (fs::exists(at / "src/image/dataset.h", ec)) return at;
  }
  return {};
}

Dataset load_samples(Split split, std::size_t limit) {
  if (const fs::path folder = environment("OBSCURA_SAMPLES"); !folder.empty()) {
    return load_digit_files(folder, limit);
  }
  const bool train = split == Split::train;
  const std::size_t count = limit != 0 ? limit : train ? kSampleTrainCount : kSampleTestCount;
  Dataset set = draw_digit_set(count, train ? kSampleTrainSeed : 0);
  set.available = std::max(count, train ? kSampleTrainCount : kSampleTestCount);
  return set;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// False for the name of a data set. Throws UsageError if it is neither.
bool is_folder(const std::string& name) {
  const auto names = dataset_names();
  if (name == "cifar10" || std::find(names.begin(), names.end(), name) != names.end()) return false;
  std::error_code ec;
  if (fs::is_directory(name, ec)) return true;
  throw UsageError("there is no data set or image folder '" + name + "'; the data sets are " + joined(names));
}

/// Of NEU-CLS, from 1; 0 for another data set.
std::size_t neu_division(const std::string& name) {
  if (name == "neu-cls") return 1;
  const bool numbered = name.size() == 9 && name.starts_with("neu-cls-") && name[8] >= '2' && name[8] <= '5';
  return numbered ? static_cast<std::size_t>(name[8] - '0') : 0;
}

Dataset load_named(const std::string& name, Split split, const fs::path& data_dir, std::size_t limit) {
  if (name == "samples") return load_samples(split, limit);
  if (name == "kmnist-split") {
    return load_divided_set(name, "kmnist", split, find_data_dir(data_dir, "kmnist") / "kmnist", limit);
  }
  if (const std::size_t number = neu_division(name)) {
    return load_neu(split, find_data_dir(data_dir, "neu-cls") / "neu-cls", number, limit);
  }
  const fs::path folder = find_data_dir(data_dir, name) / name;
  if (name == "cifar-10") return load_cifar10(split, folder, limit);
  return load_idx_set(name, split, folder, limit);
}

}  // namespace

std::string to_string(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    case Split::test:
      break;
  }
  return "test";
}

Split parse_split(const std::string& text) {
  if (text == "train") return Split::train;
  if (text == "validation" || text == "valid" || text == "val") return Split::validation;
  if (text == "test") return Split::test;
  throw UsageError("a split is train, validation or test, not '" + text + "'");
}

Image Dataset::image(std::size_t n) const {
  if (n >= count) {
    throw ParameterError(name + " has " + std::to_string(count) + " images, there is no number " + std::to_string(n));
  }
  return from_planar(pixels(n), channels, height, width);
}

fs::path default_data_dir() {
  if (const fs::path cache = environment("XDG_CACHE_HOME"); !cache.empty()) return cache / "obscura" / "data";
  const fs::path home = environment("HOME");
  return (home.empty() ? fs::path(".") : home) / ".cache" / "obscura" / "data";
}

std::vector<fs::path> data_dirs(const fs::path& argument) {
  if (!argument.empty()) return {argument};
  if (const fs::path dir = environment("OBSCURA_DATA"); !dir.empty()) return {dir};
  std::vector<fs::path> dirs = {default_data_dir()};
  if (const fs::path tree = source_tree(); !tree.empty()) dirs.push_back(tree.parent_path() / "shared" / "data");
  return dirs;
}

fs::path find_data_dir(const fs::path& argument, const std::string& set) {
  const auto dirs = data_dirs(argument);
  std::error_code ec;
  for (const fs::path& dir : dirs) {
    if (fs::is_directory(set.empty() ? dir : dir / set, ec)) return dir;
  }
  return dirs.front();
}

std::vector<std::string> dataset_names() {
  return {"mnist",     "fashion-mnist", "kmnist",    "kmnist-split", "cifar-10", "neu-cls",
          "neu-cls-2", "neu-cls-3",     "neu-cls-4", "neu-cls-5",    "samples"};
}

void throw_missing(const std::string& set, const std::string& what, const fs::path& path) {
  const bool divisible = set == "kmnist" && what == "training images";
  throw IoError(set + " has no " + what + " here: " + path.string() + " is missing (obscura data fetch " + set +
                ", or name another folder with --data or $OBSCURA_DATA" +
                (divisible ? ", or take kmnist-split, which divides the test images" : "") + ")");
}

bool has_split(const std::string& name, Split split) {
  if (!is_folder(name)) return split != Split::validation || neu_division(name) != 0;
  return folder_has_split(name, split);
}

void require_classes_to_train(const std::string& name) {
  if (is_folder(name)) require_classes_to_train(name, is_image_name);
}

Dataset load_dataset(const std::string& asked, Split split, const fs::path& data_dir, std::size_t limit) {
  if (is_folder(asked)) return load_folder(split, asked, limit);
  if (split == Split::validation && neu_division(asked) == 0) {
    throw UsageError(asked + " has no validation images of its own: it has train and test");
  }
  Dataset set = load_named(asked == "cifar10" ? "cifar-10" : asked, split, data_dir, limit);
  set.available = std::max(set.available, set.count);
  return set;
}

std::vector<std::size_t> class_histogram(const Dataset& set) {
  std::vector<std::size_t> counts(set.classes.size());
  for (const std::int64_t label : set.labels) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

}  // namespace obscura::image
