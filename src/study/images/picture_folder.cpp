#include "study/images/picture_folder.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "image/class_folders.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

fs::path without_ending(fs::path path) {
  return path.replace_extension();
}

void require_distinct(const PictureFiles& list) {
  for (std::size_t i = 1; i < list.files.size(); ++i) {
    if (list.files[i - 1].stem == list.files[i].stem) {
      throw IoError(list.files[i - 1].file.string() + " and " + list.files[i].file.filename().string() +
                    " would become one file");
    }
  }
}

/// The folder's name without a slash at the end. Throws IoError unless it is free, or that of an empty folder.
fs::path free_folder(fs::path folder) {
  if (!folder.has_filename()) folder = folder.parent_path();  // "out/"
  std::error_code ec;
  const bool there = fs::exists(fs::symlink_status(folder, ec));
  if (there && (!fs::is_directory(folder, ec) || !fs::is_empty(folder, ec))) {
    throw IoError(folder.string() + " is there already and is no empty folder");
  }
  return folder;
}

fs::path made_parent(const fs::path& folder) {
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  std::error_code ec;
  fs::create_directories(parent, ec);
  if (ec) throw IoError("cannot make the folder " + folder.string() + ": " + ec.message());
  return parent;
}

}  // namespace

bool has_image_ending(const fs::path& path) {
  return image::is_image_name(path);
}

PictureFiles list_pictures(const fs::path& path, const std::function<bool(const fs::path&)>& wanted) {
  std::error_code ec;
  PictureFiles out;
  if (!fs::exists(path, ec)) throw IoError("cannot read " + path.string() + ": there is no such file or folder");
  if (!fs::is_directory(path, ec)) {
    out.files.push_back({path, without_ending(path.filename())});
    return out;
  }
  for (fs::recursive_directory_iterator at(path, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code odd;  // a link to nowhere is no reason to stop
    if (is_hidden(at->path())) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file(odd)) {
      if (wanted(at->path())) {
        out.files.push_back({at->path(), without_ending(at->path().lexically_relative(path))});
      } else {
        ++out.others;
      }
    }
  }
  if (ec) throw IoError("cannot read the folder " + path.string() + ": " + ec.message());
  if (out.files.empty()) throw IoError("there are no images in " + path.string());
  std::sort(out.files.begin(), out.files.end(), [](const PictureFile& a, const PictureFile& b) {
    return a.stem != b.stem ? a.stem < b.stem : a.file < b.file;
  });
  require_distinct(out);
  return out;
}

StagedFolder::StagedFolder(fs::path folder) : folder_(free_folder(std::move(folder))), beside_(made_parent(folder_)) {}

void StagedFolder::prepare(const std::vector<fs::path>& names) {
  std::set<fs::path> folders;
  for (const fs::path& name : names) folders.insert((beside_.path() / name).parent_path());
  for (const fs::path& folder : folders) {
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec) throw IoError("cannot make the folder " + folder.string() + ": " + ec.message());
  }
}

void StagedFolder::put(const fs::path& name, std::span<const std::uint8_t> bytes) const {
  beside_.put(name, bytes);
}

void StagedFolder::commit() {
  beside_.move_to(folder_);  // replaces an empty folder
}

}  // namespace obscura::study
