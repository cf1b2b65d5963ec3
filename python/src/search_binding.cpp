#include "search_binding.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "search/gallery.h"
#include "search/records.h"
#include "search_result.h"
#include "study/search/blind_files.h"
#include "study/search/encrypted.h"
#include "study/search/gallery_evaluation.h"
#include "study/search/index.h"
#include "study/search/search.h"
#include "study/shipped.h"
#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

using LabelArray = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

/// Pictures in memory as a set, planar; labels of -1 are none.
image::Dataset dataset_of(const PixelArray& array, const LabelArray& labels, std::vector<std::string> classes,
                          std::string name) {
  const auto pictures = pictures_of(array, "pictures");
  if (pictures.empty()) throw MismatchError("pictures: an array of 0 pictures, expected one or more");
  if (labels.ndim() != 1 || static_cast<std::size_t>(labels.shape(0)) != pictures.size()) {
    throw MismatchError("labels: expected one for each of " + std::to_string(pictures.size()) + " pictures");
  }
  image::Dataset set;
  set.name = std::move(name), set.classes = std::move(classes);
  set.count = set.available = pictures.size();
  set.channels = pictures.front().channels;
  set.height = pictures.front().height, set.width = pictures.front().width;
  set.labels.assign(labels.data(), labels.data() + pictures.size());
  for (const std::int64_t label : set.labels) {
    if (label >= -1 && label < static_cast<std::int64_t>(set.classes.size())) continue;
    throw MismatchError("labels: " + std::to_string(label) + ", expected the number of one of " +
                        std::to_string(set.classes.size()) + " classes, or -1 for none");
  }
  for (const auto& one : pictures) {
    const auto planar = image::to_planar(one);
    set.images.insert(set.images.end(), planar.begin(), planar.end());
  }
  return set;
}

py::dict state_dict(const search::GalleryForm& form, const search::GalleryState& state) {
  py::dict out;
  out["id"] = state.id, out["version"] = state.version, out["images"] = state.images, out["places"] = state.places;
  out["kind"] = form.kind == search::VectorKind::code ? "codes" : "vectors";
  out["dimension"] = form.dimension;
  out["recipe"] = to_str(form.recipe), out["network"] = to_str(form.network), out["source"] = to_str(form.source);
  py::list classes;
  for (const auto& name : form.classes) classes.append(to_str(name));
  out["classes"] = py::tuple(classes);
  out["selection"] = to_str(form.selection.method);
  return out;
}

py::dict indexed_dict(const study::Indexed& indexed) {
  py::dict out = state_dict(indexed.form, indexed.state);
  out["json"] = study::indexed_json(indexed, "obscura.Gallery").dump();
  return out;
}

study::IndexRequest index_request(const fs::path& out, const fs::path& network, const py::dict& wishes) {
  study::IndexRequest request;
  request.out = out, request.network = network;
  request.vectors = py::cast<std::string>(wishes["vectors"]);
  request.features.features = py::cast<std::size_t>(wishes["features"]);
  request.features.codes = py::cast<bool>(wishes["codes"]);
  request.features.impurity = py::cast<std::string>(wishes["impurity"]);
  request.fit = py::cast<std::string>(wishes["fit"]);
  return request;
}

py::dict index_pictures(const fs::path& out, const fs::path& network, const py::dict& wishes, const PixelArray& array,
                        const LabelArray& labels, const std::vector<std::string>& classes,
                        const std::vector<std::string>& names, const std::string& source, const Listeners& listeners) {
  auto request = index_request(out, network, wishes);
  request.names = names;
  const auto set = dataset_of(array, labels, classes, source);
  return indexed_dict(
      study_call(listeners, [&](const Notes& note) { return study::index_gallery(request, set, note, false); }));
}

py::dict index_dataset(const fs::path& out, const fs::path& network, const py::dict& wishes, const std::string& dataset,
                       const fs::path& data, std::size_t limit, const Listeners& listeners) {
  auto request = index_request(out, network, wishes);
  request.dataset = dataset, request.data = data, request.limit = limit;
  return indexed_dict(
      study_call(listeners, [&](const Notes& note) { return study::index_gallery(request, note, false); }));
}

py::dict add(const fs::path& gallery, const fs::path& network, const PixelArray& array, const LabelArray& labels,
             const std::vector<std::string>& names, const std::string& fit, const Listeners& listeners) {
  const auto classes = search::Gallery::open(gallery).form().classes;
  const auto set = dataset_of(array, labels, classes, "added");
  return indexed_dict(study_call(listeners, [&](const Notes& note) {
    return study::add_pictures(gallery, network, set, names, fit, note, false);
  }));
}

py::dict state(const fs::path& folder) {
  auto gallery = search::Gallery::open(folder);
  return state_dict(gallery.form(), gallery.state());
}

/// The network that ships with this SHA-256; empty: none does.
fs::path shipped_by_digest(const std::string& digest) {
  std::error_code ec;
  for (fs::directory_iterator at(study::shipped("models"), ec), end; !ec && at != end; at.increment(ec)) {
    if (at->path().extension() == ".onnx" && image::sha256(read_file(at->path())) == digest) return at->path();
  }
  return {};
}

/// (place, name, label or -1) of every image.
py::list entries(const fs::path& folder) {
  auto gallery = search::Gallery::open(folder);
  py::list out;
  for (const auto& entry : gallery.entries()) out.append(py::make_tuple(entry.place, to_str(entry.name), entry.label));
  return out;
}

/// (name, label or -1, vector, thumbnail)
py::tuple image_at(const fs::path& folder, std::size_t place) {
  const auto image = search::Gallery::open(folder).image(place);
  const py::array_t<float> vector(static_cast<py::ssize_t>(image.vector.size()), image.vector.data());
  return py::make_tuple(to_str(image.name), image.label, vector, to_array(search::read_thumbnail(image.thumbnail)));
}

py::dict search(const study::SearchRequest& request, const Listeners& listeners) {
  auto found = study_call(listeners, [&](const Notes& note) { return study::search_gallery(request, note); });
  return search_dict(found, study::search_json(found, "obscura.Gallery.search"));
}

py::dict search_call(const fs::path& gallery, const fs::path& network, const PixelArray& picture,
                     const std::string& name, const std::string& mode, const std::string& fetch, std::size_t top,
                     const std::string& fit, bool invert, const fs::path& encrypted, const fs::path& secret,
                     const py::object& passphrase, std::size_t threads, const py::object& progress,
                     const py::object& note) {
  study::SearchRequest request;
  request.gallery = gallery, request.network = network;
  request.picture = name, request.pixels = picture_of(picture, "picture");
  request.mode = mode, request.fetch = fetch, request.top = top;
  request.fit = {fit, invert};
  request.encrypted = encrypted, request.secret = secret;
  request.passphrase = sealing_of(passphrase).passphrase;
  request.threads = threads;
  return search(request, {progress, note});
}

py::dict encrypt(const fs::path& gallery, const fs::path& out, const fs::path& secret, const py::object& passphrase,
                 std::size_t threads, const Listeners& listeners) {
  const auto sealing = sealing_of(passphrase);
  const auto made = study_call(
      listeners, [&](const Notes&) { return study::encrypt_gallery(gallery, secret, out, sealing, threads); });
  py::dict facts;
  facts["version"] = made.state.version, facts["images"] = made.state.images;
  facts["blocks"] = made.blocks, facts["encrypted"] = made.encrypted, facts["bytes"] = made.bytes;
  facts["seconds"] = made.seconds;
  return facts;
}

std::string evaluate(const fs::path& gallery, const std::string& network, const std::string& dataset,
                     const fs::path& data, const std::string& mode, const std::string& distance, std::size_t limit,
                     const std::string& fit, std::size_t threads, const Listeners& listeners) {
  study::GalleryEvaluationRequest request;
  request.gallery = gallery, request.network = network, request.dataset = dataset, request.data = data;
  request.mode = mode, request.distance = distance, request.limit = limit, request.fit = {fit, false};
  request.threads = threads;
  const auto evaluation = study_call(listeners, [&](const Notes& note) {
    request.note = note;
    return study::evaluate_gallery(request);
  });
  return study::evaluation_json(evaluation).dump();
}

void bind_index(py::module_& module) {
  module.def(
      "index_pictures",
      [](const fs::path& out, const fs::path& network, const py::dict& wishes, const PixelArray& pictures,
         const LabelArray& labels, const std::vector<std::string>& classes, const std::vector<std::string>& names,
         const std::string& source, const py::object& progress, const py::object& note) {
        return index_pictures(out, network, wishes, pictures, labels, classes, names, source, {progress, note});
      },
      py::arg("out"), py::arg("network"), py::arg("wishes"), py::arg("pictures").noconvert(), py::arg("labels"),
      py::arg("classes"), py::arg("names"), py::arg("source"), py::arg("progress"), py::arg("note"));
  module.def(
      "index_dataset",
      [](const fs::path& out, const fs::path& network, const py::dict& wishes, const std::string& dataset,
         const fs::path& data, std::size_t limit, const py::object& progress, const py::object& note) {
        return index_dataset(out, network, wishes, dataset, data, limit, {progress, note});
      },
      py::arg("out"), py::arg("network"), py::arg("wishes"), py::arg("dataset"), py::arg("data"), py::arg("limit"),
      py::arg("progress"), py::arg("note"));
  module.def(
      "add",
      [](const fs::path& gallery, const fs::path& network, const PixelArray& pictures, const LabelArray& labels,
         const std::vector<std::string>& names, const std::string& fit, const py::object& progress,
         const py::object& note) {
        return add(gallery, network, pictures, labels, names, fit, {progress, note});
      },
      py::arg("gallery"), py::arg("network"), py::arg("pictures").noconvert(), py::arg("labels"), py::arg("names"),
      py::arg("fit"), py::arg("progress"), py::arg("note"));
  module.def(
      "remove",
      [](const fs::path& gallery, const std::vector<std::string>& places) {
        return study_call({}, [&](const Notes&) { return study::remove_images(gallery, places).removed; });
      },
      py::arg("gallery"), py::arg("places"));
}

}  // namespace

void bind_search(py::module_& module) {
  bind_index(module);
  module.def("state", &state, py::arg("gallery"));
  module.def("shipped_network", &shipped_by_digest, py::arg("digest"));
  module.def("entries", &entries, py::arg("gallery"));
  module.def("image_at", &image_at, py::arg("gallery"), py::arg("place"));
  module.def("search", &search_call, py::arg("gallery"), py::arg("network"), py::arg("picture").noconvert(),
             py::arg("name"), py::arg("mode"), py::arg("fetch"), py::arg("top"), py::arg("fit"), py::arg("invert"),
             py::arg("encrypted"), py::arg("secret"), py::arg("passphrase"), py::arg("threads"), py::arg("progress"),
             py::arg("note"));
  module.def(
      "encrypt",
      [](const fs::path& gallery, const fs::path& out, const fs::path& secret, const py::object& passphrase,
         std::size_t threads) { return encrypt(gallery, out, secret, passphrase, threads, {}); },
      py::arg("gallery"), py::arg("out"), py::arg("secret"), py::arg("passphrase"), py::arg("threads"));
  module.def(
      "compile_blind",
      [](const fs::path& gallery, const fs::path& network) {
        return study_call({}, [&](const Notes&) { return study::compile_blind(gallery, network).written; });
      },
      py::arg("gallery"), py::arg("network"));
  module.def(
      "evaluate",
      [](const fs::path& gallery, const std::string& network, const std::string& dataset, const fs::path& data,
         const std::string& mode, const std::string& distance, std::size_t limit, const std::string& fit,
         std::size_t threads, const py::object& progress, const py::object& note) {
        return evaluate(gallery, network, dataset, data, mode, distance, limit, fit, threads, {progress, note});
      },
      py::arg("gallery"), py::arg("network"), py::arg("dataset"), py::arg("data"), py::arg("mode"), py::arg("distance"),
      py::arg("limit"), py::arg("fit"), py::arg("threads"), py::arg("progress"), py::arg("note"));
}

}  // namespace obscura::python
