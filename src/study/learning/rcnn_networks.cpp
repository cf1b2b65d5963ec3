#include "study/learning/rcnn_networks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "nn/onnx_read.h"
#include "study/chunked/plain_run.h"
#include "study/finished_steps.h"
#include "study/learning/training_run.h"
#include "study/shipped.h"
#include "train/encrypted/zoo.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;
using Words = RcnnSteps::Words;

constexpr const char* kClassifierFile = "rcnn-cifar10.onnx";
constexpr const char* kEmbeddingFile = "embed-cifar10.onnx";
constexpr const char* kTrunkFile = "obscura-m-cifar10.onnx";

/// In the folder of networks, if it was trained on the data set: another one may know the test pictures, or other
/// classes. Empty where there is none.
fs::path shipped_file(const ReproduceOptions& o, const char* name) {
  const fs::path folder = o.models.empty() ? shipped("models") : o.models;
  std::error_code ec;
  if (folder.empty() || !fs::exists(folder / name, ec)) return {};
  const auto metadata = nn::read_onnx_metadata(folder / name);
  const auto dataset = metadata.find("dataset");
  return dataset == metadata.end() || dataset->second == rcnn_dataset(o) ? folder / name : fs::path();
}

void describe(report::RcnnNetwork& network, const fs::path& file) {
  network.file = file.string();
  network.digest = digest_of(file);
  const auto metadata = nn::read_onnx_metadata(file);
  if (const auto command = metadata.find("command"); command != metadata.end()) network.command = command->second;
  const fs::path curve = beside(file, ".curve.json");
  std::error_code ec;
  if (!fs::exists(curve, ec)) return;
  const auto bytes = read_file(curve);
  auto json = ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_object()) network.curve = std::move(json);
}

fs::path trained_classifier(const ReproduceOptions& o, RcnnSteps& steps) {
  const RcnnSizes sizes = rcnn_sizes(o);
  const fs::path out = o.out / "models" / kClassifierFile;
  Words words = {"train", "--model", "rcnn", "--dataset", rcnn_dataset(o), "--out", out.string()};
  if (sizes.epochs != 0) words.insert(words.end(), {"--epochs", std::to_string(sizes.epochs)});
  if (sizes.training != 0) words.insert(words.end(), {"--limit", std::to_string(sizes.training)});
  steps.add_data(words);
  steps.train("train-rcnn", "training the paper's network", words, {}, out);
  return out;
}

/// A classifier that computes with squares alone, as the embedding is to.
fs::path trained_trunk(const ReproduceOptions& o, RcnnSteps& steps) {
  const RcnnSizes sizes = rcnn_sizes(o);
  const fs::path out = o.out / "models" / kTrunkFile;
  Words words = {"train", "--model", "obscura-m", "--dataset", rcnn_dataset(o), "--out", out.string()};
  if (o.quick) {
    words.insert(words.end(), {"--epochs", std::to_string(sizes.epochs), "--limit", std::to_string(sizes.training)});
  }
  steps.add_data(words);
  steps.train("train-trunk", "training a classifier whose features are embedded", words, {}, out);
  return out;
}

fs::path trained_embedding(const ReproduceOptions& o, RcnnSteps& steps, const fs::path& trunk) {
  const fs::path out = o.out / "models" / kEmbeddingFile;
  Words words = {"train",     "--model",       "embed", "--trunk",   trunk.string(),
                 "--dataset", rcnn_dataset(o), "--out", out.string()};
  if (const RcnnSizes sizes = rcnn_sizes(o); sizes.training != 0) {
    words.insert(words.end(), {"--limit", std::to_string(sizes.training)});
  }
  steps.add_data(words);
  steps.train("train-embed", "training an embedding", words, {trunk}, out);
  return out;
}

ordered_json test_of(const ReproduceOptions& o, RcnnSteps& steps, const fs::path& file) {
  EvaluationRequest request;
  request.network = file.string(), request.dataset = rcnn_dataset(o), request.data = o.data;
  request.limit = rcnn_sizes(o).tests;
  const Words words = {"test", file.string(), request.dataset, o.data.string(), std::to_string(request.limit)};
  return steps.timed("test-rcnn", "classifying the test pictures", "", words, {file}, {},
                     [&](const fs::path&) { return plain_run_json(prepare_plain(request)); });
}

/// Puts what goes wrong into the network.
template <typename Make>
report::RcnnNetwork made(report::RcnnNetwork network, RcnnSteps& steps, const Make& make) {
  try {
    make(network);
  } catch (const Error& e) {
    network.problem = e.what();
    steps.tell(network.title, network.problem);
  }
  return network;
}

}  // namespace

report::RcnnNetwork rcnn_network(const ReproduceOptions& o, RcnnSteps& steps) {
  report::RcnnNetwork network;
  network.key = "rcnn", network.title = "the paper's network", network.model = "rcnn";
  return made(network, steps, [&](report::RcnnNetwork& out) {
    out.summary = train::model_summary(out.model);
    fs::path file = o.epochs == 0 ? shipped_file(o, kClassifierFile) : fs::path();
    out.trained = file.empty();
    if (file.empty()) file = trained_classifier(o, steps);
    describe(out, file);
    out.test = test_of(o, steps, file);
  });
}

report::RcnnNetwork embedding_network(const ReproduceOptions& o, RcnnSteps& steps) {
  report::RcnnNetwork network;
  network.key = "embed", network.title = "our embedding", network.model = "embed";
  return made(network, steps, [&](report::RcnnNetwork& out) {
    out.summary = "64 numbers, a linear map of what enters the last dense layer of obscura-m";
    fs::path file = shipped_file(o, kEmbeddingFile);
    out.trained = file.empty();
    if (file.empty()) {
      const fs::path trunk = shipped_file(o, kTrunkFile);
      file = trained_embedding(o, steps, trunk.empty() ? trained_trunk(o, steps) : trunk);
    }
    describe(out, file);
  });
}

}  // namespace obscura::study
