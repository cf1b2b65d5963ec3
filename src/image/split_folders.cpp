#include "image/split_folders.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "base/error.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return text;
}

/// What a folder of that name holds by custom.
std::optional<Split> split_called(const fs::path& folder) {
  const std::string name = lower(folder.filename().string());
  if (name == "train" || name == "training") return Split::train;
  if (name == "val" || name == "valid" || name == "validation") return Split::validation;
  if (name == "test" || name == "testing") return Split::test;
  return std::nullopt;
}

std::string counted(std::size_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

/// "12 files (.heic, .txt)".
std::string kinds_of(const std::vector<fs::path>& files) {
  std::set<std::string> endings;
  for (const auto& file : files) {
    const std::string ending = lower(file.extension().string());
    endings.insert(ending.empty() ? "no ending" : ending);
  }
  std::string list;
  for (const auto& ending : endings) list += (list.empty() ? "" : ", ") + ending;
  return counted(files.size(), "file") + (files.empty() ? "" : " (" + list + ")");
}

std::string quoted(const std::vector<fs::path>& folders) {
  std::string list;
  for (const auto& folder : folders) list += (list.empty() ? "" : ", ") + folder.filename().string() + "/";
  return list;
}

/// Left over by archives, never a class.
bool is_residue(const fs::path& folder) {
  return folder.filename() == "__MACOSX";
}

/// Folders that are called as a split is: with folders of classes in them, or with images.
struct Named {
  std::map<Split, std::vector<fs::path>> with_classes;
  std::vector<fs::path> with_images;
  std::vector<fs::path> others;  ///< folders that are called otherwise
};

Named sort_folders(const Listing& top, const IsWanted& is_wanted) {
  Named out;
  for (const auto& folder : top.folders) {
    const auto split = split_called(folder);
    if (!split) {
      if (!is_residue(folder)) out.others.push_back(folder);
      continue;
    }
    const Listing inside = list_folder(folder, is_wanted);
    if (!inside.folders.empty()) {
      out.with_classes[*split].push_back(folder);
    } else if (!inside.wanted.empty()) {
      out.with_images.push_back(folder);
    }
  }
  return out;
}

/// Folders that are called as splits are, but hold pictures: classes, if others are classes as well.
void read_as_classes(SplitFolders& out, const Named& named, const fs::path& folder) {
  if (named.with_images.empty()) return;
  std::set<Split> kinds;
  for (const auto& path : named.with_images) kinds.insert(*split_called(path));
  if (named.others.empty() || kinds.size() > 1) {
    throw FormatError(folder.string() + ": " + quoted(named.with_images) +
                      " hold images, but no folder a class, so nothing says what is on them (expected " +
                      named.with_images.front().filename().string() + "/CLASS/IMAGE)");
  }
  out.notes.push_back(folder_name(folder) + ": " + quoted(named.with_images) +
                      " holds images and no folders, so it is taken for a class, not for a split");
}

}  // namespace

std::string folder_name(const fs::path& folder) {
  std::error_code ec;
  const fs::path whole = fs::absolute(folder, ec).lexically_normal();
  return whole.filename().empty() ? whole.parent_path().filename().string() : whole.filename().string();
}

Listing list_folder(const fs::path& folder, const IsWanted& is_wanted) {
  Listing out;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    const fs::directory_entry& entry = *at;
    if (entry.path().filename().string().front() == '.') continue;
    std::error_code odd;  // a link to nowhere is no reason to stop
    if (entry.is_directory(odd)) {
      out.folders.push_back(entry.path());
    } else if (entry.is_regular_file(odd)) {
      (is_wanted(entry.path()) ? out.wanted : out.others).push_back(entry.path());
    }
  }
  if (ec) throw IoError("cannot read the folder " + folder.string() + ": " + ec.message());
  for (auto* list : {&out.folders, &out.wanted, &out.others}) std::sort(list->begin(), list->end());
  return out;
}

SplitFolders find_splits(const fs::path& folder, const IsWanted& is_wanted) {
  const Listing top = list_folder(folder, is_wanted);
  const Named named = sort_folders(top, is_wanted);
  SplitFolders out;
  for (const auto& [split, folders] : named.with_classes) {
    if (folders.size() > 1) {
      throw FormatError(folder.string() + " has more than one folder of " + to_string(split) +
                        " images: " + quoted(folders) + "; keep one of them");
    }
    out.splits[split] = folders.front();
  }
  const std::string name = folder_name(folder);
  if (!out.divided()) {
    read_as_classes(out, named, folder);
  } else {
    auto left_out = named.others;
    left_out.insert(left_out.end(), named.with_images.begin(), named.with_images.end());
    if (!left_out.empty()) {
      out.notes.push_back(name + ": left out " + quoted(left_out) +
                          ": beside folders of splits only train/, val/ and test/ with a folder a class are read");
    }
  }
  if (!top.wanted.empty()) {
    out.notes.push_back(name + ": left out " + counted(top.wanted.size(), "image") + " that lie in no class's folder");
  }
  return out;
}

ClassFiles find_classes(const std::vector<fs::path>& roots, const IsWanted& is_wanted) {
  ClassFiles out;
  std::map<std::string, std::vector<Listing>> classes;
  std::vector<fs::path> loose;
  for (std::size_t r = 0; r < roots.size(); ++r) {
    Listing root = list_folder(roots[r], is_wanted);
    loose.insert(loose.end(), root.wanted.begin(), root.wanted.end());
    for (const auto& folder : root.folders) {
      if (is_residue(folder)) continue;
      auto& listings = classes[folder.filename().string()];
      listings.resize(roots.size());
      listings[r] = list_folder(folder, is_wanted);
    }
  }
  if (!loose.empty() && roots.size() > 1) {
    out.notes.push_back("left out " + counted(loose.size(), "image") + " that lie in no class's folder, the first is " +
                        loose.front().string());
  }
  out.files.resize(roots.size());
  std::vector<fs::path> others, folders;
  for (auto& [name, listings] : classes) {
    out.classes.push_back(name);
    std::vector<fs::path> unread;
    std::size_t read = 0;
    for (std::size_t r = 0; r < roots.size(); ++r) {
      read += listings[r].wanted.size();
      unread.insert(unread.end(), listings[r].others.begin(), listings[r].others.end());
      folders.insert(folders.end(), listings[r].folders.begin(), listings[r].folders.end());
      out.files[r].push_back(std::move(listings[r].wanted));
    }
    if (read == 0) {
      out.notes.push_back("class '" + name + "' has no images that can be read: " + kinds_of(unread));
    } else {
      others.insert(others.end(), unread.begin(), unread.end());
    }
  }
  if (!others.empty()) {
    out.notes.push_back("left out " + kinds_of(others) + " that by their names are none to read, the first is " +
                        others.front().string());
  }
  if (!folders.empty()) {
    out.notes.push_back("left out " + counted(folders.size(), "folder") + " inside folders of classes, the first is " +
                        folders.front().string());
  }
  return out;
}

}  // namespace obscura::image
