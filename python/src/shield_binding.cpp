#include "shield_binding.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "ring/random.h"
#include "shield/container.h"
#include "shield/key.h"
#include "study/protect/protector.h"
#include "study/shield_key.h"
#include "study/shield_key_file.h"
#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

using RealArray = py::array_t<float, py::array::c_style>;

/// Whole and mostly equal pictures: of one shape, as an array has them.
using Pictures = std::vector<shield::Picture>;

py::object bytes_array(const Pictures& pictures) {
  const auto& first = std::get<image::Image>(pictures.front());
  py::array_t<std::uint8_t> out(std::vector<std::size_t>{pictures.size(), first.height, first.width, first.channels});
  std::uint8_t* to = out.mutable_data();
  for (const auto& one : pictures) to = std::ranges::copy(std::get<image::Image>(one).pixels, to).out;
  return out;
}

py::object real_array(const Pictures& pictures) {
  const auto& first = std::get<shield::RealImage>(pictures.front());
  const std::size_t plane = first.height * first.width, channels = first.channels;
  py::array_t<float> out(std::vector<std::size_t>{pictures.size(), first.height, first.width, channels});
  float* to = out.mutable_data();
  for (const auto& one : pictures) {
    const auto& values = std::get<shield::RealImage>(one).values;
    for (std::size_t i = 0; i < plane; ++i) {
      for (std::size_t c = 0; c < channels; ++c) *to++ = values[c * plane + i];
    }
  }
  return out;
}

/// count x height x width x channels of real samples, planar.
std::vector<shield::RealImage> real_pictures(const RealArray& array) {
  if (array.ndim() != 4) {
    throw MismatchError("pictures: an array of " + std::to_string(array.ndim()) +
                        " axes, expected count x height x width x channels");
  }
  const auto axis = [&](int i) { return static_cast<std::size_t>(array.shape(i)); };
  const std::size_t plane = axis(1) * axis(2), channels = axis(3);
  std::vector<shield::RealImage> pictures;
  const float* from = array.data();
  for (std::size_t n = 0; n < axis(0); ++n) {
    shield::RealImage one{channels, axis(1), axis(2), std::vector<float>(plane * channels)};
    for (std::size_t i = 0; i < plane; ++i) {
      for (std::size_t c = 0; c < channels; ++c) one.values[c * plane + i] = *from++;
    }
    pictures.push_back(std::move(one));
  }
  return pictures;
}

/// Wiped when it goes.
class PyKey {
 public:
  explicit PyKey(shield::Key key) : key_(std::move(key)) {}
  PyKey(const PyKey&) = delete;
  PyKey& operator=(const PyKey&) = delete;
  ~PyKey() { sodium_memzero(key_.seed.data(), key_.seed.size()); }

  static std::unique_ptr<PyKey> draw(const study::KeyOptions& options, std::size_t channels, const py::object& images,
                                     const Listeners& listeners) {
    std::vector<image::Image> publics;
    if (!images.is_none()) publics = pictures_of(py::cast<PixelArray>(images), "calibrate");
    return study_call(
        listeners, [&](const Notes&) { return std::make_unique<PyKey>(study::draw_key(options, channels, publics)); });
  }
  static std::unique_ptr<PyKey> load(const fs::path& file, const py::object& passphrase) {
    const auto sealing = sealing_of(passphrase);
    return study_call({}, [&](const Notes&) { return std::make_unique<PyKey>(study::load_shield_key(file, sealing)); });
  }
  void save(const fs::path& file, const py::object& passphrase) const {
    const auto sealing = sealing_of(passphrase);
    study_call({}, [&](const Notes&) { study::save_shield_key(file, key_, sealing); });
  }
  const shield::Key& key() const { return key_; }

 private:
  shield::Key key_;
};

py::dict facts_of(const shield::Key& key) {
  const shield::Parameters& p = key.parameters;
  py::dict facts;
  facts["shield"] = p.shield;
  facts["block"] = p.block;
  facts["arithmetic"] = shield::to_string(p.arithmetic);
  const bool network = shield::is_encoder(p.shield);
  facts["depth"] = network ? py::cast(p.depth) : py::none();
  facts["hidden"] = network ? py::cast(p.hidden) : py::none();
  facts["statistics"] = network ? py::cast(shield::to_string(p.statistics)) : py::none();
  facts["fingerprint"] = shield::fingerprint(key.seed);
  return facts;
}

class PyShield {
 public:
  PyShield(const PyKey& key, bool per_image, bool colour)
      : key_(key.key()), protector_(key_, per_image, colour), per_image_(per_image) {
    if (!per_image) return;
    if (!key_.matrices.empty()) throw UnsupportedError("a key of given matrices has no keys of single images");
    if (key_.parameters.statistics == shield::Statistics::batch) {
      throw UnsupportedError("images with a key each are no batch: make a key with statistics='instance'");
    }
  }
  PyShield(const PyShield&) = delete;
  PyShield& operator=(const PyShield&) = delete;
  ~PyShield() { sodium_memzero(key_.seed.data(), key_.seed.size()); }

  /// The protected pictures as an array.
  py::object protect(const PixelArray& array, std::size_t batch, std::size_t threads, const Listeners& listeners) {
    if (per_image_) {
      throw UsageError("per_image: a picture's own key is found by the nonce in its file: encode() makes files");
    }
    auto images = checked(array);
    if (images.empty()) throw MismatchError("pictures: an array of 0 pictures, expected one or more");
    auto made = study_call(listeners, [&](const Notes&) {
      Pictures pictures(images.size());
      each_batch(std::move(images), batch, threads,
                 [&](std::size_t i, shield::Label&, shield::Picture& picture) { pictures[i] = std::move(picture); });
      return pictures;
    });
    return real() ? real_array(made) : bytes_array(made);
  }

  /// The files that `obscura protect` writes of these pictures.
  py::list encode(const PixelArray& array, std::size_t batch, std::size_t threads, const Listeners& listeners) {
    auto images = checked(array);
    const auto files = study_call(listeners, [&](const Notes&) {
      std::vector<std::vector<std::uint8_t>> made(images.size());
      each_batch(std::move(images), batch, threads, [&](std::size_t i, shield::Label& label, shield::Picture& picture) {
        made[i] = shield::encode(label, picture);
      });
      return made;
    });
    py::list out;
    for (const auto& file : files) out.append(to_bytes(file));
    return out;
  }

  py::array_t<std::uint8_t> reveal_bytes(const PixelArray& array, std::size_t height, std::size_t width,
                                         std::size_t threads) {
    auto images = pictures_of(array, "pictures");
    std::vector<shield::Picture> pictures(std::make_move_iterator(images.begin()),
                                          std::make_move_iterator(images.end()));
    return reveal(std::move(pictures), height, width, threads);
  }
  py::array_t<std::uint8_t> reveal_real(const RealArray& array, std::size_t height, std::size_t width,
                                        std::size_t threads) {
    auto images = real_pictures(array);
    std::vector<shield::Picture> pictures(std::make_move_iterator(images.begin()),
                                          std::make_move_iterator(images.end()));
    return reveal(std::move(pictures), height, width, threads);
  }

  /// The picture in a protected file.
  py::array_t<std::uint8_t> decode(const py::object& file, const std::string& name) const {
    const ByteView bytes(file, name);
    const auto picture = study_call({}, [&](const Notes&) {
      protector_.shared().require_reveals();
      return shield::reveal(key_, protector_.shared(), shield::decode(bytes.span(), name), name);
    });
    return to_array(picture);
  }

  bool real() const { return protector_.shared().real(); }
  bool reveals() const { return protector_.shared().reveals(); }
  std::string promise() const { return protector_.shared().promise(); }
  std::size_t planes_across() const { return protector_.shared().planes_across(); }
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const {
    return protector_.shared().key_space_bits(channels, height, width);
  }
  std::string ending() const { return shield::file_ending(key_.parameters); }
  py::dict facts() const { return facts_of(key_); }

 private:
  using Take = std::function<void(std::size_t i, shield::Label&, shield::Picture&)>;

  std::vector<image::Image> checked(const PixelArray& array) const {
    auto images = pictures_of(array, "pictures");
    if (!images.empty()) {
      try {
        protector_.check(images.front(), "pictures");
      } catch (const UnsupportedError& e) {
        throw UnsupportedError(without_dashes(e.what()));
      }
    }
    return images;
  }

  /// Pictures that are protected together, group after group, on all threads.
  void each_batch(std::vector<image::Image> images, std::size_t batch, std::size_t threads, const Take& take) const {
    const std::size_t count = images.size(), together = protector_.together(batch);
    ThreadPool pool(threads);
    Progress progress("protecting", count, "images", false);
    pool.parallel_for((count + together - 1) / together, [&](std::size_t group) {
      const std::size_t first = group * together, last = std::min(first + together, count);
      std::vector<image::Image> some(std::make_move_iterator(images.begin() + static_cast<std::ptrdiff_t>(first)),
                                     std::make_move_iterator(images.begin() + static_cast<std::ptrdiff_t>(last)));
      auto made = protector_.protect(std::move(some));
      for (std::size_t i = first; i < last; ++i) take(i, made[i - first].first, made[i - first].second);
      progress.advance(last - first);
    });
  }

  py::array_t<std::uint8_t> reveal(std::vector<shield::Picture> pictures, std::size_t height, std::size_t width,
                                   std::size_t threads) const {
    const shield::Shield& shared = protector_.shared();
    if (pictures.empty()) throw MismatchError("pictures: an array of 0 pictures, expected one or more");
    if (per_image_) {
      throw UsageError("per_image: a picture's own key is found by the nonce in its file: decode() reads files");
    }
    auto images = study_call({}, [&](const Notes&) {
      shared.require_reveals();
      std::vector<shield::Picture> plain(pictures.size());
      ThreadPool pool(threads);
      pool.parallel_for(pictures.size(), [&](std::size_t i) {
        plain[i] = shared.reveal({height, width, std::move(pictures[i])});
      });
      return plain;
    });
    return bytes_array(images);
  }

  shield::Key key_;
  study::Protector protector_;
  bool per_image_;
};

study::KeyOptions options_of(const std::string& name, std::size_t block, const std::string& arithmetic, int depth,
                             std::size_t hidden, const std::string& statistics) {
  study::KeyOptions options;
  options.make = true;
  options.shield = name, options.block = block, options.arithmetic = arithmetic;
  options.depth = depth, options.hidden = hidden, options.statistics = statistics;
  return options;
}

void bind_key(py::module_& module) {
  py::class_<PyKey>(module, "Key", "The owner's key of a shield. Made by obscura.shield.")
      .def_static(
          "draw",
          [](const std::string& name, std::size_t block, const std::string& arithmetic, int depth, std::size_t hidden,
             const std::string& statistics, std::size_t channels, const py::object& calibrate,
             const py::object& progress) {
            return PyKey::draw(options_of(name, block, arithmetic, depth, hidden, statistics), channels, calibrate,
                               {progress});
          },
          py::arg("shield"), py::arg("block"), py::arg("arithmetic"), py::arg("depth"), py::arg("hidden"),
          py::arg("statistics"), py::arg("channels"), py::arg("calibrate"), py::arg("progress"))
      .def_static("load", &PyKey::load, py::arg("file"), py::arg("passphrase"))
      .def("save", &PyKey::save, py::arg("file"), py::arg("passphrase"))
      .def_property_readonly("facts", [](const PyKey& key) { return facts_of(key.key()); });
}

}  // namespace

void bind_shield(py::module_& module) {
  bind_key(module);
  py::class_<PyShield>(module, "Shield", "A keyed transform. Made by obscura.shield.Shield.")
      .def(py::init<const PyKey&, bool, bool>(), py::arg("key"), py::arg("per_image"), py::arg("colour"))
      .def(
          "protect",
          [](PyShield& self, const PixelArray& pictures, std::size_t batch, std::size_t threads,
             const py::object& progress) { return self.protect(pictures, batch, threads, {progress}); },
          py::arg("pictures").noconvert(), py::arg("batch"), py::arg("threads"), py::arg("progress"))
      .def(
          "encode",
          [](PyShield& self, const PixelArray& pictures, std::size_t batch, std::size_t threads,
             const py::object& progress) { return self.encode(pictures, batch, threads, {progress}); },
          py::arg("pictures").noconvert(), py::arg("batch"), py::arg("threads"), py::arg("progress"))
      .def("reveal_bytes", &PyShield::reveal_bytes, py::arg("pictures").noconvert(), py::arg("height"),
           py::arg("width"), py::arg("threads"))
      .def("reveal_real", &PyShield::reveal_real, py::arg("pictures").noconvert(), py::arg("height"), py::arg("width"),
           py::arg("threads"))
      .def("decode", &PyShield::decode, py::arg("file"), py::arg("name"))
      .def("key_space_bits", &PyShield::key_space_bits, py::arg("channels"), py::arg("height"), py::arg("width"))
      .def_property_readonly("real", &PyShield::real)
      .def_property_readonly("reveals", &PyShield::reveals)
      .def_property_readonly("promise", &PyShield::promise)
      .def_property_readonly("planes_across", &PyShield::planes_across)
      .def_property_readonly("ending", &PyShield::ending)
      .def_property_readonly("facts", &PyShield::facts);
  module.def("names", &shield::shield_names, "The shields that there are.");
  module.def(
      "view",
      [](const RealArray& array) {
        const auto pictures = real_pictures(array);
        Pictures views;
        for (const auto& one : pictures) views.emplace_back(shield::view(one));
        if (views.empty()) throw MismatchError("pictures: an array of 0 pictures, expected one or more");
        return bytes_array(views);
      },
      py::arg("pictures").noconvert(), "Real samples as pictures for people.");
}

}  // namespace obscura::python
