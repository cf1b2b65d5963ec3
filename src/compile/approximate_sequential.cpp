#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "compile/approximate_fit.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

/// Values that one polynomial is fitted on.
constexpr std::size_t kTargets = 16384;

using Outputs = std::vector<std::vector<double>>;  // of one image, by node

/// The exact network and the fitted one as far as it is, side by side on all samples.
class Lockstep {
 public:
  Lockstep(const nn::Graph& graph, const std::vector<std::vector<float>>& samples, const FitOptions& options,
           ThreadPool* pool)
      : graph_(graph), options_(options), pool_(pool), place_(graph.nodes.size(), 0), last_use_(graph.nodes.size(), 0) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const std::size_t input : graph.nodes[i].inputs) last_use_[input] = i;
    }
    last_use_.back() = graph.nodes.size();  // the outputs are compared
    fitted_ = nn::without_layers(graph);
    if (options.relu == FitOptions::Relu::composite) sign_ = composite_relu(options.relu_bits);
    for (const auto& sample : samples) {
      exact_.push_back({nn::input_values(graph, sample)});
    }
    replaced_ = exact_;
  }

  void step(std::size_t i, FitReport* report) {
    const nn::Node& node = graph_.nodes[i];
    each([&](std::size_t s) { exact_[s].push_back(nn::run_reference_node(graph_, i, exact_[s])); });
    std::vector<std::size_t> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(place_[input]);
    if (const auto* activation = std::get_if<nn::Activation>(&node.layer)) {
      place_[i] = replace(i, *activation, inputs[0], report);
    } else {
      place_[i] = nn::add_node(fitted_, node.name, node.layer, std::move(inputs));
    }
    each([&](std::size_t s) {
      for (std::size_t n = replaced_[s].size(); n <= place_[i]; ++n) {
        replaced_[s].push_back(nn::run_reference_node(fitted_, n, replaced_[s]));
      }
    });
    check_finite(i);
    forget(i);
  }

  nn::Graph finish() {
    for (std::size_t s = 0; s < exact_.size(); ++s) {
      const auto &exact = exact_[s].back(), &replaced = replaced_[s][place_.back()];
      for (std::size_t k = 0; k < exact.size(); ++k) {
        fitted_.origin.fit_error = std::max(fitted_.origin.fit_error, std::abs(exact[k] - replaced[k]));
      }
    }
    return std::move(fitted_);
  }

 private:
  template <typename Body>
  void each(const Body& body) {
    if (pool_ != nullptr) return pool_->parallel_for(exact_.size(), body);
    for (std::size_t s = 0; s < exact_.size(); ++s) body(s);
  }

  /// Fits the activation and appends its polynomials; returns the last one's node.
  std::size_t replace(std::size_t i, const nn::Activation& activation, std::size_t input, FitReport* report) {
    if (is_composite(activation, options_)) return replace_by_composite(i, activation, input, report);
    const nn::Node& node = graph_.nodes[i];
    const std::size_t all = node.shape.size();
    auto [layer, fit] = fit_layer(node, activation, seen(i, 0, all), targets(i, 0, all), options_);
    layer.input = input;
    std::vector<Approximation> fits{std::move(fit)};
    if (options_.channelwise) {
      const std::size_t plane = node.shape.height * node.shape.width;
      std::vector<Range> ranges;
      std::vector<std::vector<Target>> drawn;
      for (std::size_t first = 0; first < all; first += plane) {
        ranges.push_back(seen(i, first, plane));
        drawn.push_back(targets(i, first, plane));
      }
      fits = fit_channels(activation, ranges, drawn, options_, layer);
    }
    if (report != nullptr) report->layers.push_back(std::move(layer));
    return append_fit(fitted_, node.name, fits, input);
  }

  /// The same with a composite, whose polynomials do not depend on the samples: only the ranges do.
  std::size_t replace_by_composite(std::size_t i, const nn::Activation& activation, std::size_t input,
                                   FitReport* report) {
    const nn::Node& node = graph_.nodes[i];
    const std::size_t all = node.shape.size();
    const std::size_t part = options_.channelwise ? node.shape.height * node.shape.width : all;
    std::vector<Range> ranges;
    std::vector<std::vector<Target>> drawn;
    for (std::size_t first = 0; first < all; first += part) {
      ranges.push_back(seen(i, first, part));
      drawn.push_back(targets(i, first, part));
    }
    FittedLayer layer = composite_layer(node, activation, ranges, drawn, sign_, options_);
    layer.input = input;
    const std::size_t last = append_composite(fitted_, activation, layer, sign_, input);
    if (report != nullptr) report->layers.push_back(std::move(layer));
    return last;
  }

  /// The range of `count` inputs of an activation in both networks, from `first` on, each end without the options'
  /// tail.
  Range seen(std::size_t i, std::size_t first, std::size_t count) const {
    const std::size_t input = graph_.nodes[i].inputs[0];
    std::vector<double> values;
    for (std::size_t s = 0; s < exact_.size(); ++s) {
      for (const auto* image : {&exact_[s][input], &replaced_[s][place_[input]]}) {
        const std::span<const double> part(image->data() + first, count);
        if (options_.tail > 0) {
          values.insert(values.end(), part.begin(), part.end());
          continue;
        }
        const auto [low, high] = std::ranges::minmax(part);
        values.push_back(low);
        values.push_back(high);
      }
    }
    const auto cut = static_cast<std::size_t>(options_.tail * static_cast<double>(values.size() - 1));
    std::ranges::sort(values);
    return {values[cut], values[values.size() - 1 - cut]};
  }

  /// What the fitted network hands to `count` inputs of an activation from `first` on, and what the exact one makes of
  /// its own: evenly drawn.
  std::vector<Target> targets(std::size_t i, std::size_t first, std::size_t count) const {
    const std::size_t input = graph_.nodes[i].inputs[0];
    const std::size_t total = count * exact_.size();
    const std::size_t step = std::max<std::size_t>(1, total / kTargets) | 1;  // odd: even sides are not hit in a grid
    std::vector<Target> drawn;
    for (std::size_t at = 0; at < total; at += step) {
      const std::size_t sample = at / count, place = first + at % count;
      drawn.push_back({replaced_[sample][place_[input]][place], exact_[sample][i][place]});
    }
    return drawn;
  }

  void check_finite(std::size_t i) const {
    for (std::size_t s = 0; s < exact_.size(); ++s) {
      for (const auto* values : {&exact_[s][i], &replaced_[s][place_[i]]}) {
        if (std::ranges::all_of(*values, [](double v) { return std::isfinite(v); })) continue;
        throw UnsupportedError("layer " + graph_.nodes[i].name + " (" + layer_name(graph_.nodes[i].layer) +
                               ") gives values that are not finite on sample images");
      }
    }
  }

  /// Drops what no later node reads.
  void forget(std::size_t i) {
    for (std::size_t n = 0; n <= i; ++n) {
      if (last_use_[n] > i) continue;
      for (std::size_t s = 0; s < exact_.size(); ++s) {
        exact_[s][n] = {};
        replaced_[s][place_[n]] = {};
      }
    }
    // Between an activation's input and what it became: its range, and the polynomials of a composite.
    if (!std::holds_alternative<nn::Activation>(graph_.nodes[i].layer)) return;
    for (auto& outputs : replaced_) {
      for (std::size_t n = place_[i - 1] + 1; n < place_[i]; ++n) outputs[n] = {};
    }
  }

  const nn::Graph& graph_;
  const FitOptions& options_;
  ThreadPool* pool_;
  nn::Graph fitted_;
  CompositeSign sign_;
  std::vector<std::size_t> place_;
  std::vector<std::size_t> last_use_;
  std::vector<Outputs> exact_, replaced_;
};

}  // namespace

nn::Graph fit_activations_in_turn(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                                  const FitOptions& options, FitReport* report, ThreadPool* pool) {
  check_options(options);
  if (samples.empty()) throw MismatchError("activations are fitted on sample images, of which there is none");
  if (report != nullptr) report->layers.clear();
  Lockstep lockstep(graph, samples, options, pool);
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) lockstep.step(i, report);
  return lockstep.finish();
}

}  // namespace obscura::compile
