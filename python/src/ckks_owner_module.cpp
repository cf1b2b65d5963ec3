#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/version.h"
#include "ckks/wire.h"
#include "ckks_parameters_binding.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/wire.h"
#include "support/arrays.h"
#include "support/errors.h"
#include "support/long_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

/// None for None. The copies in it are wiped.
ckks::PassphraseSource source_of(const py::object& passphrase) {
  if (passphrase.is_none()) return {};
  std::string text = py::cast<std::string>(passphrase);
  const auto kept = std::make_shared<const ckks::Passphrase>(text);
  sodium_memzero(text.data(), text.size());
  return [kept](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return *kept; };
}

/// A secret key with what encrypts and decrypts by it.
class PySecretKey {
 public:
  explicit PySecretKey(std::unique_ptr<ckks::SecretKey> key)
      : key_(std::move(key)),
        encoder_(key_->context()),
        encryptor_(*key_),
        decryptor_(*key_),
        scales_(scale_ladder(*key_->context())) {}

  static std::unique_ptr<PySecretKey> make(const py::object& parameters) {
    const auto context = context_of(parameters);
    const py::gil_scoped_release unlocked;
    return std::make_unique<PySecretKey>(std::make_unique<ckks::SecretKey>(context));
  }
  static std::unique_ptr<PySecretKey> load(const fs::path& path, const py::object& passphrase) {
    const auto source = source_of(passphrase);
    const py::gil_scoped_release unlocked;
    return std::make_unique<PySecretKey>(std::make_unique<ckks::SecretKey>(ckks::load_secret_key(path, source)));
  }
  void save(const fs::path& path, const py::object& passphrase) const {
    const ckks::Sealing sealing{source_of(passphrase), !passphrase.is_none()};
    const py::gil_scoped_release unlocked;
    std::error_code ec;
    if (fs::exists(path, ec)) throw IoError(path.string() + " is there already: name another file");
    ckks::save_secret_key(path, *key_, sealing);
  }
  py::bytes public_key() const {
    ckks::Bytes file;
    {
      const py::gil_scoped_release unlocked;
      file = ckks::write_public_key(*key_->context(), ckks::make_public_key(*key_));
    }
    return to_bytes(file);
  }
  py::bytes evaluation_keys(const std::vector<std::int64_t>& rotations, bool relinearisation,
                            const py::object& progress) {
    const ckks::Context& context = *key_->context();
    ckks::KeyRequest request;
    if (relinearisation) request.relinearisation(context.max_limbs());
    for (const std::int64_t steps : rotations) request.rotation(steps, context.max_limbs(), context.degree());
    return to_bytes(long_call({progress}, [&](Speaker& speaker) {
      ckks::Bytes file;
      ThreadPool pool;
      const auto take = [&](ckks::ByteSpan piece) {
        speaker.check();
        file.insert(file.end(), piece.begin(), piece.end());
        speaker.progress(file.size(), 0, "bytes of keys");
      };
      ckks::write_evaluation_keys(*key_, request, take, &pool);
      return file;
    }));
  }
  py::bytes encrypt(const DoubleArray& array) const {
    if (array.ndim() != 1) throw MismatchError("values: expected an array of one axis");
    const std::span values(array.data(), static_cast<std::size_t>(array.size()));
    ckks::Bytes file;
    {
      const py::gil_scoped_release unlocked;
      const std::size_t limbs = key_->context()->max_limbs();
      file =
          ckks::write_seeded_ciphertext(*key_->context(), encryptor_.encrypt(encoder_, values, scales_[limbs], limbs));
    }
    return to_bytes(file);
  }
  py::array_t<double> decrypt(const py::object& bytes, std::size_t size, std::uint64_t share, double noise) const {
    const ByteView view(bytes, "ciphertext");
    std::vector<double> values;
    {
      const py::gil_scoped_release unlocked;
      const auto kind = ckks::open_envelope(view, "ciphertext").kind;
      const auto ciphertext = kind == ckks::Kind::seeded_ciphertext
                                  ? ckks::expand(*key_->context(), ckks::read_seeded_ciphertext(*key_->context(), view))
                                  : ckks::read_ciphertext(*key_->context(), view);
      ckks::DecryptOptions options;
      options.flood_queries = share;
      values = decryptor_.decrypt_real(ciphertext, options, noise);
    }
    if (size > values.size()) throw MismatchError("a ciphertext has " + std::to_string(values.size()) + " slots");
    return to_array(std::span<const double>(values.data(), size == 0 ? values.size() : size));
  }
  py::bytes id() const { return to_bytes(key_->id()); }
  py::bytes parameters() const { return to_bytes(ckks::write_parameters(key_->context()->parameters())); }
  std::uint64_t decryptions() const { return decryptor_.decryptions(); }

 private:
  std::unique_ptr<ckks::SecretKey> key_;  ///< where the others point to
  ckks::Encoder encoder_;
  ckks::SecretEncryptor encryptor_;
  ckks::Decryptor decryptor_;
  std::vector<double> scales_;
};

}  // namespace
}  // namespace obscura::python

PYBIND11_MODULE(_ckks_owner, module) {
  using obscura::python::PySecretKey;
  module.doc() = "The secret half of obscura.ckks.";
  obscura::python::register_errors();
  module.attr("version") = obscura::kVersion;
  obscura::python::bind_parameters(module);
  py::class_<PySecretKey>(module, "SecretKey", "Wrapped by obscura.ckks.SecretKey.")
      .def(py::init(&PySecretKey::make), py::arg("parameters"))
      .def_static("load", &PySecretKey::load, py::arg("path"), py::arg("passphrase") = py::none())
      .def("save", &PySecretKey::save, py::arg("path"), py::arg("passphrase") = py::none())
      .def("public_key", &PySecretKey::public_key)
      .def("evaluation_keys", &PySecretKey::evaluation_keys, py::arg("rotations"), py::arg("relinearisation") = true,
           py::arg("progress") = py::none())
      .def("encrypt", &PySecretKey::encrypt, py::arg("values"))
      .def("decrypt", &PySecretKey::decrypt, py::arg("ciphertext"), py::arg("size") = 0, py::arg("share") = 0,
           py::arg("noise") = 0.0)
      .def_property_readonly("id", &PySecretKey::id)
      .def_property_readonly("parameters", &PySecretKey::parameters)
      .def_property_readonly("decryptions", &PySecretKey::decryptions);
}
