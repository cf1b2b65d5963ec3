#include "study/search/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/error.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "search/records.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"
#include "study/preprocessing.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

constexpr std::size_t kTogether = 256;

void note_vectors(const search::GalleryForm& form, const Notes& note) {
  const std::string numbers = form.recipe == kVectorsOfClasses
                                  ? "square roots of the probabilities that the network gives its classes"
                              : form.recipe == kVectorsOfFeatures ? "what enters the network's last dense layer"
                                                                  : "what the network says";
  if (form.kind == search::VectorKind::unit) return note("vectors are " + numbers + ", of length 1");
  note(fmt::format("vectors are codes of {} bits, made of {}{}", form.dimension, numbers,
                   needs_pictures(form.selection) ? "" : ": a bit is whether a number is above zero"));
}

/// The form as it is wished: what is found on pictures is missing.
search::GalleryForm wished_form(const IndexRequest& request, const VectorNetwork& network, const image::Dataset& set) {
  search::GalleryForm form;
  form.kind = request.features.kind();
  form.selection = wished_selection(request.features, network.features(), network.recipe() == kVectorsOfOutput);
  form.dimension = request.features.selects() ? request.features.features : network.features();
  form.thumbnail_bytes = search::most_thumbnail_bytes(set.channels);
  form.network = network.digest(), form.recipe = network.recipe(), form.classes = set.classes;
  form.source = set.name + " train";
  if (!request.fit.empty()) form.source += ", " + request.fit;
  try {
    search::plan_scores(form.kind, form.dimension);
  } catch (const UnsupportedError& e) {
    throw UnsupportedError(std::string(e.what()) + "; --features selects fewer");
  }
  return form;
}

search::GalleryForm without_what_was_found(search::GalleryForm form) {
  form.selection.columns.clear(), form.selection.thresholds.clear(), form.selection.pictures = 0;
  return form;
}

/// Reads pictures of a set and what the network says of them.
class Reader {
 public:
  Reader(const image::Dataset& set, std::span<const std::string> names, VectorNetwork& network, const PictureFit& fit)
      : set_(set), names_(names), network_(network), fit_(fit) {
    if (!names.empty() && names.size() != set.count) {
      throw UsageError(fmt::format("{} names, expected one for each of {} pictures", names.size(), set.count));
    }
  }

  std::vector<float> features(std::size_t first, std::size_t last) {
    const std::size_t width = network_.features();
    if (!all_.empty()) {
      const auto some = std::span(all_).subspan(first * width, (last - first) * width);
      return {some.begin(), some.end()};
    }
    std::vector<std::vector<float>> values;
    for (std::size_t n = first; n < last; ++n) values.push_back(network_values(set_, n, network_.graph(), fit_));
    return network_.features_of(values);
  }

  /// Those of all pictures; read from here on.
  std::span<const float> read_all(bool progress) {
    std::vector<float> all;
    all.reserve(set_.count * network_.features());
    Progress bar("features", set_.count, "images", progress);
    for (std::size_t first = 0; first < set_.count; first += kTogether) {
      const std::size_t last = std::min(first + kTogether, set_.count);
      const auto some = features(first, last);
      all.insert(all.end(), some.begin(), some.end());
      bar.advance(last - first);
    }
    all_ = std::move(all);
    return all_;
  }

  std::vector<search::GalleryImage> images(std::size_t first, std::size_t last) {
    const auto all = features(first, last);
    const std::size_t width = network_.features();
    std::vector<search::GalleryImage> images;
    for (std::size_t n = first; n < last; ++n) {
      images.push_back({names_.empty() ? fmt::format("{} train {}", set_.name, n) : names_[n], set_.labels[n],
                        network_.vector_of(std::span(all).subspan((n - first) * width, width)),
                        search::thumbnail_bytes(set_.image(n))});
    }
    return images;
  }

 private:
  const image::Dataset& set_;
  std::span<const std::string> names_;
  VectorNetwork& network_;
  const PictureFit& fit_;
  std::vector<float> all_;
};

/// The gallery that is there, if it is the wished one.
search::Gallery opened(const std::filesystem::path& folder, const search::GalleryForm& wished) {
  auto gallery = search::Gallery::open(folder, store::Access::write);
  if (!(without_what_was_found(gallery.form()) == wished)) {
    throw MismatchError(
        folder.string() +
        " has a gallery of other pictures, or by another network, or of other vectors: name another folder, "
        "or remove it");
  }
  return gallery;
}

search::Gallery created(const IndexRequest& request, search::GalleryForm form, const image::Dataset& set,
                        Reader& reader, const Notes& note, bool progress) {
  if (needs_pictures(form.selection)) {
    ThreadPool pool;
    form.selection = found_selection(request.features, form.selection, reader.read_all(progress), set.labels,
                                     set.classes.size(), pool, note);
  }
  return search::Gallery::create(request.out, form);
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
    return image.label == set.labels[n] && image.thumbnail == search::thumbnail_bytes(set.image(n));
  };
  for (std::size_t n = 0; n < state.images; ++n) {
    if (state.places == state.images && same(n)) continue;
    throw MismatchError(fmt::format(
        "{} has other images than the first {} of {} (pictures were added, removed or changed since): index them into "
        "another folder",
        folder.string(), state.images, set.name));
  }
}

std::size_t place_of(const std::string& word) {
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), place);
  if (error != std::errc() || end != word.data() + word.size() || place >> 62U != 0) {
    throw UsageError("--remove has '" + word.substr(0, 40) + "', expected places of images: whole numbers");
  }
  return place;
}

}  // namespace

Indexed index_gallery(const IndexRequest& request, const Notes& note, bool progress) {
  const auto set = load_noted(request.dataset, image::Split::train, request.data, note, request.limit);
  return index_gallery(request, set, note, progress);
}

Indexed index_gallery(const IndexRequest& request, const image::Dataset& set, const Notes& note, bool progress) {
  const Stopwatch watch;
  VectorNetwork network(request.network, request.vectors);
  const PictureFit fit{request.fit, false};
  fit.chosen();
  note_unstated_pixels(network.graph().preprocessing, request.network.string(), note);
  const auto wished = wished_form(request, network, set);
  note_set(set, network.graph().input_shape(), network.graph().preprocessing, fit, note);
  note_vectors(wished, note);
  Reader reader(set, request.names, network, fit);
  const bool there = std::filesystem::exists(search::gallery_file(request.out));
  auto gallery = there ? opened(request.out, wished) : created(request, wished, set, reader, note, progress);
  network.select(gallery.form().kind, gallery.form().selection);
  check_resumed(gallery, set, request.out);
  Indexed indexed;
  indexed.form = gallery.form();
  indexed.resumed = gallery.state().images;
  if (indexed.resumed > 0) note(fmt::format("going on after {} images", indexed.resumed));
  Progress bar("indexing", set.count - indexed.resumed, "images", progress);
  for (std::size_t first = indexed.resumed; first < set.count; first += kTogether) {
    const std::size_t last = std::min(first + kTogether, set.count);
    gallery.add(reader.images(first, last));
    indexed.added += last - first;
    bar.advance(last - first);
  }
  indexed.state = gallery.state();
  indexed.seconds = watch.seconds();
  indexed.bytes = std::filesystem::file_size(search::gallery_file(request.out));
  return indexed;
}

Indexed add_pictures(const std::filesystem::path& folder, const std::filesystem::path& network_file,
                     const image::Dataset& set, std::span<const std::string> names, const std::string& fit_word,
                     const Notes& note, bool progress) {
  const Stopwatch watch;
  auto gallery = search::Gallery::open(folder, store::Access::write);
  VectorNetwork network(network_file, gallery.form());
  if (network.digest() != gallery.form().network) {
    throw MismatchError(fmt::format("{} is not the network that {} was indexed with (SHA-256 {}...)",
                                    network_file.string(), folder.string(), gallery.form().network.substr(0, 16)));
  }
  if (set.classes != gallery.form().classes) {
    throw MismatchError(fmt::format("pictures of {} classes, expected those of {}: {} classes", set.classes.size(),
                                    folder.string(), gallery.form().classes.size()));
  }
  const PictureFit fit{fit_word, false};
  note_set(set, network.graph().input_shape(), network.graph().preprocessing, fit, note);
  Reader reader(set, names, network, fit);
  Progress bar("indexing", set.count, "images", progress);
  std::vector<search::GalleryImage> images;
  for (std::size_t first = 0; first < set.count; first += kTogether) {
    const std::size_t last = std::min(first + kTogether, set.count);
    std::ranges::move(reader.images(first, last), std::back_inserter(images));
    bar.advance(last - first);
  }
  gallery.add(images);
  return {gallery.form(),  gallery.state(),
          images.size(),   0,
          watch.seconds(), std::filesystem::file_size(search::gallery_file(folder))};
}

Removed remove_images(const std::filesystem::path& folder, const std::vector<std::string>& places) {
  std::vector<std::size_t> numbers;
  for (const std::string& word : places) {
    numbers.push_back(place_of(word));
    if (std::ranges::count(numbers, numbers.back()) > 1) throw UsageError("--remove names place " + word + " twice");
  }
  auto gallery = search::Gallery::open(folder, store::Access::write);
  gallery.remove(numbers);
  return {gallery.state(), numbers.size()};
}

}  // namespace obscura::study
