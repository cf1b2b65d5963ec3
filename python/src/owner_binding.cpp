#include "obscura/owner.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "ckks/wire_parts.h"
#include "message/client_wire.h"
#include "owner_binding.h"
#include "secret/secret_memory.h"
#include "support/arrays.h"
#include "support/long_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

/// The file `evaluation.key` of these parameters, for progress.
std::size_t evaluation_key_bytes(const message::ClientSpec& client) {
  const ckks::Parameters& parameters = client.parameters;
  const std::size_t degree = std::size_t{1} << parameters.log_degree;
  const auto key = [&](std::size_t limbs) {
    const std::size_t digits = (limbs + parameters.digit_size - 1) / parameters.digit_size;
    return digits * ckks::wire::residues_bytes(degree, ckks::wire::key_rows(parameters, limbs));
  };
  std::size_t bytes = client.keys.relin_limbs > 0 ? key(client.keys.relin_limbs) : 0;
  for (const auto& [element, limbs] : client.keys.galois) bytes += key(limbs);
  return bytes;
}

/// Copies of what is secret, wiped when they go. Python's own objects cannot be.
class Passphrase {
 public:
  explicit Passphrase(const py::object& given) {
    if (!given.is_none()) text_ = py::cast<std::string>(given);
  }
  Passphrase(const Passphrase&) = delete;
  Passphrase& operator=(const Passphrase&) = delete;
  ~Passphrase() { sodium_memzero(text_.data(), text_.size()); }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

std::vector<Pixels> pictures_of(const PixelArray& array) {
  if (array.ndim() != 4) {
    throw MismatchError("pictures: an array of " + std::to_string(array.ndim()) + " axes, expected 4");
  }
  Pixels shape;
  shape.height = static_cast<std::size_t>(array.shape(1)), shape.width = static_cast<std::size_t>(array.shape(2));
  shape.channels = static_cast<std::size_t>(array.shape(3));
  const std::size_t size = shape.height * shape.width * shape.channels;
  std::vector<Pixels> pictures(static_cast<std::size_t>(array.shape(0)), shape);
  const std::uint8_t* from = array.data();
  for (Pixels& picture : pictures) {
    picture.values.assign(from, from + size);
    from += size;
  }
  return pictures;
}

/// obscura::Owner with the interpreter's lock given back where something takes long.
class PyOwner {
 public:
  PyOwner(message::ClientSpec client, Owner owner) : client_(std::move(client)), owner_(std::move(owner)) {}

  static std::unique_ptr<PyOwner> make(const py::object& spec, std::size_t threads) {
    const ByteView bytes(spec, "client spec");
    return long_call({}, [&](Speaker& /*speaker*/) {
      Owner owner(bytes, threads);
      auto client = message::read_client_spec(bytes);
      client.key = owner.id();
      return std::make_unique<PyOwner>(std::move(client), std::move(owner));
    });
  }
  static std::unique_ptr<PyOwner> open(const fs::path& folder, const py::object& passphrase, std::size_t threads) {
    const Passphrase secret(passphrase);
    return long_call({}, [&](Speaker& /*speaker*/) {
      Owner owner = Owner::open(folder, secret.view(), threads);
      const auto spec = read_file(folder / "client.spec");
      return std::make_unique<PyOwner>(message::read_client_spec(spec), std::move(owner));
    });
  }
  void save(const fs::path& folder, const py::object& passphrase, const py::object& progress) {
    process_.check("an owner");
    const Passphrase secret(passphrase);
    long_call({progress}, [&](Speaker& speaker) {
      make_keys(speaker);
      passphrase.is_none() ? owner_.save(folder) : owner_.save(folder, secret.view());
    });
  }
  py::bytes evaluation_keys(const py::object& progress) {
    process_.check("an owner");
    long_call({progress}, [&](Speaker& speaker) { make_keys(speaker); });
    return to_bytes(owner_.evaluation_keys());
  }
  py::bytes encrypt_pictures(const PixelArray& array) {
    process_.check("an owner");
    auto pictures = pictures_of(array);
    Bytes query;
    {
      const py::gil_scoped_release unlocked;
      const WipePictures wiped{pictures};
      query = owner_.encrypt(pictures);
    }
    return to_bytes(query);
  }
  py::bytes encrypt_values(const FloatArray& array) {
    process_.check("an owner");
    auto rows = rows_of(array, client_.input.size(), "images");
    const ckks::WipeAtEnd wiped(rows);
    Bytes query;
    {
      const py::gil_scoped_release unlocked;
      query = owner_.encrypt_values(rows);
    }
    return to_bytes(query);
  }
  /// (logits, probabilities, indices, doubts)
  py::tuple read(const py::object& answer, std::uint64_t share) {
    process_.check("an owner");
    const ByteView bytes(answer, "answer");
    std::vector<Prediction> predictions;
    {
      const py::gil_scoped_release unlocked;
      predictions = owner_.read(bytes, share);
    }
    std::vector<std::vector<double>> logits, probabilities;
    std::vector<std::size_t> indices;
    std::vector<std::string> doubts;
    for (auto& one : predictions) {
      logits.push_back(std::move(one.logits));
      probabilities.push_back(std::move(one.probabilities));
      indices.push_back(one.index);
      doubts.push_back(std::move(one.doubt));
    }
    return py::make_tuple(to_array(logits), to_array(probabilities), indices, doubts);
  }
  py::bytes id() const { return to_bytes(owner_.id()); }
  py::bytes client_spec() const { return to_bytes(message::write_client_spec(client_)); }
  std::uint64_t decryptions() const { return owner_.decryptions(); }

 private:
  struct WipePictures {
    std::vector<Pixels>& pictures;
    ~WipePictures() {
      for (Pixels& one : pictures) sodium_memzero(one.values.data(), one.values.size());
    }
  };

  void make_keys(Speaker& speaker) {
    const std::size_t total = evaluation_key_bytes(client_);
    owner_.evaluation_keys([&](std::uint64_t bytes) {
      speaker.check();
      speaker.progress(std::min<std::uint64_t>(bytes, total), total, "bytes of keys");
    });
    speaker.progress(total, total, "bytes of keys");
  }

  message::ClientSpec client_;
  Owner owner_;
  SameProcess process_;
};

void change_passphrase(const fs::path& folder, const py::object& now, const py::object& next) {
  const Passphrase before(now), after(next);
  const py::gil_scoped_release unlocked;
  Owner::change_passphrase(folder, before.view(), after.view());
}

}  // namespace

void bind_owner(py::module_& module) {
  py::class_<PyOwner>(module, "Owner", "Holds the secret key. Made by obscura.owner.Owner.")
      .def(py::init(&PyOwner::make), py::arg("client_spec"), py::arg("threads") = 0)
      .def_static("open", &PyOwner::open, py::arg("folder"), py::arg("passphrase") = py::none(), py::arg("threads") = 0)
      .def("save", &PyOwner::save, py::arg("folder"), py::arg("passphrase") = py::none(),
           py::arg("progress") = py::none())
      .def("evaluation_keys", &PyOwner::evaluation_keys, py::arg("progress") = py::none())
      .def("encrypt_pictures", &PyOwner::encrypt_pictures, py::arg("pictures").noconvert())
      .def("encrypt_values", &PyOwner::encrypt_values, py::arg("images"))
      .def("read", &PyOwner::read, py::arg("answer"), py::arg("share") = 0)
      .def_property_readonly("id", &PyOwner::id)
      .def_property_readonly("client_spec", &PyOwner::client_spec)
      .def_property_readonly("decryptions", &PyOwner::decryptions);
  module.def("change_passphrase", &change_passphrase, py::arg("folder"), py::arg("now"), py::arg("next"));
}

}  // namespace obscura::python
