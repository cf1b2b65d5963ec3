#include "obscura/remote.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "remote/hash.h"
#include "remote/remote.h"

namespace obscura {
namespace {

int milliseconds(std::size_t seconds) {
  return static_cast<int>(std::min<std::size_t>(seconds, std::numeric_limits<int>::max() / 1000) * 1000);
}

remote::Options inner_options(const RemoteOptions& given) {
  remote::Options options;
  options.http = {given.ca_file, milliseconds(given.connect_seconds), milliseconds(given.stall_seconds)};
  options.total_ms = milliseconds(given.total_seconds);
  options.retries = given.retries;
  options.piece_bytes = given.piece_bytes;
  if (given.progress) {
    options.progress = [hear = given.progress](const std::string&, std::uint64_t done, std::uint64_t total) {
      hear(done, total);
    };
  }
  return options;
}

RemoteModel public_facts(const remote::ModelFacts& model) {
  return {model.name, model.version, model.network, model.spec_hash, model.images, model.key_bytes};
}

}  // namespace

struct Remote::State {
  remote::Remote inner;
};

Remote::Remote(const std::string& url, const std::string& token, const RemoteOptions& options)
    : state_(new State{remote::Remote(url, token, inner_options(options))}) {}
Remote::Remote(Remote&&) noexcept = default;
Remote& Remote::operator=(Remote&&) noexcept = default;
Remote::~Remote() = default;

std::vector<RemoteModel> Remote::models(const std::stop_token& stop) {
  std::vector<RemoteModel> out;
  for (const auto& model : state_->inner.models(stop)) {
    if (model.gallery.empty()) out.push_back(public_facts(model));
  }
  return out;
}

RemoteModel Remote::model(const std::string& name, const std::stop_token& stop) {
  return public_facts(state_->inner.model(name, stop));
}

Bytes Remote::client_spec(const std::string& model, const std::stop_token& stop) {
  return state_->inner.client_spec(state_->inner.model(model, stop), stop);
}

Prediction Remote::classify(Owner& owner, const std::string& model, const Pixels& picture,
                            const std::stop_token& stop) {
  return classify(owner, model, std::span(&picture, 1), stop).front();
}

std::vector<Prediction> Remote::classify(Owner& owner, const std::string& model, std::span<const Pixels> pictures,
                                         const std::stop_token& stop) {
  const Bytes query = owner.encrypt(pictures);
  const auto keys = [&] { return remote::keys_of(owner.evaluation_keys()); };
  return owner.read(state_->inner.infer(model, query, keys, stop));
}

Bytes Remote::infer(const std::string& model, BytesView query, const std::stop_token& stop) {
  return state_->inner.infer(model, query, {}, stop);
}

void Remote::send_keys(BytesView evaluation_keys, const std::stop_token& stop) {
  state_->inner.upload_keys(remote::keys_of(evaluation_keys), stop);
}

void Remote::delete_keys(const std::string& hash, const std::stop_token& stop) {
  state_->inner.remove_key(hash, stop);
}

std::string Remote::hash_of(BytesView file) {
  return remote::hash_of(file);
}

}  // namespace obscura
