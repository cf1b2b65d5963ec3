#include <sodium.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "message/client_wire.h"
#include "program/compressed.h"
#include "program/map_wire.h"
#include "program/program_wire.h"
#include "program/program_wire_parts.h"

namespace obscura::program {
namespace {

using Groups = std::vector<std::vector<std::int64_t>>;
using LayoutPtr = std::shared_ptr<const Layout>;

void put_count(ByteWriter& w, std::size_t count) {
  w.u32(static_cast<std::uint32_t>(count));
}

void put_steps(ByteWriter& w, const std::vector<std::int64_t>& steps) {
  put_count(w, steps.size());
  for (const std::int64_t step : steps) w.u64(static_cast<std::uint64_t>(step));
}

void put_groups(ByteWriter& w, const Groups& groups) {
  put_count(w, groups.size());
  for (const auto& group : groups) put_steps(w, group);
}

void put_shape(ByteWriter& w, const Shape& shape) {
  for (const std::size_t side : {shape.channels, shape.height, shape.width}) put_count(w, side);
}

/// Layouts that stages share are written once, in the order of their first use; two that are equal are one.
class Layouts {
 public:
  explicit Layouts(const Program& program) {
    for (const PackedStage& stage : program.packed) {
      add(stage.output);
      for (const auto& input : stage.inputs) add(input.layout);
    }
  }

  std::size_t number(const LayoutPtr& layout) const { return number_.at(layout.get()); }

  void put(ByteWriter& w) const {
    put_count(w, list_.size());
    for (const Layout* layout : list_) {
      put_count(w, layout->period);
      w.u8(layout->clean ? 1 : 0);
      put_count(w, layout->gap);
      put_count(w, layout->position.size());
      std::uint32_t before = 0;
      for (const std::uint32_t place : layout->position) w.u32(place - before), before = place;
      put_count(w, layout->windows ? layout->windows->aligned : 0);
      if (layout->windows) put_windows(w, *layout->windows);
    }
  }

 private:
  static void put_windows(ByteWriter& w, const Windows& windows) {
    for (const auto& list : {windows.begin, windows.places}) {
      put_count(w, list.size());
      for (const std::uint32_t v : list) w.u32(v);
    }
  }

  void add(const LayoutPtr& layout) {
    if (number_.contains(layout.get())) return;
    const auto same = std::ranges::find_if(list_, [&](const Layout* other) { return other->same_places(*layout); });
    number_[layout.get()] = static_cast<std::size_t>(same - list_.begin());
    if (same == list_.end()) list_.push_back(layout.get());
  }

  std::vector<const Layout*> list_;
  std::map<const Layout*, std::size_t> number_;
};

void put_plan(ByteWriter& w, const circuits::BlockPlan& plan) {
  put_count(w, plan.outputs);
  put_count(w, plan.inputs);
  put_steps(w, plan.babies);
  put_steps(w, plan.giants);
  put_count(w, plan.terms.size());
  for (const auto& t : plan.terms) {
    for (const std::size_t number : {t.output, t.giant, t.input, t.baby}) put_count(w, number);
    w.u64(static_cast<std::uint64_t>(t.offset));
  }
}

circuits::BlockPlan blocks_of(const circuits::LinearPlan& plan) {
  circuits::BlockPlan blocks;
  blocks.babies = plan.babies;
  blocks.giants = plan.giants;
  for (const auto& t : plan.terms) blocks.terms.push_back({0, t.giant, 0, t.baby, t.offset});
  return blocks;
}

void put_stage(ByteWriter& w, const Stage& stage, const StageSchedule& s, const StageScales& scales) {
  w.text(stage.name.substr(0, 4096));
  put_shape(w, stage.output);
  w.u8(static_cast<std::uint8_t>(stage.activation));
  w.u8(static_cast<std::uint8_t>(stage.basis));
  put_count(w, stage.coefficients.size());
  for (const auto& row : stage.coefficients) {
    put_count(w, row.size());
    for (const double c : row) w.f64(c);
  }
  put_count(w, s.limbs);
  w.f64(s.weight_bits);
  put_count(w, s.rescales_after_map);
  put_count(w, s.activation_limbs);
  w.u8(s.relinearize_after_rescale ? 1 : 0);
  put_count(w, s.rescales_after_activation);
  put_count(w, scales.weights.size());
  for (const double scale : scales.weights) w.f64(scale);
  w.f64(scales.after_map);
  w.f64(scales.after_activation);
  put_count(w, stage.terms.size());
  for (const Term& term : stage.terms) {
    put_count(w, term.value);
    put_shape(w, term.input);
    put_map(w, term.map);
  }
}

void put_packed(ByteWriter& w, const PackedStage& stage, const Layouts& layouts) {
  w.text(stage.layout);
  put_count(w, layouts.number(stage.output));
  w.u8(stage.unfolded ? 1 : 0);
  w.f64(stage.microseconds);
  w.f64(stage.key_megabytes);
  for (const auto& input : stage.inputs) {
    put_count(w, layouts.number(input.layout));
    put_count(w, input.copies);
    put_groups(w, input.spread);
  }
  put_groups(w, stage.fold);
  const bool hoisted = stage.method == PackedStage::Method::hoisted;
  w.u8(hoisted ? 0 : 1);
  put_plan(w, hoisted ? blocks_of(stage.hoisted) : stage.blocks);
}

}  // namespace

ckks::Bytes write_body(const Program& program) {
  message::ClientSpec client = program.client;
  client.program = {};
  client.key = {};
  const auto client_file = message::write_client_spec(client);
  ByteWriter w;
  put_count(w, client_file.size());
  w.raw(client_file);
  w.f64(program.schedule.input_bits);
  w.f64(program.schedule.logit_error);
  w.f64(program.schedule.noise);
  w.f64(program.microseconds);
  put_count(w, program.schedule.reasons.size());
  for (const auto& reason : program.schedule.reasons) w.text(reason);
  w.u8(!program.merge ? 0 : program.merge->kind == Merge::Kind::sum ? 1 : 2);
  if (program.merge) {
    put_count(w, program.merge->value);
    put_count(w, program.merge->count);
  }
  w.u8(program.arrangement ? 1 : 0);
  if (program.arrangement) {
    put_shape(w, program.arrangement->shape);
    put_count(w, program.arrangement->source.size());
    for (const std::uint32_t from : program.arrangement->source) w.u32(from);
  }
  const Layouts layouts(program);
  layouts.put(w);
  put_count(w, program.packed.size() + program.batched.size());
  for (const PackedStage& stage : program.packed) {
    put_stage(w, stage.stage, stage.schedule, stage.scales);
    put_packed(w, stage, layouts);
  }
  for (const BatchedStage& stage : program.batched) {
    put_stage(w, stage.stage, stage.schedule, stage.scales);
    w.u8(stage.relinearize_before_map ? 1 : 0);
  }
  return w.take();
}

ckks::Digest name_of(ckks::ByteSpan body) {
  constexpr std::string_view kName = "obscura program 6";
  crypto_generichash_state state;
  ckks::Digest digest{};
  crypto_generichash_init(&state, nullptr, 0, digest.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(kName.data()), kName.size());
  crypto_generichash_update(&state, body.data(), body.size());
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

ckks::Digest digest_of(const Program& program) {
  return name_of(write_body(program));
}

ckks::Bytes write_program(const Program& program) {
  ByteWriter w;
  w.u8(kProgramVersion);
  w.raw(compress(write_body(program)));
  return ckks::seal_envelope(ckks::Kind::program, ckks::digest_of(program.client.parameters), w.bytes());
}

}  // namespace obscura::program
