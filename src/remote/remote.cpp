#include "remote/remote.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "remote/calls.h"
#include "remote/hash.h"
#include "remote/infer_body.h"

namespace obscura::remote {
namespace {

constexpr std::size_t kMostModels = 10'000, kMostKeys = 100'000;
constexpr std::size_t kMostSpecBytes = std::size_t{64} << 20;
constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 30;
constexpr std::size_t kMostCardBytes = std::size_t{256} << 20;

std::string model_path(const std::string& name) {
  if (name.empty()) throw UsageError("a model without a name cannot be asked for");
  return "/v2/models/" + path_part(name);
}

std::string gallery_path(const std::string& name) {
  if (name.empty()) throw UsageError("a gallery without a name cannot be asked for");
  return "/v2/obscura/galleries/" + path_part(name);
}

void check_hash(const std::string& hash) {
  if (!is_hash(hash)) throw UsageError("'" + hash.substr(0, 80) + "' is no hash of keys: expected 64 hex digits");
}

}  // namespace

struct Remote::State {
  State(const std::string& url, const std::string& token, Options options)
      : calls{HttpClient(parse_address(url), token, options.http), options} {}

  /// Asks, and where keys are unknown, sends them and asks once more.
  template <typename Ask>
  ckks::Bytes with_keys(const KeyProvider& keys, const std::stop_token& stop, const Ask& ask) {
    try {
      return ask();
    } catch (const RemoteError& error) {
      if (error.code() != "keys_unknown" || !keys) throw;
    }
    upload(calls, keys(), stop);
    return ask();
  }

  ckks::Bytes get_card(std::string path, const std::stop_token& stop) {
    Request request;
    request.path = std::move(path);
    request.most_bytes = kMostCardBytes;
    request.patient = true;
    return calls.ask(std::move(request), stop).body;
  }

  ckks::Bytes post(const std::string& path, ckks::ByteSpan body, const std::stop_token& stop) {
    Request request;
    request.method = "POST";
    request.path = path;
    request.headers = {"Content-Type: application/octet-stream"};
    request.body = {body};
    request.most_bytes = kMostAnswerBytes;
    request.patient = true;
    return calls.ask(std::move(request), stop).body;
  }

  Calls calls;
  std::mutex mutex;
  std::map<std::string, ckks::Bytes> specs;  ///< by their hash
};

Remote::Remote(const std::string& url, const std::string& token, Options options)
    : state_(std::make_unique<State>(url, token, std::move(options))) {}
Remote::~Remote() = default;

const Address& Remote::address() const {
  return state_->calls.http.address();
}

Traffic Remote::traffic() const {
  return state_->calls.http.traffic();
}

void Remote::ping(const std::stop_token& stop) {
  Request request;
  request.path = "/v2/health/ready";
  request.most_bytes = 4096;
  request.deadline = state_->calls.deadline();
  const auto response = state_->calls.http.send(request, stop);
  // What is not ready says so with this status, and as a health check, not as an error.
  if (response.status == 503 && !read_object(response.body).value_or(nlohmann::json::object()).contains("error")) {
    throw RemoteError("overloaded", "the server " + address().url + " is there and not ready: it takes no requests",
                      response.status, {});
  }
  if (response.status != 200) throw error_of(response, address().url);
}

ServerFacts Remote::server(const std::stop_token& stop) {
  return read_server(state_->calls.json("/v2", stop));
}

std::vector<ModelFacts> Remote::models(const std::stop_token& stop) {
  std::vector<ModelFacts> models;
  for (const auto& one : state_->calls.json("/v2/models", stop).objects("models", kMostModels)) {
    models.push_back(read_listed_model(one));
  }
  return models;
}

ModelFacts Remote::model(const std::string& name, const std::stop_token& stop) {
  auto model = read_model(state_->calls.json(model_path(name), stop));
  if (model.name != name) throw RemoteError("unexpected", "the server answers for another model than was asked for");
  return model;
}

ckks::Bytes Remote::client_spec(const ModelFacts& model, const std::stop_token& stop) {
  check_hash(model.spec_hash);
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->specs.find(model.spec_hash);
    if (found != state_->specs.end()) return found->second;
  }
  Request request;
  request.path = "/v2/obscura/specs/" + model.spec_hash;
  request.most_bytes = kMostSpecBytes;
  auto spec = state_->calls.ask(std::move(request), stop).body;
  if (hash_of(spec) != model.spec_hash) {
    throw RemoteError("unexpected", "the client spec that " + address().url + " sends for model " + model.name +
                                        " is not the one of its hash: it was changed on its way, or the server is not "
                                        "to be trusted");
  }
  const std::lock_guard lock(state_->mutex);
  return state_->specs[model.spec_hash] = std::move(spec);
}

KeyStatus Remote::key_status(const std::string& hash, const std::stop_token& stop) {
  check_hash(hash);
  return remote::key_status(state_->calls, hash, stop);
}

KeyStatus Remote::upload_keys(const KeySource& keys, const std::stop_token& stop) {
  return upload(state_->calls, keys, stop);
}

std::vector<KeyStatus> Remote::keys(const std::stop_token& stop) {
  std::vector<KeyStatus> keys;
  for (const auto& one : state_->calls.json("/v2/obscura/keys", stop).objects("keys", kMostKeys)) {
    keys.push_back(read_key_status(one));
  }
  return keys;
}

void Remote::remove_key(const std::string& hash, const std::stop_token& stop) {
  check_hash(hash);
  Request request;
  request.method = "DELETE";
  request.path = "/v2/obscura/keys/" + hash;
  request.most_bytes = std::size_t{1} << 16;
  request.deadline = state_->calls.deadline();
  Patience patience(state_->calls.options, request.deadline);
  for (bool first = true;; first = false) {
    try {
      state_->calls.ask_once(request, stop);
      return;
    } catch (const RemoteError& error) {
      // The answer to the first may have been lost.
      if (!first && error.status() == 404) return;
      patience.again(error, stop);
    }
  }
}

ckks::Bytes Remote::infer(const std::string& model, ckks::ByteSpan query, const KeyProvider& keys,
                          const std::stop_token& stop) {
  const InferBody body = infer_body(query);
  Request request;
  request.method = "POST";
  request.path = model_path(model) + "/infer";
  request.headers = {"Content-Type: application/octet-stream",
                     fmt::format("Inference-Header-Content-Length: {}", body.json.size())};
  request.body = {{reinterpret_cast<const std::uint8_t*>(body.json.data()), body.json.size()}, body.length, query};
  request.most_bytes = kMostAnswerBytes;
  request.patient = true;
  return state_->with_keys(keys, stop, [&] {
    return read_infer_answer(state_->calls.ask(request, stop), "what model " + model + " answers");
  });
}

std::vector<GalleryFacts> Remote::galleries(const std::stop_token& stop) {
  std::vector<GalleryFacts> galleries;
  for (const auto& one : state_->calls.json("/v2/obscura/galleries", stop).objects("galleries", kMostModels)) {
    galleries.push_back(read_gallery(one));
  }
  return galleries;
}

GalleryFacts Remote::gallery(const std::string& name, const std::stop_token& stop) {
  return read_gallery(state_->calls.json(gallery_path(name), stop));
}

ckks::Bytes Remote::card(const std::string& gallery, const std::stop_token& stop) {
  return state_->get_card(gallery_path(gallery) + "/card", stop);
}

std::filesystem::path Remote::hint(const GalleryFacts& gallery, const std::filesystem::path& folder,
                                   std::uint64_t most_bytes, const std::stop_token& stop) {
  return download(state_->calls, fmt::format("{}/versions/{}/hint", gallery_path(gallery.name), gallery.version),
                  folder, fmt::format("{}-{}.hint", gallery.id, gallery.version), most_bytes, stop);
}

ckks::Bytes Remote::scores(const std::string& gallery, ckks::ByteSpan question, const KeyProvider& keys,
                           const std::stop_token& stop) {
  return state_->with_keys(keys, stop, [&] { return state_->post(gallery_path(gallery) + "/scores", question, stop); });
}

ckks::Bytes Remote::fetch(const std::string& gallery, ckks::ByteSpan request, const std::stop_token& stop) {
  return state_->post(gallery_path(gallery) + "/fetch", request, stop);
}

ckks::Bytes Remote::trusted_card(const std::string& gallery, const std::stop_token& stop) {
  return state_->get_card(gallery_path(gallery) + "/trusted", stop);
}

ckks::Bytes Remote::trusted(const std::string& gallery, ckks::ByteSpan question, const std::stop_token& stop) {
  return state_->post(gallery_path(gallery) + "/trusted", question, stop);
}

}  // namespace obscura::remote
