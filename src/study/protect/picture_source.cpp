#include "study/protect/picture_source.h"

#include <cctype>
#include <utility>

#include "base/notes.h"
#include "study/images/labelled_images.h"
#include "study/images/picture_folder.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

std::string folder_name(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  }
  return name.empty() ? "_" : name;
}

}  // namespace

PictureSource folder_source(const fs::path& in, const Notes& note) {
  auto list = std::make_shared<PictureFiles>(list_pictures(in, has_image_ending));
  if (list->others != 0) note(std::to_string(list->others) + " files in " + in.string() + " are no images: left out");
  PictureSource out;
  for (const PictureFile& file : list->files) out.stems.push_back(file.stem);
  out.read = [list, notes = out.notes](std::size_t i) {
    auto read = image::read_with_notes(list->files[i].file);
    notes->add(list->files[i].file, read.notes);
    return std::move(read.image);
  };
  return out;
}

PictureSource dataset_source(const std::string& dataset, image::Split split, const fs::path& data, std::size_t limit,
                             const Notes& note) {
  const auto set = std::make_shared<image::Dataset>(load_noted(dataset, split, data, note, limit));
  PictureSource out;
  for (std::size_t i = 0; i < set->count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
    out.stems.push_back(fs::path(folder_name(set->classes.at(static_cast<std::size_t>(set->labels[i])))) / number);
  }
  out.read = [set](std::size_t i) { return set->image(i); };
  return out;
}

}  // namespace obscura::study
