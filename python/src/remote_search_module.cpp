// Searches at a server: by itself, because networks are read for it, which a client that classifies never loads.
#include <pybind11/pybind11.h>
#include <pybind11/stl/filesystem.h>

#include <nlohmann/json.hpp>
#include <string>

#include "remote/remote.h"
#include "remote_binding.h"
#include "search_result.h"
#include "study/remote/remote_search.h"
#include "support/errors.h"
#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

using namespace obscura;
using namespace obscura::python;

py::dict search_there(const std::string& url, const std::string& token, const fs::path& ca_file,
                      const PixelArray& picture, const std::string& name, const fs::path& keys,
                      const std::string& gallery, const std::string& mode, const fs::path& network, std::size_t top,
                      const std::string& fit, bool invert, std::size_t threads, const py::object& passphrase,
                      const py::object& progress, const py::object& note) {
  study::RemoteSearchRequest request;
  request.picture = name, request.pixels = picture_of(picture, "picture");
  request.keys = keys, request.gallery = gallery, request.mode = mode, request.network = network;
  request.top = top, request.fit = {fit, invert}, request.threads = threads;
  request.sealing = sealing_of(passphrase);
  const auto found = long_call({progress, note}, [&](Speaker& speaker) {
    const StudyCall call(speaker);
    remote::Options options;
    options.http.ca_file = ca_file;
    options.progress = [&speaker](const std::string& what, std::uint64_t done, std::uint64_t total) {
      speaker.check();
      speaker.progress(done, total, "bytes of " + what);
    };
    std::optional<study::RemoteSearch> result;
    call.run([&] {
      remote::Remote remote(url, token, options);
      result.emplace(study::search_remotely(remote, request, call.notes()));
    });
    return *std::move(result);
  });
  return search_dict(found.result, study::remote_search_json(found, url, "obscura.Remote.search"));
}

}  // namespace

PYBIND11_MODULE(_remote_search, module) {
  module.doc() = "Searches at a server. Use obscura.remote.";
  register_errors();
  register_remote_errors();
  module.def("search", &search_there, py::arg("url"), py::arg("token"), py::arg("ca_file"),
             py::arg("picture").noconvert(), py::arg("name"), py::arg("keys"), py::arg("gallery"), py::arg("mode"),
             py::arg("network"), py::arg("top"), py::arg("fit"), py::arg("invert"), py::arg("threads"),
             py::arg("passphrase"), py::arg("progress"), py::arg("note"));
}
