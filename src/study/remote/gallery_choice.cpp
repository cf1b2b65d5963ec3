#include "study/remote/gallery_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "image/digest.h"
#include "study/shipped.h"

namespace fs = std::filesystem;

namespace obscura::study {

remote::GalleryFacts choose_gallery(remote::Remote& remote, const std::string& wanted) {
  const auto galleries = remote.galleries();
  if (galleries.empty()) throw UsageError("the server has no gallery");
  if (wanted.empty() && galleries.size() == 1) return galleries.front();
  std::vector<std::string> names;
  for (const auto& gallery : galleries) {
    if (gallery.name == wanted) return gallery;
    names.push_back(gallery.name);
  }
  if (wanted.empty()) {
    throw UsageError(
        fmt::format("the server has {} galleries, name one by --gallery: {}", names.size(), fmt::join(names, ", ")));
  }
  throw UsageError(fmt::format("the server has no gallery {}: there {} {}", wanted, names.size() == 1 ? "is" : "are",
                               fmt::join(names, ", ")));
}

fs::path network_of_gallery(const fs::path& given, const search::GalleryForm& form) {
  if (!given.empty()) return given;
  std::error_code ec;
  for (fs::directory_iterator at(shipped("models"), ec), end; !ec && at != end; at.increment(ec)) {
    if (at->path().extension() == ".onnx" && image::sha256(read_file(at->path())) == form.network) return at->path();
  }
  throw IoError(
      fmt::format("none of the networks that ship is the gallery's (SHA-256 {}...): give its file by "
                  "--network",
                  form.network.substr(0, 16)));
}

}  // namespace obscura::study
