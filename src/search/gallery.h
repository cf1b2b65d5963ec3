#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/gallery_form.h"
#include "store/database.h"

namespace obscura::search {

/// Which state of which gallery: what a query is made for.
struct GalleryState {
  std::string id;            ///< random, 32 hex digits
  std::int64_t version = 0;  ///< counts the changes
  std::size_t places = 0;    ///< one more than the last place that is taken, holes included
  std::size_t images = 0;
  friend bool operator==(const GalleryState&, const GalleryState&) = default;
};

/// Images and their vectors in the file gallery.db of a folder. Every image has a place, a number from 0 that it keeps;
/// places of removed images are taken by later ones. Changes are whole or not at all, also where the program or the
/// machine stops in the middle of one. Not thread-safe; several programs may open one gallery, and one of them change
/// it at a time. Throws as store::Database.
class Gallery {
 public:
  /// An empty one in a folder that is made if need be. Throws ParameterError for a form that cannot be.
  static Gallery create(const std::filesystem::path& folder, const GalleryForm& form);
  static Gallery open(const std::filesystem::path& folder, store::Access access = store::Access::read);

  const GalleryForm& form() const { return form_; }
  GalleryState state();
  /// That of state(), in microseconds where that counts all images.
  std::int64_t version() { return number("version"); }

  /// Adds images, all or none, and says their places. Throws MismatchError for vectors or thumbnails that do not fit
  /// the form, or a label that is no class.
  std::vector<std::size_t> add(std::span<const GalleryImage> images);
  /// Throws UsageError for a place where nothing is; then nothing is removed.
  void remove(std::span<const std::size_t> places);

  /// Throws UsageError for a place where nothing is, FormatError for a record that is damaged.
  GalleryImage image(std::size_t place);
  /// Without its thumbnail.
  struct Entry {
    std::size_t place = 0;
    std::string name;
    std::int64_t label = -1;
  };
  std::vector<Entry> entries();

  /// The vectors of all places, one after the other. Throws FormatError for one that is damaged.
  struct Vectors {
    std::vector<float> values;         ///< places x dimension; of holes zeros, or of codes ones
    std::vector<bool> taken;           ///< a place
    std::vector<std::int64_t> labels;  ///< a place; -1 in holes
  };
  Vectors vectors();

  /// Blocks of `block` places that have changed since a version of the gallery.
  std::vector<std::size_t> changed_blocks(std::int64_t since, std::size_t block);

 private:
  explicit Gallery(store::Database database) : database_(std::move(database)) {}
  void write_form(const GalleryForm& form);
  void read_form();
  std::int64_t number(const std::string& key);
  void set_number(const std::string& key, std::int64_t value);
  std::int64_t begin_version();
  std::vector<std::size_t> free_places(std::size_t count);
  void check(const GalleryImage& image) const;

  store::Database database_;
  GalleryForm form_;
};

/// The file in the folder.
std::filesystem::path gallery_file(const std::filesystem::path& folder);

}  // namespace obscura::search
