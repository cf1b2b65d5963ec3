#include "remote_binding.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "remote/hash.h"
#include "remote/remote.h"
#include "support/arrays.h"
#include "support/long_call.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

// The client tells its progress on the thread that calls it, which has a Speaker of its own.
thread_local Speaker* current_speaker = nullptr;

class SpeakerHere {
 public:
  explicit SpeakerHere(Speaker& speaker) { current_speaker = &speaker; }
  ~SpeakerHere() { current_speaker = nullptr; }
  SpeakerHere(const SpeakerHere&) = delete;
  SpeakerHere& operator=(const SpeakerHere&) = delete;
};

template <typename Work>
auto remote_call(const py::object& progress, Work&& work) {
  return long_call({progress}, [&](Speaker& speaker) {
    const SpeakerHere here(speaker);
    return work(speaker.stop());
  });
}

int milliseconds(double seconds, const char* name) {
  constexpr double kMost = std::numeric_limits<int>::max() / 1000;
  if (!(seconds > 0 && seconds <= kMost)) {
    throw UsageError(std::string(name) + " is " + std::to_string(seconds) + ", expected seconds above 0");
  }
  return static_cast<int>(seconds * 1000);
}

py::dict model_dict(const remote::ModelFacts& model) {
  py::dict out;
  out["name"] = to_str(model.name), out["version"] = to_str(model.version), out["network"] = to_str(model.network);
  out["client_spec"] = to_str(model.spec_hash);
  out["images_per_query"] = model.images, out["max_query_bytes"] = model.max_query_bytes;
  out["evaluation_key_bytes"] = model.key_bytes;
  out["gallery"] = model.gallery.empty() ? py::object(py::none()) : to_str(model.gallery);
  return out;
}

py::dict gallery_dict(const remote::GalleryFacts& gallery) {
  py::dict out;
  out["name"] = to_str(gallery.name), out["id"] = to_str(gallery.id);
  out["version"] = gallery.version, out["images"] = gallery.images;
  py::list modes;
  for (const auto& mode : gallery.modes) modes.append(to_str(mode));
  out["modes"] = py::tuple(modes);
  out["blind_model"] = gallery.blind_model.empty() ? py::object(py::none()) : to_str(gallery.blind_model);
  return out;
}

py::dict key_dict(const remote::KeyStatus& key) {
  py::dict out;
  out["hash"] = to_str(key.hash), out["state"] = remote::to_string(key.state);
  out["bytes"] = key.bytes, out["total"] = key.total, out["key_id"] = to_str(key.key_id);
  out["created"] = key.created, out["last_used"] = key.last_used, out["expires"] = key.expires;
  py::list models;
  for (const auto& name : key.models) models.append(to_str(name));
  out["models"] = py::tuple(models);
  return out;
}

/// remote::Remote with the interpreter's lock given back, and ^C ending what waits.
class PyRemote {
 public:
  PyRemote(const std::string& url, const std::string& token, const fs::path& ca_file, double connect_seconds,
           double stall_seconds, double total_seconds, int retries)
      : remote_(url, token, options(ca_file, connect_seconds, stall_seconds, total_seconds, retries)) {}

  py::dict server() {
    const auto facts = remote_call(py::none(), [&](const std::stop_token& stop) { return remote_.server(stop); });
    py::dict out;
    out["name"] = to_str(facts.name), out["version"] = to_str(facts.version);
    py::list extensions;
    for (const auto& one : facts.extensions) extensions.append(to_str(one));
    out["extensions"] = py::tuple(extensions);
    return out;
  }
  py::list models() {
    const auto all = remote_call(py::none(), [&](const std::stop_token& stop) { return remote_.models(stop); });
    py::list out;
    for (const auto& one : all) out.append(model_dict(one));
    return out;
  }
  py::dict model(const std::string& name) {
    return model_dict(remote_call(py::none(), [&](const std::stop_token& stop) { return remote_.model(name, stop); }));
  }
  py::bytes client_spec(const std::string& name) {
    return to_bytes(remote_call(
        py::none(), [&](const std::stop_token& stop) { return remote_.client_spec(remote_.model(name, stop), stop); }));
  }
  py::bytes infer(const std::string& model, const py::object& query) {
    const ByteView bytes(query, "query");
    return to_bytes(remote_call(
        py::none(), [&](const std::stop_token& stop) { return remote_.infer(model, bytes.span(), {}, stop); }));
  }
  py::dict send_keys(const py::object& keys, const py::object& progress) {
    const ByteView bytes(keys, "evaluation keys");
    return key_dict(remote_call(progress, [&](const std::stop_token& stop) {
      return remote_.upload_keys(remote::keys_of(bytes.span()), stop);
    }));
  }
  py::list keys() {
    const auto all = remote_call(py::none(), [&](const std::stop_token& stop) { return remote_.keys(stop); });
    py::list out;
    for (const auto& one : all) out.append(key_dict(one));
    return out;
  }
  void delete_keys(const std::string& hash) {
    remote_call(py::none(), [&](const std::stop_token& stop) { remote_.remove_key(hash, stop); });
  }
  py::list galleries() {
    const auto all = remote_call(py::none(), [&](const std::stop_token& stop) { return remote_.galleries(stop); });
    py::list out;
    for (const auto& one : all) out.append(gallery_dict(one));
    return out;
  }
  /// (bytes up, bytes down, seconds of calls)
  py::tuple traffic() const {
    const auto traffic = remote_.traffic();
    return py::make_tuple(traffic.up, traffic.down, traffic.seconds);
  }

 private:
  static remote::Options options(const fs::path& ca_file, double connect_seconds, double stall_seconds,
                                 double total_seconds, int retries) {
    remote::Options options;
    options.http = {ca_file, milliseconds(connect_seconds, "connect_seconds"),
                    milliseconds(stall_seconds, "stall_seconds")};
    options.total_ms = milliseconds(total_seconds, "total_seconds");
    if (retries < 0) throw UsageError("retries is " + std::to_string(retries) + ", expected 0 or more");
    options.retries = retries;
    options.progress = [](const std::string& what, std::uint64_t done, std::uint64_t total) {
      if (current_speaker != nullptr) current_speaker->progress(done, total, "bytes of " + what);
    };
    return options;
  }

  remote::Remote remote_;
};

}  // namespace

void bind_remote(py::module_& module) {
  py::class_<PyRemote>(module, "Remote", "A server. Made by obscura.remote.Remote.")
      .def(py::init<const std::string&, const std::string&, const fs::path&, double, double, double, int>(),
           py::arg("url"), py::arg("token"), py::arg("ca_file"), py::arg("connect_seconds"), py::arg("stall_seconds"),
           py::arg("total_seconds"), py::arg("retries"))
      .def("server", &PyRemote::server)
      .def("models", &PyRemote::models)
      .def("model", &PyRemote::model, py::arg("name"))
      .def("client_spec", &PyRemote::client_spec, py::arg("name"))
      .def("infer", &PyRemote::infer, py::arg("model"), py::arg("query"))
      .def("send_keys", &PyRemote::send_keys, py::arg("keys"), py::arg("progress"))
      .def("keys", &PyRemote::keys)
      .def("delete_keys", &PyRemote::delete_keys, py::arg("hash"))
      .def("galleries", &PyRemote::galleries)
      .def("traffic", &PyRemote::traffic);
  module.def(
      "hash_of",
      [](const py::object& file) {
        const ByteView bytes(file, "file");
        return remote::hash_of(bytes.span());
      },
      py::arg("file"), "BLAKE2b-256, hex: what names evaluation keys at a server.");
}

}  // namespace obscura::python
