// A folder of labelled files: which of them belong to a split, and what is said of the rest.
#include "image/class_folders.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/error.h"
#include "image/loaders.h"
#include "image/split_folders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

/// Of a plain folder, one image in so many of every class is a test image.
constexpr std::size_t kTestOneIn = 5;

std::vector<fs::path> part_of(const std::vector<fs::path>& files, Split split) {
  std::vector<fs::path> out;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if ((i % kTestOneIn == kTestOneIn - 1) == (split == Split::test)) out.push_back(files[i]);
  }
  return out;
}

std::size_t total(const ClassLists& files) {
  std::size_t count = 0;
  for (const auto& list : files) count += list.size();
  return count;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "'" : ", '") + name + "'";
  return list;
}

/// All splits of a folder, each with the files of every class.
struct Layout {
  SplitFolders folders;
  std::vector<Split> splits;  ///< as in found.files; one, train, of a plain folder: the whole
  ClassFiles found;

  const ClassLists* of(Split split) const {
    const auto at = std::find(splits.begin(), splits.end(), split);
    return at == splits.end() ? nullptr : &found.files[static_cast<std::size_t>(at - splits.begin())];
  }
};

Layout read_layout(const fs::path& folder, const IsWanted& wanted) {
  Layout out;
  out.folders = find_splits(folder, wanted);
  std::vector<fs::path> roots;
  for (const auto& [split, root] : out.folders.splits) {
    out.splits.push_back(split);
    roots.push_back(root);
  }
  if (roots.empty()) {
    out.splits.push_back(Split::train);
    roots.push_back(folder);
  }
  out.found = find_classes(roots, wanted);
  std::size_t files = 0;
  for (const auto& lists : out.found.files) files += total(lists);
  if (files == 0) {
    const std::string notes = out.found.notes.empty() ? "" : "; " + out.found.notes.front();
    throw FormatError(folder.string() + " has no subfolders with images (subfolder = class)" + notes);
  }
  return out;
}

/// The files of a split of a plain folder, and the rule.
ClassLists divide(const Layout& layout, Split split, const fs::path& folder, std::vector<std::string>& notes) {
  const std::string name = folder_name(folder);
  if (split == Split::validation) {
    throw FormatError(folder.string() + " has no validation images of its own (a folder val/ with a folder a class)");
  }
  const ClassLists& all = layout.found.files.front();
  ClassLists out;
  std::vector<std::string> small;
  std::size_t tests = 0;
  for (std::size_t c = 0; c < all.size(); ++c) {
    out.push_back(part_of(all[c], split));
    tests += all[c].size() / kTestOneIn;
    if (!all[c].empty() && all[c].size() < kTestOneIn) small.push_back(layout.found.classes[c]);
  }
  notes.push_back(name +
                  " has no folders train/ and test/: by order of names every fifth image of a class is a test "
                  "image, " +
                  std::to_string(tests) + " of " + std::to_string(total(all)) + ", and the others are for training");
  if (!small.empty()) notes.push_back(name + ": too few images to have a test image: class " + quoted(small));
  return out;
}

/// The files of a split that has a folder. Those of validation stand in for a test.
const ClassLists& folder_of(const Layout& layout, Split split, const fs::path& folder,
                            std::vector<std::string>& notes) {
  if (const auto* files = layout.of(split)) return *files;
  const auto* validation = layout.of(Split::validation);
  if (split == Split::test && validation != nullptr) {
    notes.push_back(folder_name(folder) + " has no folder test/: the images in " +
                    layout.folders.splits.at(Split::validation).filename().string() +
                    "/ are taken, which training may have chosen by");
    return *validation;
  }
  std::string there;
  for (const auto& [other, path] : layout.folders.splits) {
    there += (there.empty() ? "" : ", ") + path.filename().string() + "/";
  }
  throw FormatError(folder.string() + " has no " + to_string(split) + " images: it is divided into " + there +
                    " and has no folder " + (split == Split::validation ? "val" : to_string(split)) + "/");
}

}  // namespace

bool is_image_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const auto known = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".ppm"};
  return std::find(known.begin(), known.end(), ending) != known.end();
}

std::vector<std::pair<fs::path, std::size_t>> by_turn(const ClassLists& files, std::size_t limit) {
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

LabelledFiles labelled_files(const fs::path& folder, Split split, std::size_t limit, const IsWanted& wanted) {
  const Layout layout = read_layout(folder, wanted);
  LabelledFiles out;
  out.classes = layout.found.classes;
  out.notes = layout.folders.notes;
  for (const auto& line : layout.found.notes) out.notes.push_back(folder_name(folder) + ": " + line);
  const ClassLists files =
      layout.folders.divided() ? folder_of(layout, split, folder, out.notes) : divide(layout, split, folder, out.notes);
  out.available = total(files);
  out.files = by_turn(files, limit);
  if (out.files.empty())
    throw FormatError(folder.string() + " has too few images for a " + to_string(split) + " split");
  return out;
}

bool folder_has_split(const fs::path& folder, Split split) {
  const auto folders = find_splits(folder, is_image_name);
  return folders.divided() ? folders.splits.contains(split) : split != Split::validation;
}

void require_classes_to_train(const fs::path& folder, const IsWanted& wanted) {
  const Layout layout = read_layout(folder, wanted);
  const auto* train = layout.of(Split::train);
  if (train == nullptr) return;  // loading will say so
  std::vector<std::string> missing;
  for (std::size_t c = 0; c < train->size(); ++c) {
    if ((*train)[c].empty()) missing.push_back(layout.found.classes[c]);
  }
  if (missing.empty()) return;
  std::vector<std::string> trained;
  for (std::size_t c = 0; c < train->size(); ++c) {
    if (!(*train)[c].empty()) trained.push_back(layout.found.classes[c]);
  }
  throw MismatchError(folder.string() + " has no training images of the class" + (missing.size() == 1 ? " " : "es ") +
                      quoted(missing) + ", only of " + quoted(trained) + "; add some, or remove " +
                      (missing.size() == 1 ? "its folders" : "their folders"));
}

}  // namespace obscura::image
