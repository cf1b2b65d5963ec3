#include "study/search/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "base/version.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"
#include "study/search/records.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

constexpr std::size_t kTogether = 256;

search::GalleryForm form_of(const IndexRequest& request, const VectorNetwork& network, const image::Dataset& set) {
  search::GalleryForm form;
  form.kind = search::VectorKind::unit;
  form.dimension = network.dimension();
  form.thumbnail_bytes = most_thumbnail_bytes(set.channels);
  form.network = network.digest(), form.recipe = network.recipe(), form.classes = set.classes;
  form.source = set.name + " train";
  if (!request.fit.empty()) form.source += ", " + request.fit;
  return form;
}

search::Gallery opened(const std::filesystem::path& folder, const search::GalleryForm& form) {
  if (!std::filesystem::exists(search::gallery_file(folder))) return search::Gallery::create(folder, form);
  auto gallery = search::Gallery::open(folder, store::Access::write);
  if (!(gallery.form() == form)) {
    throw MismatchError(folder.string() +
                        " has a gallery of other pictures, or by another network: name another folder, or remove it");
  }
  return gallery;
}

std::vector<search::GalleryImage> images_of(const image::Dataset& set, std::size_t first, std::size_t last,
                                            VectorNetwork& network, const PictureFit& fit) {
  std::vector<std::vector<float>> values;
  for (std::size_t n = first; n < last; ++n) values.push_back(network_values(set, n, network.graph(), fit));
  const auto vectors = network.of(values);
  std::vector<search::GalleryImage> images;
  for (std::size_t n = first; n < last; ++n) {
    images.push_back(
        {fmt::format("{} train {}", set.name, n), set.labels[n], vectors[n - first], thumbnail_bytes(set.image(n))});
  }
  return images;
}

/// Images are gone on with by their number, so those that are there have to be the first of the set.
void check_resumed(search::Gallery& gallery, const image::Dataset& set, const std::filesystem::path& folder) {
  const auto state = gallery.state();
  if (state.images > set.count) {
    throw MismatchError(fmt::format("{} has {} images already, more than the {} that are to be indexed",
                                    folder.string(), state.images, set.count));
  }
  const auto same = [&](std::size_t n) {
    const auto image = gallery.image(n);
    return image.label == set.labels[n] && image.thumbnail == thumbnail_bytes(set.image(n));
  };
  for (std::size_t n = 0; n < state.images; ++n) {
    if (state.places == state.images && same(n)) continue;
    throw MismatchError(fmt::format(
        "{} has other images than the first {} of {} (pictures were added, removed or changed since): index them into "
        "another folder",
        folder.string(), state.images, set.name));
  }
}

}  // namespace

Indexed index_gallery(const IndexRequest& request, const Notes& note, bool progress) {
  const Stopwatch watch;
  VectorNetwork network(request.network, request.vectors);
  const auto set = load_noted(request.dataset, image::Split::train, request.data, note, request.limit);
  const PictureFit fit{request.fit, false};
  fit.chosen();
  note_set(set, network.graph().input_shape(), network.graph().preprocessing, fit, note);
  note(network.recipe() == kVectorsOfClasses
           ? "vectors are square roots of the probabilities that the network gives its classes"
           : "vectors are what the network says, made to have length 1");
  Indexed indexed;
  indexed.form = form_of(request, network, set);
  auto gallery = opened(request.out, indexed.form);
  check_resumed(gallery, set, request.out);
  indexed.resumed = gallery.state().images;
  if (indexed.resumed > 0) note(fmt::format("going on after {} images", indexed.resumed));
  Progress bar("indexing", set.count - indexed.resumed, "images", progress);
  for (std::size_t first = indexed.resumed; first < set.count; first += kTogether) {
    const std::size_t last = std::min(first + kTogether, set.count);
    gallery.add(images_of(set, first, last, network, fit));
    indexed.added += last - first;
    bar.advance(last - first);
  }
  indexed.state = gallery.state();
  indexed.seconds = watch.seconds();
  indexed.bytes = std::filesystem::file_size(search::gallery_file(request.out));
  return indexed;
}

nlohmann::ordered_json indexed_json(const Indexed& indexed, const std::string& command) {
  return {{"command", command},
          {"version", kVersion},
          {"gallery", indexed.state.id},
          {"gallery_version", indexed.state.version},
          {"images", indexed.state.images},
          {"added", indexed.added},
          {"resumed", indexed.resumed},
          {"source", indexed.form.source},
          {"classes", indexed.form.classes},
          {"vectors", indexed.form.recipe},
          {"dimension", indexed.form.dimension},
          {"network", indexed.form.network},
          {"bytes", indexed.bytes},
          {"seconds", indexed.seconds}};
}

}  // namespace obscura::study
