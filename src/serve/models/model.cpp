#include "serve/models/model.h"

#include <algorithm>

#include "base/error.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "program/sizes.h"
#include "serve/keys/upload.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

constexpr const char* kProgramFile = "server.program";
constexpr const char* kProgramEnding = ".program";

std::string name_in(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!is_plain_name(name)) {
    throw UsageError(path.string() + " cannot be a model's name: letters, digits, '.', '_' and '-', up to 128");
  }
  return name;
}

[[noreturn]] void throw_none(const fs::path& folder) {
  std::string text = folder.string() + " has no compiled program (NAME/server.program)";
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    if (entry.path().extension() != ".onnx") continue;
    text += ", only networks: obscura compile " + entry.path().string() + " --out served/" +
            entry.path().stem().string() + ", then --models served";
    throw UsageError(text);
  }
  throw UsageError(text + ": obscura compile net.onnx --out " + (folder / "NAME").string());
}

}  // namespace

Model::Model(std::string name, program::Program program, ThreadPool& pool, std::size_t matrix_memory) {
  facts_.name = std::move(name);
  facts_.version = message::hex_of(program.client.program).substr(0, 16);
  facts_.network = program.client.network;
  facts_.images = program.client.images;
  facts_.max_query_bytes = max_query_bytes(program.client);
  facts_.key_bytes = static_cast<std::size_t>(program::sizes(program).keys);
  spec_ = message::write_client_spec(program.client);
  facts_.spec_hash = hash_text(spec_);
  runner_ = runtime::make_runner(std::move(program), &pool, matrix_memory);
}

void Model::took(double seconds) {
  constexpr double kNew = 0.2;
  seconds_.store(expected_seconds() * (1 - kNew) + kNew * seconds, std::memory_order_relaxed);
}

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kGood = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         name.find_first_not_of(kGood) == std::string_view::npos;
}

std::vector<ModelPlace> find_models(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw UsageError("there is no folder " + folder.string());
  std::vector<ModelPlace> found;
  if (fs::exists(folder / kProgramFile)) {
    found.push_back({name_in(fs::weakly_canonical(folder)), folder / kProgramFile});
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (entry.is_directory() && fs::exists(path / kProgramFile)) {
      found.push_back({name_in(path), path / kProgramFile});
    } else if (path.extension() == kProgramEnding && path.filename() != kProgramFile) {
      found.push_back({name_in(path.parent_path() / path.stem()), path});
    }
  }
  if (found.empty()) throw_none(folder);
  std::ranges::sort(found, {}, &ModelPlace::name);
  const auto twice = std::ranges::adjacent_find(found, {}, &ModelPlace::name);
  if (twice != found.end()) throw UsageError(folder.string() + " has two programs called " + twice->name);
  return found;
}

std::size_t max_query_bytes(const message::ClientSpec& client) {
  constexpr std::size_t kAround = 4096, kEach = 64;
  const std::size_t degree = std::size_t{1} << client.parameters.log_degree;
  std::size_t bytes = kAround + client.queries() * (degree * client.input_limbs * sizeof(std::uint64_t) + kEach);
  if (client.chunks) {  // indices, and values in the clear
    bytes += client.chunks->cut.used() * (sizeof(std::int32_t) + client.unit().size() * sizeof(float));
  }
  return bytes;
}

}  // namespace obscura::serve
