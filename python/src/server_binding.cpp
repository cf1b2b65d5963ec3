#include "server_binding.h"

#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "program/program_wire.h"
#include "program/sizes.h"
#include "runtime/server.h"
#include "support/arrays.h"
#include "support/long_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

/// runtime::Server with the interpreter's lock given back where something takes long.
class PyServer {
 public:
  explicit PyServer(std::unique_ptr<runtime::Server> server) : server_(std::move(server)) {}

  static std::unique_ptr<PyServer> make(const py::object& program, std::size_t threads, const py::object& matrix_memory,
                                        const py::object& key_memory) {
    const ByteView bytes(program, "program");
    runtime::ServerOptions options;
    options.threads = threads;
    if (!matrix_memory.is_none()) options.matrix_memory = py::cast<std::size_t>(matrix_memory);
    if (!key_memory.is_none()) options.key_memory = py::cast<std::size_t>(key_memory);
    return long_call({}, [&](Speaker& speaker) {
      auto read = program::read_program(bytes);
      speaker.check();
      return std::make_unique<PyServer>(std::make_unique<runtime::Server>(std::move(read), options));
    });
  }
  py::bytes add_keys(const py::object& keys) {
    process_.check("a server");
    const ByteView bytes(keys, "evaluation keys");
    return to_bytes(long_call({}, [&](Speaker& /*speaker*/) { return server_->add_keys(bytes.span()); }));
  }
  bool has_keys(const py::object& id) const { return server_->has_keys(id_of(id, "id of keys")); }
  void forget(const py::object& id) { server_->forget(id_of(id, "id of keys")); }

  /// (answer, ((stage, seconds), ...))
  py::tuple run(const py::object& query, const py::object& keys) {
    process_.check("a server");
    const ByteView bytes(query, "query");
    std::optional<ckks::KeyId> expected;
    if (!keys.is_none()) expected = id_of(keys, "id of keys");
    std::vector<runtime::StageTime> times;
    const auto answer = long_call({}, [&](Speaker& speaker) {
      auto read = message::read_query(*server_->context(), server_->client().program, bytes);
      if (expected) message::check_keys(read, *expected);
      return message::write_answer(*server_->context(), server_->answer(std::move(read), speaker.stop(), &times));
    });
    py::tuple stages(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) stages[i] = py::make_tuple(times[i].name, times[i].seconds);
    return py::make_tuple(to_bytes(answer), stages);
  }
  py::bytes client_spec() const { return to_bytes(message::write_client_spec(server_->client())); }
  std::size_t key_bytes() const { return server_->key_bytes(); }
  std::size_t threads() const { return server_->threads(); }

 private:
  std::unique_ptr<runtime::Server> server_;
  SameProcess process_;
};

template <typename Read>
auto of_program(const py::object& program, Read&& read) {
  const ByteView bytes(program, "program");
  const py::gil_scoped_release unlocked;
  return read(program::read_program(bytes));
}

py::bytes spec_of_program(const py::object& program) {
  return to_bytes(of_program(program, [](const program::Program& p) { return message::write_client_spec(p.client); }));
}

/// Both files, the second when nothing is left that could fail but the disk.
void save_program(const fs::path& folder, const py::object& program, const py::object& spec, bool overwrite) {
  const ByteView server(program, "program"), client(spec, "client spec");
  const py::gil_scoped_release unlocked;
  std::error_code ec;
  if (fs::exists(folder, ec) && !fs::is_directory(folder, ec)) {
    throw IoError("cannot write into " + folder.string() + ": it is no folder");
  }
  // Keys know their program by their own copy of the spec.
  if (fs::exists(folder / "secret.key", ec)) {
    throw IoError("cannot write into " + folder.string() + ": it holds keys; name another folder");
  }
  for (const char* name : {"server.program", "client.spec"}) {
    if (overwrite || !fs::exists(folder / name, ec)) continue;
    throw IoError((folder / name).string() + " is there already: name another folder, or overwrite=True");
  }
  fs::create_directories(folder, ec);
  if (ec) throw IoError("cannot make " + folder.string() + ": " + ec.message());
  write_file(folder / "client.spec", client.span());
  write_file(folder / "server.program", server.span());
}

py::dict program_sizes(const py::object& program) {
  const auto sizes = of_program(program, [](const program::Program& p) { return program::sizes(p); });
  py::dict out;
  out["query"] = sizes.query, out["reply"] = sizes.reply, out["keys"] = sizes.keys, out["server"] = sizes.server;
  out["expanded_keys"] = sizes.expanded_keys, out["weights"] = sizes.weights, out["working"] = sizes.working;
  return out;
}

double predicted_seconds(const py::object& program) {
  return of_program(program, [](const program::Program& p) { return p.microseconds / 1e6; });
}

}  // namespace

void bind_server(py::module_& module) {
  py::class_<PyServer>(module, "Server", "Computes on ciphertexts. Made by obscura.server.Server.")
      .def(py::init(&PyServer::make), py::arg("program"), py::arg("threads") = 0, py::arg("matrix_memory") = py::none(),
           py::arg("key_memory") = py::none())
      .def("add_keys", &PyServer::add_keys, py::arg("evaluation_keys"))
      .def("has_keys", &PyServer::has_keys, py::arg("id"))
      .def("forget", &PyServer::forget, py::arg("id"))
      .def("run", &PyServer::run, py::arg("query"), py::arg("keys") = py::none())
      .def_property_readonly("client_spec", &PyServer::client_spec)
      .def_property_readonly("key_bytes", &PyServer::key_bytes)
      .def_property_readonly("threads", &PyServer::threads);
  module.def("spec_of_program", &spec_of_program, py::arg("program"), "The client spec of a server.program, as bytes.");
  module.def("save_program", &save_program, py::arg("folder"), py::arg("program"), py::arg("client_spec"),
             py::arg("overwrite") = false);
  module.def("program_sizes", &program_sizes, py::arg("program"));
  module.def("predicted_seconds", &predicted_seconds, py::arg("program"));
}

}  // namespace obscura::python
