#include "study/remote/remote_classify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file_stream.h"
#include "base/stopwatch.h"
#include "study/memory_check.h"
#include "study/preprocessing.h"

namespace obscura::study {
namespace {

/// Those that say scores of a gallery are for searching.
remote::ModelFacts choose_model(const std::vector<remote::ModelFacts>& models, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto& model : models) {
    if (!wanted.empty() && model.name == wanted) {
      if (model.gallery.empty()) return model;
      throw UsageError(fmt::format("model {} says scores of gallery {}: 'remote search --mode blind' asks it", wanted,
                                   model.gallery));
    }
    if (model.gallery.empty()) names.push_back(model.name);
  }
  if (names.empty()) throw UsageError("the server has no model that classifies");
  if (!wanted.empty()) {
    throw UsageError(fmt::format("the server has no model {}: there {} {}", wanted, names.size() == 1 ? "is" : "are",
                                 fmt::join(names, ", ")));
  }
  if (names.size() > 1) {
    throw UsageError(
        fmt::format("the server has {} models, name one by --model: {}", names.size(), fmt::join(names, ", ")));
  }
  return *std::ranges::find(models, names.front(), &remote::ModelFacts::name);
}

/// The images of one more query behind the others.
void append(Decryption& all, Decryption&& more) {
  if (all.readings.empty()) {
    all = std::move(more);
    return;
  }
  std::ranges::move(more.readings, std::back_inserter(all.readings));
  std::ranges::move(more.record.images, std::back_inserter(all.record.images));
  all.count = more.count;
}

}  // namespace

RemoteClassification classify_remotely(remote::Remote& remote, const RemoteClassifyRequest& request,
                                       const Notes& note) {
  const Stopwatch watch;
  const auto before = remote.traffic();
  const auto files = query_files(request.images, note);
  for (const auto& file : files) read_start(file, 1);  // before keys are made, which takes its time
  RemoteClassification done;
  done.model = choose_model(remote.models(), request.model);
  ThreadPool pool(request.threads);
  const auto keys = keys_for_model(remote, done.model, {request.keys, request.sealing}, pool, note);
  const message::ClientSpec& client = keys.owner->client();
  check_query_memory(client);
  note_unstated(client.preprocessing, client.network, note);
  const auto images = read_query_images(files, client.input, client.preprocessing, request.fit, note);
  if (client.chunks) {
    if (const auto shown = message::disclosure(client.chunks->policy); !shown.empty()) note(shown);
  }
  for (std::size_t first = 0; first < images.size(); first += client.images, ++done.queries) {
    const auto some = std::span(images).subspan(first, std::min(client.images, images.size() - first));
    append(done.decryption, ask_model(remote, done.model, keys, some, pool, note));
  }
  done.keys = keys.folder.path(), done.keys_made = keys.made;
  done.cost = cost_between(before, remote.traffic(), watch.seconds(), keys.seconds);
  return done;
}

nlohmann::ordered_json remote_classification_json(const RemoteClassification& done, const std::string& server,
                                                  std::size_t top) {
  nlohmann::ordered_json json = {
      {"server", server},           {"model", done.model.name},    {"version", done.model.version},
      {"keys", done.keys.string()}, {"keys_made", done.keys_made}, {"queries", done.queries}};
  json.update(decryption_json({}, done.decryption, top));
  json["bytes"] = {{"up", done.cost.up}, {"down", done.cost.down}};
  json["seconds"] = {{"local", done.cost.local}, {"server", done.cost.server}, {"keys", done.cost.keys}};
  return json;
}

}  // namespace obscura::study
