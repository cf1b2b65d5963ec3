#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "compile/compile.h"
#include "program/slot_map.h"

/// A packed program on numbers in the clear, slot by slot and plan by plan, as owner and runner do it on ciphertexts:
/// quick enough for images of any size.
namespace obscura::compile::testing {

using Slots = std::vector<double>;
using Tensor = std::vector<Slots>;  // ciphertext by ciphertext

class ClearRun {
 public:
  explicit ClearRun(const Program& program)
      : program_(program), slots_(program.client.slots()), images_(program.client.images), places_(slots_ / images_) {}

  /// Logits of every image; at most program.client.images of them.
  std::vector<std::vector<double>> run(const std::vector<std::vector<float>>& inputs) const {
    std::vector<Tensor> values{query(inputs)};
    for (const PackedStage& stage : program_.packed) values.push_back(of_stage(stage, values));
    EXPECT_EQ(values.back().size(), program_.client.replies());
    std::vector<std::vector<double>> logits;
    for (std::size_t k = 0; k < inputs.size(); ++k) logits.push_back(read(values.back(), k));
    return logits;
  }

 private:
  Tensor query(const std::vector<std::vector<float>>& inputs) const {
    const ClientSpec& client = program_.client;
    Tensor x(client.queries(), Slots(slots_, 0));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      for (std::size_t i = 0; i < client.unit().size(); ++i) {
        for (const std::uint32_t place : client.places_of(i)) {
          for (std::size_t p = place; p < std::max(client.period, places_); p += client.period) {
            const std::size_t at = p * images_ + k;
            x.at(at / slots_)[at % slots_] = static_cast<double>(inputs[k][i]);
          }
        }
      }
    }
    return x;
  }

  void add_rotated(Slots& sum, const Slots& x, std::int64_t step) const {
    const std::size_t shift = static_cast<std::size_t>(step + static_cast<std::int64_t>(4 * slots_)) % slots_;
    for (std::size_t s = 0; s < slots_; ++s) sum[s] += x[(s + shift) % slots_];
  }
  /// x += sum of its rotations by one group of steps after the other.
  void rotation_sums(Slots& x, const std::vector<std::vector<std::int64_t>>& groups) const {
    for (const auto& group : groups) {
      const Slots before = x;
      for (const auto step : group) add_rotated(x, before, step);
    }
  }

  Tensor of_stage(const PackedStage& stage, const std::vector<Tensor>& values) const {
    Placement placement{{}, stage.output.get(), stage.unfolded, places_};
    Tensor inputs;
    for (std::size_t k = 0; k < stage.inputs.size(); ++k) {
      const auto& input = stage.inputs[k];
      placement.inputs.push_back({input.layout.get(), input.copies});
      const Tensor& value = values[stage.stage.terms[k].value];
      EXPECT_EQ(value.size(), input.layout->ciphertexts(places_));
      for (Slots x : value) {
        rotation_sums(x, input.spread);
        inputs.push_back(std::move(x));
      }
    }
    const SlotMap map(stage.stage, placement);
    Tensor y = multiplied(stage, map.entries(), inputs);
    const auto bias = map.bias();
    EXPECT_EQ(bias.size(), y.size());
    for (std::size_t o = 0; o < y.size(); ++o) {
      rotation_sums(y[o], stage.fold);
      for (std::size_t s = 0; s < slots_; ++s) y[o][s] += bias[o][s / images_];
      activate(stage, o, y[o]);
    }
    return y;
  }

  Tensor multiplied(const PackedStage& stage, const SlotMap::Entries& entries, const Tensor& inputs) const {
    const bool hoisted = stage.method == PackedStage::Method::hoisted;
    EXPECT_EQ(inputs.size(), hoisted ? 1 : stage.blocks.inputs);
    EXPECT_EQ(entries.offsets.size(), stage.diagonals());
    Tensor y(hoisted ? 1 : stage.blocks.outputs, Slots(slots_, 0));
    const auto add = [&](std::size_t output, std::size_t input, std::int64_t offset) {
      const auto n = static_cast<std::int64_t>(slots_);
      const std::size_t shift = static_cast<std::size_t>((offset % n + n) % n);
      Slots diagonal(places_);
      entries.fill({output, input, static_cast<std::int64_t>(shift / images_)}, diagonal);
      const Slots& x = inputs.at(input);
      for (std::size_t s = 0; s < slots_; ++s) y.at(output)[s] += diagonal[s / images_] * x[(s + shift) % slots_];
    };
    if (hoisted) {
      for (const auto& t : stage.hoisted.terms) add(0, 0, stage.hoisted.giants[t.giant] + stage.hoisted.babies[t.baby]);
    } else {
      for (const auto& t : stage.blocks.terms) {
        add(t.output, t.input, stage.blocks.giants[t.giant] + stage.blocks.babies[t.baby]);
      }
    }
    return y;
  }

  /// On every slot, also on those that hold no value.
  void activate(const PackedStage& stage, std::size_t ciphertext, Slots& x) const {
    if (stage.stage.activation == Stage::Activation::none) return;
    // apply_activation takes a tensor: one of a single plane for each channel.
    const std::size_t plane = stage.stage.output.height * stage.stage.output.width;
    std::vector<std::size_t> channel(slots_, 0);
    for (std::size_t i = 0; i < stage.output->position.size(); ++i) {
      if (stage.output->position[i] / places_ != ciphertext) continue;
      const std::size_t period = std::min(stage.output->period, places_);
      for (std::size_t p = stage.output->position[i] % places_; p < places_; p += period) {
        std::fill_n(channel.begin() + static_cast<std::ptrdiff_t>(p * images_), images_, i / plane);
      }
    }
    Stage one;
    one.output = {1, 1, 1};
    one.activation = stage.stage.activation;
    one.basis = stage.stage.basis;
    for (std::size_t s = 0; s < slots_; ++s) {
      if (!stage.stage.coefficients.empty()) {
        const auto& rows = stage.stage.coefficients;
        one.coefficients = {rows[rows.size() == 1 ? 0 : channel[s]]};
      }
      std::vector<double> value{x[s]};
      apply_activation(one, value);
      x[s] = value[0];
    }
  }

  /// What the owner reads: the average over all repetitions.
  std::vector<double> read(const Tensor& replies, std::size_t image) const {
    const ClientSpec& client = program_.client;
    const std::size_t period = client.reply_places();
    std::vector<double> logits;
    for (const std::uint32_t slot : client.output_slots) {
      const Slots& y = replies.at(slot / period);
      double sum = 0;
      for (std::size_t p = slot % period; p < places_; p += period) sum += y[p * images_ + image];
      logits.push_back(client.output_factor * sum * static_cast<double>(period) / static_cast<double>(places_));
    }
    return logits;
  }

  const Program& program_;
  std::size_t slots_, images_, places_;
};

}  // namespace obscura::compile::testing
