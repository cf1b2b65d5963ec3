#include "train/updater.h"

#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "train/archive.h"

namespace obscura::train {
namespace {

constexpr double kMomentum = 0.9;
constexpr double kMomentumBesideMuon = 0.85;

template <typename Optimizer, typename Options>
std::unique_ptr<torch::optim::Optimizer> make(const Options& base, const UpdateGroups& groups) {
  std::vector<torch::optim::OptimizerParamGroup> all;
  for (const UpdateGroup& group : groups.stepped) {
    auto options = std::make_unique<Options>(base);
    if (!group.decayed) options->weight_decay(0);
    all.emplace_back(group.parameters, std::move(options));
  }
  return std::make_unique<Optimizer>(all, base);
}

std::unique_ptr<torch::optim::Optimizer> make_base(const Recipe& r, const UpdateGroups& groups) {
  using namespace torch::optim;
  switch (r.optimiser) {
    case Optimiser::adam:
      return make<Adam>(AdamOptions(r.learning_rate).weight_decay(r.weight_decay), groups);
    case Optimiser::adamw:
      return make<AdamW>(AdamWOptions(r.learning_rate).weight_decay(r.weight_decay), groups);
    case Optimiser::rmsprop:
      return make<RMSprop>(RMSpropOptions(r.learning_rate).weight_decay(r.weight_decay), groups);
    case Optimiser::muon:
    case Optimiser::sgd:
      break;
  }
  const double momentum = r.optimiser == Optimiser::muon ? kMomentumBesideMuon : kMomentum;
  return make<SGD>(SGDOptions(r.learning_rate).momentum(momentum).nesterov(true).weight_decay(r.weight_decay), groups);
}

}  // namespace

UpdateGroups update_groups(const Recipe& recipe, const Network& network) {
  if (recipe.optimiser != Optimiser::muon) return {{{network.parameters(), 1, true}}, {}};
  const auto parts = network.groups();
  return {{{parts.dense, 1, true}, {parts.rest, 1, false}}, parts.convolutions};
}

Updater::Updater(const Recipe& recipe, const UpdateGroups& groups)
    : recipe_(recipe), groups_(groups), base_(make_base(recipe, groups)) {
  for (const UpdateGroup& group : groups.stepped) {
    parameters_.insert(parameters_.end(), group.parameters.begin(), group.parameters.end());
  }
  parameters_.insert(parameters_.end(), groups.orthogonal.begin(), groups.orthogonal.end());
  if (recipe.optimiser == Optimiser::muon) muon_ = std::make_shared<Muon>(groups.orthogonal);
}

void Updater::zero_gradients() {
  for (auto& parameter : parameters_) {
    if (parameter.grad().defined()) parameter.mutable_grad().zero_();
  }
}

bool Updater::step(double share) {
  const double limit = recipe_.clip_norm > 0 ? recipe_.clip_norm : std::numeric_limits<double>::infinity();
  if (!std::isfinite(torch::nn::utils::clip_grad_norm_(parameters_, limit))) return false;
  auto& stepped = base_->param_groups();
  for (std::size_t i = 0; i < stepped.size(); ++i) {
    stepped[i].options().set_lr(recipe_.learning_rate * share * groups_.stepped[i].rate);
  }
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
  const torch::Device device = parameters_.empty() ? torch::Device(torch::kCPU) : parameters_.front().device();
  if (!muon_) {
    unarchive(*base_, bytes, device);
    return;
  }
  ByteReader in({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "checkpoint");
  const auto part = [&in] {
    const std::uint64_t size = in.u64();
    if (size > in.left()) in.fail("is truncated");
    const auto raw = in.raw(static_cast<std::size_t>(size));
    return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
  };
  unarchive(*base_, part(), device);
  unarchive(muon_, part(), device);
}

}  // namespace obscura::train
