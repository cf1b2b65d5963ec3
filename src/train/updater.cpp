#include "train/updater.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "base/bytes.h"

namespace obscura::train {
namespace {

using torch::optim::OptimizerParamGroup;

constexpr double kMomentum = 0.9;
constexpr double kMomentumBesideMuon = 0.85;

std::unique_ptr<torch::optim::Optimizer> beside_muon(const Recipe& r, const ParameterGroups& groups) {
  const auto options = torch::optim::SGDOptions(r.learning_rate).momentum(kMomentumBesideMuon).nesterov(true);
  auto decayed = options;
  decayed.weight_decay(r.weight_decay);
  std::vector<OptimizerParamGroup> all;
  all.emplace_back(groups.dense, std::make_unique<torch::optim::SGDOptions>(decayed));
  all.emplace_back(groups.rest, std::make_unique<torch::optim::SGDOptions>(options));
  return std::make_unique<torch::optim::SGD>(all, options);
}

std::unique_ptr<torch::optim::Optimizer> make_base(const Recipe& r, const Network& network) {
  using namespace torch::optim;
  const auto parameters = network.parameters();
  switch (r.optimiser) {
    case Optimiser::adam:
      return std::make_unique<Adam>(parameters, AdamOptions(r.learning_rate).weight_decay(r.weight_decay));
    case Optimiser::adamw:
      return std::make_unique<AdamW>(parameters, AdamWOptions(r.learning_rate).weight_decay(r.weight_decay));
    case Optimiser::rmsprop:
      return std::make_unique<RMSprop>(parameters, RMSpropOptions(r.learning_rate).weight_decay(r.weight_decay));
    case Optimiser::muon:
      return beside_muon(r, network.groups());
    case Optimiser::sgd:
      break;
  }
  return std::make_unique<SGD>(
      parameters, SGDOptions(r.learning_rate).momentum(kMomentum).nesterov(true).weight_decay(r.weight_decay));
}

template <typename Archived>
std::string archived(const Archived& value) {
  std::ostringstream out;
  torch::save(value, out);
  return out.str();
}

template <typename Archived>
void unarchive(Archived& value, const std::string& bytes) {
  std::istringstream in(bytes);
  torch::load(value, in);
}

}  // namespace

Updater::Updater(const Recipe& recipe, const Network& network)
    : recipe_(recipe), parameters_(network.parameters()), base_(make_base(recipe, network)) {
  if (recipe.optimiser == Optimiser::muon) muon_ = std::make_shared<Muon>(network.groups().convolutions);
}

void Updater::zero_gradients() {
  for (auto& parameter : parameters_) {
    if (parameter.grad().defined()) parameter.mutable_grad().zero_();
  }
}

bool Updater::step(double share) {
  const double limit = recipe_.clip_norm > 0 ? recipe_.clip_norm : std::numeric_limits<double>::infinity();
  if (!std::isfinite(torch::nn::utils::clip_grad_norm_(parameters_, limit))) return false;
  for (auto& group : base_->param_groups()) group.options().set_lr(recipe_.learning_rate * share);
  base_->step();
  if (muon_) muon_->step(recipe_.muon_rate * share);
  return true;
}

std::string Updater::archive() const {
  const std::string base = archived(*base_);
  if (!muon_) return base;
  const std::string muon = archived(muon_);
  ByteWriter out;
  for (const std::string* part : {&base, &muon}) {
    out.u64(part->size());
    out.raw({reinterpret_cast<const std::uint8_t*>(part->data()), part->size()});
  }
  return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
}

void Updater::restore(const std::string& bytes) {
  if (!muon_) {
    unarchive(*base_, bytes);
    return;
  }
  ByteReader in({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "checkpoint");
  const auto part = [&in] {
    const std::uint64_t size = in.u64();
    if (size > in.left()) in.fail("is truncated");
    const auto raw = in.raw(static_cast<std::size_t>(size));
    return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
  };
  unarchive(*base_, part());
  unarchive(muon_, part());
}

}  // namespace obscura::train
