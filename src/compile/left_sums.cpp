#include "compile/left_sums.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "compile/magnitudes.h"
#include "program/slot_map.h"

namespace obscura::compile {
namespace {

using program::Layout;
using program::PackedStage;
using Slots = std::vector<double>;
using Values = std::vector<std::vector<double>>;

void add_rotated(Slots& y, const Slots& x, std::size_t step) {
  for (std::size_t s = 0; s < y.size(); ++s) y[s] += x[(s + step) % x.size()];
}

Slots laid_out(const Layout& layout, const std::vector<double>& values, std::size_t places) {
  Slots x(places, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const std::uint32_t place : layout.places_of(i)) {
      for (std::size_t s = place; s < places; s += layout.period) x[s] = values[i];
    }
  }
  return x;
}

/// What stands in every place behind the sums of a stage whose terms are a ciphertext each.
class Sums {
 public:
  Sums(const PackedStage& stage, std::size_t places) : stage_(stage), places_(places) {
    program::Placement placement{{}, stage.output.get(), stage.unfolded, places};
    for (const auto& input : stage.inputs) placement.inputs.push_back({input.layout.get(), input.copies});
    const program::SlotMap map(stage.stage, placement);
    entries_ = map.entries();
    fold_ = map.fold();
    bias_ = map.bias().front();
  }

  Slots of(const Values& values) const {
    std::vector<Slots> inputs;
    for (std::size_t k = 0; k < stage_.inputs.size(); ++k) {
      inputs.push_back(laid_out(*stage_.inputs[k].layout, values[stage_.stage.terms[k].value], places_));
    }
    Slots y(places_, 0), diagonal(places_);
    for (const auto& offset : entries_.offsets) {
      entries_.fill(offset, diagonal);
      const Slots& x = inputs[offset.input];
      for (std::size_t s = 0; s < places_; ++s) {
        y[s] += diagonal[s] * x[(s + static_cast<std::size_t>(offset.offset)) % places_];
      }
    }
    for (const std::int64_t step : fold_) add_rotated(y, Slots(y), static_cast<std::size_t>(step));
    for (std::size_t s = 0; s < places_; ++s) y[s] += bias_[s];
    return y;
  }

 private:
  const PackedStage& stage_;
  std::size_t places_;
  program::SlotMap::Entries entries_;
  std::vector<std::int64_t> fold_;
  Slots bias_;
};

/// Largest size and sum of fourth powers.
struct Seen {
  double peak = 0, fourth = 0;
  void see(double v) {
    peak = std::max(peak, std::abs(v));
    fourth += v * v * v * v;
  }
};

}  // namespace

LeftSums LeftSums::with_room() const {
  constexpr double kUnlike = 1.5;
  return {std::max(1.0, kUnlike * peak), std::max(1.0, std::pow(kUnlike, 4) * energy)};
}

LeftSums left_sums(const program::Program& program, std::size_t stage) {
  const PackedStage& of = program.packed[stage];
  const std::size_t gap = of.output->gap;
  if (gap == 1) return {};
  const Sums sums(of, program.client.slots() / of.width);
  Seen results, left;
  bool any = false;
  for (auto& image : made_up_samples(program.input())) {
    Values values{std::move(image)};
    for (std::size_t i = 0; i < stage; ++i) values.push_back(run_stage(program.packed[i].stage, values));
    const Slots y = sums.of(values);
    // Polynomials that were fitted to other images may be beyond all numbers here.
    constexpr double kSensible = 1e30;
    if (!std::ranges::all_of(y, [](double v) { return std::abs(v) < kSensible; })) continue;
    any = true;
    const std::size_t used = of.output->position.size() * gap;
    for (std::size_t s = 0; s < used; ++s) (s % gap == 0 ? results : left).see(y[s]);
  }
  if (!any) return LeftSums::most();
  return {left.peak / std::max(results.peak, 1e-12),
          left.fourth / static_cast<double>(gap - 1) / std::max(results.fourth, 1e-48)};
}

double left_error(const program::Program& program, double weight) {
  if (program.packed.empty()) return 0;
  const PackedStage& last = program.packed.back();
  double squares = 0;
  for (std::size_t k = 0; k < last.inputs.size(); ++k) {
    if (last.inputs[k].layout->gap == 1) continue;
    const double slot = weight / last.scales.weights[k];
    squares += slot * slot * left_sums(program, last.stage.terms[k].value - 1).energy;
  }
  const auto slots = static_cast<double>(program.client.reply_gap);
  return program.client.output_factor * std::sqrt(squares * static_cast<double>(last.diagonals()) / slots);
}

}  // namespace obscura::compile
