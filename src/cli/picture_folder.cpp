#include "cli/picture_folder.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "image/class_folders.h"

namespace fs = std::filesystem;

namespace obscura::cli {
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

StagedFolder::StagedFolder(fs::path folder) : folder_(std::move(folder)) {
  if (!folder_.has_filename()) folder_ = folder_.parent_path();  // "out/"
  std::error_code ec;
  const bool there = fs::exists(fs::symlink_status(folder_, ec));
  if (there && (!fs::is_directory(folder_, ec) || !fs::is_empty(folder_, ec))) {
    throw IoError(folder_.string() + " is there already and is no empty folder");
  }
  beside_ = folder_;
  beside_ += ".partial-" + std::to_string(::getpid());
  fs::create_directories(beside_, ec);
  if (ec) throw IoError("cannot make the folder " + folder_.string() + ": " + ec.message());
}

StagedFolder::~StagedFolder() {
  std::error_code ec;
  if (!done_) fs::remove_all(beside_, ec);
}

void StagedFolder::prepare(const std::vector<fs::path>& names) {
  std::set<fs::path> folders;
  for (const fs::path& name : names) folders.insert((beside_ / name).parent_path());
  for (const fs::path& folder : folders) {
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec) throw IoError("cannot make the folder " + folder.string() + ": " + ec.message());
  }
}

void StagedFolder::put(const fs::path& name, std::span<const std::uint8_t> bytes) const {
  write_file(beside_ / name, bytes);
}

void StagedFolder::commit() {
  std::error_code ec;
  fs::rename(beside_, folder_, ec);  // replaces an empty folder
  if (ec) throw IoError("cannot replace " + folder_.string() + ": " + ec.message());
  done_ = true;
}

}  // namespace obscura::cli
